#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Unpacks a Debian for arm64 into a folder: what the preset release-arm64 builds against, and the files of an
# arm64 machine. Nothing of it runs here and this machine's own package state does not change, so the usual scripts
# of the packages are not run; the few things that programs miss without them are made here.
set -euo pipefail
cd "$(dirname "$0")/.."
usage="usage: tools/arm64-root.sh DIRECTORY [PACKAGE...]
Makes DIRECTORY, of this machine's Debian and for arm64; its packages are those of tools/packages.txt that a build and the
tests need there, and PACKAGE. Quick when nothing has changed."
fail() { echo "arm64-root: $1" >&2; exit 1; }
case ${1:--} in --help) echo "$usage"; exit 0 ;; -*) echo "$usage" >&2; exit 2 ;; esac

# What compiles comes from this machine; what runs, and what is linked with, from there. The kernel's headers are for
# Linux guests, which are made here.
mapfile -t packages < <(tools/packages.sh |
  grep -vxE 'g\+\+.*|cmake|ninja-build|ccache|pkg-config|qemu-system-x86|linux-headers-.*|clang-format|valgrind|acpica-tools')
packages+=(linux-libc-dev libc6-dev "libstdc++-$(aarch64-linux-gnu-g++ -dumpversion)-dev" base-files base-passwd bash coreutils dash
  debianutils findutils gawk grep hostname init-system-helpers iproute2 kmod libc-bin login mount passwd perl-base procps
  python3-minimal sed tar util-linux util-linux-extra)

mkdir -p "$1"
root=$(cd "$1" && pwd)
shift
packages+=("$@")
mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
# shellcheck source=/dev/null
. /etc/os-release
wanted="${VERSION_CODENAME:-unknown} $(sha256sum <tools/arm64-root.sh) ${packages[*]}"
[ "$(cat "$root/.made-of" 2>/dev/null)" != "$wanted" ] || exit 0

work=$(mktemp -d "$root.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,cache/archives}/partial
touch "$work/status"
apt_get() {
  apt-get -q -y -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root -o APT::Install-Recommends=0 \
    -o Acquire::Languages=none -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status" \
    -o Dir::Cache="$work/cache" -o Debug::NoLocking=1 "$@"
}
echo "arm64-root: downloading"
# Which of this machine's sources have nothing for arm64 does not matter, as long as one has.
apt_get update >"$work/log" 2>&1 || true
apt_get install --download-only "${packages[@]}" >>"$work/log" 2>&1 ||
  { tail -n 20 "$work/log" >&2; fail "the packages cannot be had: the sources in /etc/apt have to be reached, and to have arm64"; }

echo "arm64-root: unpacking"
find "$root" -mindepth 1 -delete
mkdir -p "$root"/usr/{bin,sbin,lib} "$root"/{dev,proc,sys,run,tmp,root,home,var/lib/dpkg}
chmod 1777 "$root/tmp"
for folder in bin sbin lib; do ln -s "usr/$folder" "$root/$folder"; done
for package in "$work"/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"
  # So that dpkg-query in there can tell versions.
  { dpkg-deb -f "$package" | sed -n '/^\(Package\|Version\|Source\|Architecture\|Maintainer\|Description\):/p'
    printf 'Status: install ok installed\n\n'; } >>"$root/var/lib/dpkg/status"
done

# What their scripts would have done.
for file in passwd group; do cp "$root/usr/share/base-passwd/$file.master" "$root/etc/$file"; done
for name in kvm:104 libvirt:105 libvirt-qemu:64055; do echo "${name%:*}:x:${name#*:}:" >>"$root/etc/group"; done
echo 'libvirt-qemu:x:64055:104:Libvirt Qemu,,,:/var/lib/libvirt:/usr/sbin/nologin' >>"$root/etc/passwd"
sed 's/^\([^:]*\):.*/\1:*:19000:0:99999:7:::/' "$root/etc/passwd" >"$root/etc/shadow"
: >"$root/etc/gshadow"
ln -sf gawk "$root/usr/bin/awk"
echo 'C.UTF-8 UTF-8' >"$root/etc/locale.gen"
echo localhost >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$root/etc/hosts"
# Links with absolute targets lead out of the root when a compiler looks for a library.
find "$root/usr/lib" -type l -lname '/*' | while read -r link; do
  target=$(readlink "$link")
  [ ! -e "$root$target" ] || ln -sfr "$root$target" "$link"
done
echo "$wanted" >"$root/.made-of"
