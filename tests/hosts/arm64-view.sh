#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Within new namespaces: puts the source tree, with the build in it, at its own path among the FILES of arm64, and starts the
# machine that has these files. See start_machine_arm64.
set -euo pipefail
mount -t tmpfs tmpfs "$VIEW"
mkdir "$VIEW/upper" "$VIEW/work" "$VIEW/root"
mount -t overlay -o "lowerdir=$FILES,upperdir=$VIEW/upper,workdir=$VIEW/work" overlay "$VIEW/root"
mkdir -p "$VIEW/root$TREE"
mount --bind "$TREE" "$VIEW/root$TREE"
exec timeout --foreground 4h qemu-system-aarch64 -accel tcg,thread=multi -cpu max,pauth-impdef=on \
  -machine "virt,virtualization=on,gic-version=$VERSION" -smp 2 -m "$MEMORY" \
  -nodefaults -display none -serial stdio -monitor none -no-reboot -device virtio-rng-pci \
  -kernel "$KERNEL/kernel" -initrd "$KERNEL/initrd.gz" -append "console=ttyAMA0 quiet panic=-1" \
  -fsdev "local,id=root,path=$VIEW/root,security_model=none,readonly=on,multidevs=remap" \
  -device virtio-9p-pci,fsdev=root,mount_tag=root \
  -fsdev "local,id=results,path=$RESULTS,security_model=none" -device virtio-9p-pci,fsdev=results,mount_tag=results
