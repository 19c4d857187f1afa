#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Makes a small Linux guest out of distribution packages: the kernel of Debian's cloud image package, unpacked and not
# installed, and an initramfs of busybox and init.sh.
#   mk-image.sh DIRECTORY      writes DIRECTORY/vmlinuz and DIRECTORY/initramfs.gz; quick when they are up to date
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ $# -ne 1 ]; then
  echo "usage: ${0##*/} DIRECTORY" >&2
  exit 2
fi
mkdir -p "$1"
directory=$(cd "$1" && pwd)

for tool in busybox cpio gzip dpkg-deb apt-get; do
  command -v "$tool" >/dev/null || { echo "mk-image: $tool is missing: run tools/setup.sh" >&2; exit 1; }
done
busybox=$(command -v busybox)
if ! grep -q -a -F 'BusyBox v' "$busybox" || ldd "$busybox" >/dev/null 2>&1; then
  echo "mk-image: $busybox is not statically linked: install busybox-static" >&2
  exit 1
fi

exec 9>"$directory/.lock"
flock 9
work=$(mktemp -d "$directory/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ ! -s "$directory/vmlinuz" ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
  if [ -z "$package" ]; then
    echo "mk-image: apt knows no linux-image-cloud-amd64: run apt-get update on a Debian system" >&2
    exit 1
  fi
  echo "mk-image: downloading $package"
  (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$package" >"$work/apt.log" 2>&1) || {
    cat "$work/apt.log" >&2
    echo "mk-image: $package could not be downloaded" >&2
    exit 1
  }
  dpkg-deb -x "$work/$package"_*.deb "$work/package"
  mv "$work/package/boot/vmlinuz-"* "$directory/vmlinuz"
fi

if [ ! -s "$directory/initramfs.gz" ] || [ "$here/init.sh" -nt "$directory/initramfs.gz" ] ||
   [ "$busybox" -nt "$directory/initramfs.gz" ]; then
  root=$work/root
  mkdir -p "$root"/{bin,dev,proc,sys}
  cp "$busybox" "$root/bin/busybox"
  install -m 755 "$here/init.sh" "$root/init"
  (cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -1n >"$work/initramfs.gz"
  mv "$work/initramfs.gz" "$directory/initramfs.gz"
fi
