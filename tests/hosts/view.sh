#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Within new namespaces: makes a host's file system out of ROOT, and runs a command in it. See run_in_root.
# shellcheck disable=SC1091,SC2153
set -euo pipefail
. "$(dirname "$0")/common.sh"
# A layer in memory: the root stays as it was made.
mount -t tmpfs -o size=60% tmpfs "$VIEW"
mkdir "$VIEW/upper" "$VIEW/work" "$VIEW/root"
mount -t overlay -o "lowerdir=$ROOT,upperdir=$VIEW/upper,workdir=$VIEW/work" overlay "$VIEW/root"
root=$VIEW/root
mkdir -p "$root/qvm" "$root/results" "$root/ccache"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
own_kvm "$root" "$VIEW/kvm"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --bind "$TREE" "$root/qvm"
mount -o remount,bind,ro "$root/qvm"
mount --bind "$BUILD" "$root/qvm/build"
mount --bind "$RESULTS" "$root/results"
mount --bind "$CCACHE" "$root/ccache"
[ "$NETWORK" = network ] || ip link set lo up
hostname qvm-host 2>/dev/null || true
exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
