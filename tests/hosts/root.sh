# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Hosts that are a Debian in a folder; sourced by run.sh.
# shellcheck shell=bash disable=SC2016,SC2154

# What the emulated machines and the runs need beyond tools/packages.txt.
root_packages=(ca-certificates git openssl iproute2 procps)
backported_packages=(qemu-system-x86 qemu-system-arm qemu-system-data libvirt-daemon-system libvirt-dev libvirt-clients)

suite_of() {
  case $1 in
    debian12) echo bookworm ;;
    *) echo trixie ;;
  esac
}

number_of() {
  case $1 in
    debian12) echo 12 ;;
    *) echo 13 ;;
  esac
}

sources_of() {
  local suite
  suite=$(suite_of "$1")
  echo "deb $(mirror debian) $suite main"
  echo "deb $(mirror debian) $suite-updates main"
  echo "deb $(mirror security) $suite-security main"
  case $1 in *-backports) echo "deb $(mirror debian) $suite-backports main" ;; esac
}

# Debian in $hosts/NAME, with the packages of this tree. Made anew when they or the sources have changed.
prepare_root() {
  local name=$1 root=$hosts/$1 stamp new
  stamp=$(suite_of "$name"; wanted_packages "$(number_of "$name")" | sort; printf '%s\n' "${root_packages[@]}"
    case $name in *-backports) printf '%s\n' "${backported_packages[@]}" ;; esac)
  stamp=$(sum_of <<<"$stamp")
  if is_made "$name" "$stamp" "$root/usr/bin/env"; then return; fi
  command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
  note "making $name (10 minutes and 4 GB; needs the network, once)"
  new=$root.new
  rm -rf "$new" "$hosts/$name.stamp"
  debootstrap --variant=minbase "$(suite_of "$name")" "$new" "$(mirror debian)" >"$hosts/$name.log" 2>&1 ||
    { tail -n 20 "$hosts/$name.log" >&2; fail "debootstrap has failed; all of its output: $hosts/$name.log"; }
  fill_root "$name" "$new" >>"$hosts/$name.log" 2>&1 ||
    { tail -n 20 "$hosts/$name.log" >&2; fail "the packages could not be installed; all of the output: $hosts/$name.log"; }
  rm -rf "$root"
  mv "$new" "$root"
  made "$name" "$stamp"
}

# Its caller looks at the status, so a failure ends nothing here by itself.
fill_root() {
  local name=$1 root=$2 packages
  mapfile -t packages < <(wanted_packages "$(number_of "$name")")
  printf 'APT::Sandbox::User "root";\nAPT::Install-Recommends "0";\nAcquire::Languages "none";\n' \
    >"$root/etc/apt/apt.conf.d/90hosts"
  sources_of "$name" >"$root/etc/apt/sources.list"
  # No service is started while packages are installed.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  in_chroot "$root" apt-get update -q || return
  # Backports come last, and change what they have to: first, they bring libraries that other packages do not bear.
  in_chroot "$root" apt-get install -y -q "${packages[@]}" "${root_packages[@]}" || return
  case $name in
    *-backports)
      in_chroot "$root" apt-get install -y -q -t "$(suite_of "$name")-backports" "${backported_packages[@]}" || return
      ;;
  esac
  in_chroot "$root" apt-get clean
}

# A command in a root, with the network; nothing stays mounted.
in_chroot() {
  local root=$1
  shift
  unshare --mount --pid --fork --kill-child --propagation private -- bash -c "$(declare -f own_kvm)"'
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/mnt"
    own_kvm "$root" "$root/mnt/kvm"
    mount -t sysfs sys "$root/sys"
    exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
      DEBIAN_FRONTEND=noninteractive "$@"' bash "$root" "$@"
}

# A command in the host NAME: the source tree read-only as /qvm, the build as /qvm/build, the results as /results,
# everything else in memory on top of the root. $2: "network", or "alone" with nothing but a loopback. Mounts, processes
# and network end with the command.
run_in_root() {
  local name=$1 network=$2 spaces=(--mount --pid --ipc --uts --fork --kill-child --propagation private)
  shift 2
  [ "$network" = network ] || spaces+=(--net)
  mkdir -p "$hosts/build-$name" "$top/build" "$hosts/results-$name" "$hosts/view"
  ROOT=$hosts/$name VIEW=$hosts/view TREE=$top BUILD=$hosts/build-$name CCACHE=$hosts/ccache \
    RESULTS=${results:-$hosts/results-$name} NETWORK=$network \
    unshare "${spaces[@]}" -- bash "$here/view.sh" "$@"
}

# The kernels of Linux guests, which are downloaded; what is made of them needs no network.
prepare_kernels() {
  local name=$1 log=$hosts/$1-kernels.log
  [ ! -e "$hosts/build-$name/.kernels" ] || return 0
  run_in_root "$name" network bash -c 'apt-get update -q && cd /qvm && mkdir -p build/hosts &&
    tools/linux-image.sh build/hosts/linux-guest && tools/linux-image.sh --arch arm64 build/hosts/linux-guest-arm64' \
    >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "no kernels for Linux guests; all of the output: $log"; }
  touch "$hosts/build-$name/.kernels"
}

# The build in the host, by its own compiler, of what the tests need: optimised as the release build, in a third of the time.
build_in_root() {
  local name=$1 log=$results/build.log targets=("${targets_of_hosts[@]}")
  [ -z "${smoke:-}" ] || targets=("${smoke_targets[@]}")
  note "building in $name"
  run_in_root "$name" alone env CCACHE_DIR=/ccache /qvm/tools/build.sh hosts --quiet "${targets[@]}" >"$log" 2>&1 ||
    { tail -n 40 "$log" >&2; fail "the build in $name has failed; all of the output: $log"; }
}
