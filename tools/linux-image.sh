#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Makes a small Linux guest out of distribution packages: the kernel of Debian's cloud image package (unpacked, not
# installed) and an initramfs of busybox, the driver, the host programs and what is added. Quick when nothing has changed.
set -euo pipefail
usage="usage: tools/linux-image.sh [--add FILE[:NAME]]... [--module FOLDER]... DIRECTORY
Writes DIRECTORY/vmlinuz and DIRECTORY/initramfs.gz.
  --add FILE[:NAME]   puts FILE into the guest as /bin/NAME
  --module FOLDER     builds the kernel modules that FOLDER/Kbuild names, and puts them into the guest"
fail() { echo "linux-image: $1" >&2; exit 1; }

# Of the kernel's own modules: what qvm can give a guest.
modules=(virtio_pci virtio_blk virtio_net virtio_console virtio-rng virtiofs vmw_vsock_virtio_transport ext4 vfat
  uio_pci_generic)

additions=()
module_folders=("$(dirname "$0")/../guests/linux/driver")
directory=
while [ $# -gt 0 ]; do
  case $1 in
    --add) [ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }; additions+=("$2"); shift 2 ;;
    --module) [ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }; module_folders+=("$2"); shift 2 ;;
    --help) echo "$usage"; exit 0 ;;
    -*) echo "$usage" >&2; exit 2 ;;
    *) [ -z "$directory" ] || { echo "$usage" >&2; exit 2; }; directory=$1; shift ;;
  esac
done
[ -n "$directory" ] || { echo "$usage" >&2; exit 2; }
for one in "${additions[@]}"; do [ -f "${one%%:*}" ] || fail "there is no file '${one%%:*}' to add"; done
for folder in "${module_folders[@]}"; do
  [ -f "$folder/Kbuild" ] || fail "'$folder' is no folder of modules: it has no Kbuild"
done

top=$(cd "$(dirname "$0")/.." && pwd)
guests=$top/guests
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
for tool in busybox cpio gzip dpkg-deb apt-get depmod make gcc g++; do
  PATH=$PATH:/sbin:/usr/sbin command -v "$tool" >/dev/null || fail "$tool is missing: run tools/setup.sh"
done
busybox=$(command -v busybox)
if ! grep -q -a -F 'BusyBox v' "$busybox" || ldd "$busybox" >/dev/null 2>&1; then
  fail "$busybox is not statically linked: install busybox-static"
fi
headers=$(find /usr/src -maxdepth 1 -name 'linux-headers-*-cloud-amd64' | sort -V | tail -n 1)
[ -n "$headers" ] || fail "no kernel headers for the driver: run tools/setup.sh (package linux-headers-cloud-amd64)"
version=${headers##*/linux-headers-}

exec 9>"$directory/.lock"
flock 9
work=$(mktemp -d "$directory/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The kernel of the same version as the headers, for its modules and the driver have to fit.
kernel=$directory/kernel-$version
if [ ! -d "$kernel" ]; then
  package=linux-image-$version
  echo "linux-image: downloading $package"
  (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$package" >"$work/apt.log" 2>&1) || {
    cat "$work/apt.log" >&2
    fail "$package could not be downloaded: run apt-get update; is there a newer linux-headers-cloud-amd64?"
  }
  dpkg-deb -x "$work/$package"_*.deb "$work/package"
  PATH=$PATH:/sbin:/usr/sbin depmod -b "$work/package" "$version"
  mv "$work/package" "$kernel"
fi

# A folder's modules, into $work/modules. The driver's own folder needs its neighbours.
build_modules() {
  local place=$work/build/linux/driver
  rm -rf "$work/build"
  mkdir -p "$work/build/linux" "$work/modules"
  cp -r "$1" "$place"
  cp -r "$guests/linux/include" "$work/build/linux/"
  cp -r "$guests/abi" "$work/build/"
  make -s -C "$headers" M="$place" modules >"$work/make.log" 2>&1 || {
    cat "$work/make.log" >&2
    fail "the modules of $1 could not be built"
  }
  cp "$place"/*.ko "$work/modules/"
}

# NAME of an addition, or its file's.
name_of() { case $1 in *:*) echo "${1##*:}" ;; *) basename "$1" ;; esac; }

fill_root() {
  local root=$1 tree=lib/modules/$version one
  mkdir -p "$root"/{bin,dev,proc,sys,"$tree/extra"}
  cp "$busybox" "$root/bin/busybox"
  install -m 755 "$guests/linux/image/init.sh" "$root/init"
  install -m 755 "$guests/linux/image/show-device.sh" "$root/bin/show-device"
  gcc -std=c99 -D_GNU_SOURCE -O2 -static -s -I"$guests/linux/include" -I"$top/qvm/regions/include" \
    -c "$guests/linux/lib/qvmshm_guest.c" -o "$work/qvmshm.o"
  gcc -std=c99 -D_GNU_SOURCE -O2 -static -s -I"$top/qvm/regions/include" \
    "$guests/host/chat.c" "$work/qvmshm.o" -o "$root/bin/qvm-chat"
  g++ -std=c++20 -D_GNU_SOURCE -O2 -static -s -I"$top" -I"$top/qvm/regions/include" "$guests/host/hello_host.cpp" \
    "$guests/host/path_waiter.cpp" "$guests/hello/conversation.cpp" "$guests/baremetal/format.cpp" "$work/qvmshm.o" \
    -o "$root/bin/hello-host"
  # Dependencies come along; what is built in is no file.
  cp "$kernel/$tree"/modules.{order,builtin,builtin.modinfo} "$root/$tree/" 2>/dev/null || true
  for one in $(PATH=$PATH:/sbin:/usr/sbin modprobe -S "$version" -d "$kernel" -a -D "${modules[@]}" |
               sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u); do
    cp "$one" "$root/$tree/extra/"
  done
  cp "$work/modules"/*.ko "$root/$tree/extra/"
  for one in "${additions[@]}"; do install -m 755 "${one%%:*}" "$root/bin/$(name_of "$one")"; done
  PATH=$PATH:/sbin:/usr/sbin depmod -b "$root" "$version"
}

# Made again when one of its ingredients has changed.
ingredients=("$guests/linux" "$guests/abi" "$guests/host" "$guests/hello" "$guests/baremetal/format.cpp" "$top/qvm/regions/include"
  "${module_folders[@]}")
sum=$(cat "$0" "$busybox" $(find "${ingredients[@]}" -type f | sort) "${additions[@]%%:*}" /dev/null | sha256sum)
sum="${sum%% *} $version ${additions[*]##*/}"
if [ ! -s "$directory/initramfs.gz" ] || [ "$(cat "$directory/.ingredients" 2>/dev/null)" != "$sum" ]; then
  for folder in "${module_folders[@]}"; do build_modules "$folder"; done
  fill_root "$work/root"
  (cd "$work/root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -1n >"$work/initramfs.gz"
  mv "$work/initramfs.gz" "$directory/initramfs.gz"
  cp "$kernel/boot/vmlinuz-$version" "$directory/vmlinuz"
  echo "$sum" >"$directory/.ingredients"
fi
