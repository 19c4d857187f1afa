#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Makes a small Linux guest out of distribution packages: the kernel of Debian's cloud image package (unpacked, not
# installed) and an initramfs of busybox, the driver, the host programs and what is added. Quick when nothing has changed.
set -euo pipefail
usage="usage: tools/linux-image.sh [--arch ARCH] [--add FILE[:NAME]]... [--module FOLDER]... DIRECTORY
Writes DIRECTORY/initramfs.gz and the kernel: DIRECTORY/vmlinuz, for arm64 DIRECTORY/Image.
  --arch ARCH         what the guest's processor is: amd64 (default) or arm64
  --add FILE[:NAME]   puts FILE into the guest as /bin/NAME
  --module FOLDER     builds the kernel modules that FOLDER/Kbuild names, and puts them into the guest"
fail() { echo "linux-image: $1" >&2; exit 1; }

# Of the kernel's own modules: what qvm can give a guest.
modules=(virtio_pci virtio_blk virtio_net virtio_console virtio-rng virtiofs vmw_vsock_virtio_transport ext4 vfat
  uio_pci_generic)

arch=amd64
additions=()
module_folders=("$(dirname "$0")/../guests/linux/driver")
directory=
while [ $# -gt 0 ]; do
  case $1 in
    --arch) [ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }; arch=$2; shift 2 ;;
    --add) [ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }; additions+=("$2"); shift 2 ;;
    --module) [ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }; module_folders+=("$2"); shift 2 ;;
    --help) echo "$usage"; exit 0 ;;
    -*) echo "$usage" >&2; exit 2 ;;
    *) [ -z "$directory" ] || { echo "$usage" >&2; exit 2; }; directory=$1; shift ;;
  esac
done
[ -n "$directory" ] || { echo "$usage" >&2; exit 2; }
case $arch in
  amd64) cross='' kernel_file=vmlinuz ;;
  arm64) cross=aarch64-linux-gnu- kernel_file=Image modules+=(virtio_mmio sp805_wdt) ;;
  *) fail "no image for '$arch': --arch takes amd64 and arm64" ;;
esac
for one in "${additions[@]}"; do [ -f "${one%%:*}" ] || fail "there is no file '${one%%:*}' to add"; done
for folder in "${module_folders[@]}"; do
  [ -f "$folder/Kbuild" ] || fail "'$folder' is no folder of modules: it has no Kbuild"
done

top=$(cd "$(dirname "$0")/.." && pwd)
guests=$top/guests
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
case $arch:$directory in arm64:*[[:space:]:]*)
  fail "'$directory': the makefiles of arm64's kernel, which go there, take no path with blanks or colons" ;;
esac
for tool in busybox cpio gzip xz dpkg-deb apt-get depmod make "${cross}gcc" "${cross}g++"; do
  PATH=$PATH:/sbin:/usr/sbin command -v "$tool" >/dev/null || fail "$tool is missing: run tools/setup.sh"
done
# What the host has for itself, a foreign guest gets from packages.
busybox=$(command -v busybox)
if [ "$arch" = amd64 ] && { ! grep -q -a -F 'BusyBox v' "$busybox" || ldd "$busybox" >/dev/null 2>&1; }; then
  fail "$busybox is not statically linked: install busybox-static"
fi
headers=$(find /usr/src -maxdepth 1 -name 'linux-headers-*-cloud-amd64' | sort -V | tail -n 1)
[ -n "$headers" ] || fail "no kernel headers for the driver: run tools/setup.sh (package linux-headers-cloud-amd64)"
version=${headers##*/linux-headers-}
version=${version%amd64}$arch

exec 9>"$directory/.lock"
flock 9
work=$(mktemp -d "$directory/.work.XXXXXX")
build=
trap 'rm -rf "$work" ${build:+"$build"}' EXIT

# apt for the guest's architecture, with a state of its own: the host's dpkg hears nothing of a foreign one.
apt_get() {
  local foreign=()
  if [ "$arch" != amd64 ]; then
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    touch "$work/apt/status"
    foreign=(-o APT::Architecture="$arch" -o APT::Architectures="$arch" -o Acquire::Languages=none
      -o Dir::State::Lists="$work/apt/lists" -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt/cache")
  fi
  apt-get -q -o APT::Sandbox::User=root "${foreign[@]}" "$@"
}

# The kernel of the same version as the headers, for its modules and the driver have to fit. For a foreign guest
# headers and busybox, too; the programs that build modules, and the headers of all architectures, are the host's.
kernel=$directory/kernel-$version
if [ ! -d "$kernel" ]; then
  packages=("linux-image-$version")
  [ "$arch" = amd64 ] || packages+=("linux-headers-$version" busybox-static)
  echo "linux-image: downloading ${packages[*]}"
  # Which of the host's sources have nothing for a foreign architecture does not matter, as long as one has.
  [ "$arch" = amd64 ] || (apt_get update >"$work/apt.log" 2>&1) || true
  (cd "$work" && apt_get download "${packages[@]}" >>"$work/apt.log" 2>&1) || {
    cat "$work/apt.log" >&2
    remedy='run apt-get update'
    [ "$arch" = amd64 ] || remedy="the sources in /etc/apt have to be reached, and to have $arch"
    fail "${packages[*]} could not be downloaded: $remedy; is there a newer linux-headers-cloud-amd64?"
  }
  for package in "${packages[@]}"; do dpkg-deb -x "$work/$package"_*.deb "$work/package"; done
  # Since Debian 13 the packages have these below /usr only.
  for folder in bin lib; do [ -e "$work/package/$folder" ] || ln -s "usr/$folder" "$work/package/$folder"; done
  PATH=$PATH:/sbin:/usr/sbin depmod -b "$work/package" "$version"
  if [ "$arch" != amd64 ]; then
    mkdir -p "$work/package/usr/lib"
    ln -s "$(dirname "$(readlink -f "$headers/scripts")")" "$work/package/usr/lib/"
  fi
  mv "$work/package" "$kernel"
fi
make_options=()
if [ "$arch" != amd64 ]; then
  headers=$kernel/usr/src/linux-headers-$version
  busybox=$kernel/bin/busybox
  make_options=(CROSS_COMPILE="$cross")
fi

# A folder's modules, into $work/modules. The driver's own folder needs its neighbours. The kernel's makefiles take no
# path with blanks, colons or commas, so they get one without.
build_modules() {
  local place
  build=$(mktemp -d -t qvm-modules.XXXXXX)
  place=$build/linux/driver
  mkdir -p "$build/linux" "$work/modules"
  cp -r "$1" "$place"
  cp -r "$guests/linux/include" "$build/linux/"
  cp -r "$guests/abi" "$build/"
  make -s -C "$headers" M="$place" "${make_options[@]}" modules >"$work/make.log" 2>&1 || {
    cat "$work/make.log" >&2
    fail "the modules of $1 could not be built"
  }
  cp "$place"/*.ko "$work/modules/"
  rm -rf "$build"
}

# NAME of an addition, or its file's.
name_of() { case $1 in *:*) echo "${1##*:}" ;; *) basename "$1" ;; esac; }

fill_root() {
  local root=$1 tree=lib/modules/$version one
  mkdir -p "$root"/{bin,dev,proc,sys,"$tree/extra"}
  cp "$busybox" "$root/bin/busybox"
  install -m 755 "$guests/linux/image/init.sh" "$root/init"
  install -m 755 "$guests/linux/image/show-device.sh" "$root/bin/show-device"
  "${cross}gcc" -std=c99 -D_GNU_SOURCE -O2 -static -s -I"$guests/linux/include" -I"$top/qvm/regions/api/include" \
    -c "$guests/linux/lib/qvmshm_guest.c" -o "$work/qvmshm.o"
  "${cross}gcc" -std=c99 -D_GNU_SOURCE -O2 -static -s -I"$top/qvm/regions/api/include" \
    "$guests/host/chat.c" "$work/qvmshm.o" -o "$root/bin/qvm-chat"
  "${cross}g++" -std=c++20 -D_GNU_SOURCE -O2 -static -s -I"$top" -I"$top/qvm/regions/api/include" "$guests/host/hello_host.cpp" \
    "$guests/host/path_waiter.cpp" "$guests/hello/conversation.cpp" "$guests/baremetal/format.cpp" "$work/qvmshm.o" \
    -o "$root/bin/hello-host"
  # Dependencies come along; what is built in is no file.
  cp "$kernel/$tree"/modules.{order,builtin,builtin.modinfo} "$root/$tree/" 2>/dev/null || true
  while IFS= read -r one; do
    case $one in
      *.xz) xz -dc "$one" >"$root/$tree/extra/$(basename "$one" .xz)" ;;
      *) cp "$one" "$root/$tree/extra/" ;;
    esac
  done < <(PATH=$PATH:/sbin:/usr/sbin modprobe -S "$version" -d "$kernel" -a -D "${modules[@]}" |
    sed -n 's/^insmod \(.*\.ko[.a-z]*\).*/\1/p' | sort -u)
  cp "$work/modules"/*.ko "$root/$tree/extra/"
  for one in "${additions[@]}"; do install -m 755 "${one%%:*}" "$root/bin/$(name_of "$one")"; done
  PATH=$PATH:/sbin:/usr/sbin depmod -b "$root" "$version"
}

# The kernel as its boot loader takes it: an Image of arm64 may be packed.
write_kernel() {
  local packed=$kernel/boot/vmlinuz-$version
  if [ "$arch" = amd64 ]; then cp "$packed" "$1"; return; fi
  gzip -dcf "$packed" >"$1"
  [ "$(dd if="$1" bs=1 skip=56 count=4 status=none)" = "ARMd" ] || fail "$packed is no Image of arm64, plain or in gzip"
}

# Made again when one of its ingredients has changed.
ingredients=("$guests/linux" "$guests/abi" "$guests/host" "$guests/hello" "$guests/baremetal/format.cpp" "$top/qvm/regions/api/include"
  "${module_folders[@]}")
mapfile -d '' sources < <(find "${ingredients[@]}" -type f -print0 | sort -z)
sum=$(cat "$0" "$busybox" "${sources[@]}" "${additions[@]%%:*}" /dev/null | sha256sum)
sum="${sum%% *} $version ${additions[*]##*/}"
if [ ! -s "$directory/initramfs.gz" ] || [ "$(cat "$directory/.ingredients" 2>/dev/null)" != "$sum" ]; then
  for folder in "${module_folders[@]}"; do build_modules "$folder"; done
  fill_root "$work/root"
  (cd "$work/root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -1n >"$work/initramfs.gz"
  mv "$work/initramfs.gz" "$directory/initramfs.gz"
  write_kernel "$directory/$kernel_file"
  echo "$sum" >"$directory/.ingredients"
fi
