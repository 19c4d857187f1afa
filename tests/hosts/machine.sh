# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Hosts that are an emulated machine with the kernel's own KVM; sourced by run.sh. QEMU's TCG emulates the
# virtualization of the processor (SVM with nested paging; EL2), so that a Debian kernel in there has a /dev/kvm.
# shellcheck shell=bash disable=SC2154

# By how much time limits are longer in there.
machine_slowness=10
machine_memory=6G

# What the machine's kernel needs before it has files, and what tests use.
machine_modules=(virtio_pci 9pnet_virtio 9p overlay virtio_rng tun bridge fuse loop)

# pack_kernel FOLDER BUSYBOX TREE [MODULE...]: FOLDER/kernel and FOLDER/initrd.gz, of the kernel unpacked in TREE.
pack_kernel() {
  local folder=$1 busybox=$2 tree=$3 version number=0 file
  shift 3
  # Since Debian 13 modules are below /usr.
  [ -e "$tree/lib" ] || ln -s usr/lib "$tree/lib"
  version=$(basename "$tree"/lib/modules/*)
  depmod -b "$tree" "$version"
  mkdir -p "$folder"/root/{bin,modules,proc,sys,dev,lower,upper,new}
  cp "$busybox" "$folder/root/bin/busybox"
  install -m 755 "$here/machine-init.sh" "$folder/root/init"
  for file in $(modprobe -d "$tree" -S "$version" -a --show-depends "${machine_modules[@]}" "$@" |
    awk '/^insmod/ && !seen[$2]++ { print $2 }'); do
    number=$((number + 1))
    case $file in
      *.xz) xz -dc "$file" >"$folder/root/modules/$(printf '%03d' $number)-$(basename "$file" .xz)" ;;
      *) cp "$file" "$folder/root/modules/$(printf '%03d' $number)-$(basename "$file")" ;;
    esac
  done
  (cd "$folder/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$folder/initrd.gz"
  cp "$tree"/boot/vmlinuz-* "$folder/kernel"
  rm -rf "$folder/root"
}

# What a kernel and its initrd are made of, and $1.
machine_stamp() { { cat "$here/machine-init.sh"; declare -f pack_kernel; printf "%s\n" "${machine_modules[@]}" "$1"; } | sum_of; }

machine_tools() {
  local tool
  for tool in "$@" busybox depmod modprobe cpio gzip xz dpkg-deb; do
    command -v "$tool" >/dev/null || fail "$tool is missing: run tools/setup.sh"
  done
}

# The kernel of BASE: of the host "NAME", or, if it is empty, of this machine's Debian.
prepare_machine_x86() {
  local base=$1 folder=$hosts/$host stamp package
  [ -z "$base" ] || { prepare_root "$base"; prepare_kernels "$base"; }
  choose_emulator_x86 "$base"
  stamp=$(machine_stamp kvm-amd)
  if is_made "$host" "$stamp" "$folder/kernel" "$folder/initrd.gz"; then return; fi
  machine_tools qemu-system-x86_64
  note "making $host (downloads a kernel)"
  rm -rf "$folder"
  mkdir -p "$folder"
  if [ -z "$base" ]; then
    package=$(cd "$folder" && download_kernel amd64)
  else
    package=$(in_chroot "$hosts/$base" bash -c "$(declare -f download_kernel); cd /tmp && download_kernel amd64") &&
      mv "$hosts/$base/tmp/$package" "$folder/"
  fi
  dpkg-deb -x "$folder/$package" "$folder/unpacked"
  pack_kernel "$folder" "$(command -v busybox)" "$folder/unpacked" kvm-amd
  rm -rf "$folder/unpacked" "${folder:?}/$package"
  made "$host" "$stamp"
}

# Into the current folder; prints the file's name.
download_kernel() {
  local package
  package=$(apt-cache depends "linux-image-$1" | awk '/Depends: linux-image-/ { print $2; exit }')
  [ -n "$package" ] || { echo "apt knows no linux-image-$1: run apt-get update" >&2; return 1; }
  apt-get -q -o APT::Sandbox::User=root download "$package" >&2
  basename "$package"_*.deb
}

# The emulator of BASE's machine, $emulator: a folder with one that is unpacked, or "" for the installed one. QEMU before
# 8.1 overlooks now and then that one processor has changed the other's code ("accel/tcg: Always lock pages before
# translation" mends it): it runs for ever into a breakpoint that the kernel had there for a moment. Debian 12, which has
# 7.2, has a newer one as a backport.
choose_emulator_x86() {
  local base=$1 folder=$hosts/emulator-x86 lists stamp suite package
  emulator=
  case $base in
    '') dpkg --compare-versions "$(dpkg-query -W -f '${Version}' qemu-system-x86)" lt 1:9 || return 0 ;;
    debian12) ;;
    *) return 0 ;;
  esac
  emulator=$folder
  stamp=$(declare -f choose_emulator_x86 | sum_of)
  if is_made emulator-x86 "$stamp" "$folder/usr/bin/qemu-system-x86_64"; then return; fi
  note "making emulator-x86 (downloads a newer QEMU)"
  rm -rf "$folder"
  mkdir -p "$folder/lists/partial"
  for suite in bookworm bookworm-backports; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror debian) $suite main"
  done >"$folder/sources.list"
  # Nothing counts as installed: what this machine has may be newer than all of it.
  : >"$folder/status"
  lists=(-q -t bookworm-backports -o APT::Sandbox::User=root -o "Dir::Etc::sourcelist=$folder/sources.list"
    -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$folder/lists" -o "Dir::State::status=$folder/status"
    -o "Dir::Cache=$folder/lists")
  apt-get "${lists[@]}" update >&2
  (cd "$folder" && apt-get "${lists[@]}" download qemu-system-x86 qemu-system-common qemu-system-data seabios >&2)
  for package in "$folder"/*.deb; do dpkg-deb -x "$package" "$folder"; done
  rm -rf "$folder"/*.deb "$folder/lists"
  made emulator-x86 "$stamp"
}

# The words that start it: FOLDER has kernel and initrd.gz, SHARE is what it gets as /run/results, then the size of its
# memory and the emulator, which may be "".
machine_x86() {
  local qemu=(qemu-system-x86_64)
  [ -z "$4" ] || qemu=("$4/usr/bin/qemu-system-x86_64" -L "$4/usr/share/qemu" -L "$4/usr/share/seabios")
  # Once in a while the emulation of SVM leaves a processor in its guest for good. Then the kernel gives up, and
  # with it the machine.
  exec timeout --foreground 4h "${qemu[@]}" -accel tcg,thread=multi -cpu max,svm=on,npt=on -smp 2 -m "$3" \
    -nodefaults -display none -serial stdio -monitor none -no-reboot -device virtio-rng-pci \
    -kernel "$1/kernel" -initrd "$1/initrd.gz" -append "console=ttyS0 quiet panic=-1 no_timer_check watchdog_thresh=20 softlockup_panic=1" \
    -fsdev "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap" -device virtio-9p-pci,fsdev=root,mount_tag=root \
    -fsdev "local,id=results,path=$2,security_model=none" -device virtio-9p-pci,fsdev=results,mount_tag=results
}

# Runs $results/command in the machine, whose files are those of BASE or this machine's.
start_machine_x86() {
  local base=$1
  if [ -z "$base" ]; then
    (machine_x86 "$hosts/$host" "$results" "$machine_memory" "$emulator")
    return
  fi
  cp "$hosts/$host/kernel" "$hosts/$host/initrd.gz" "$results/"
  if [ -n "$emulator" ]; then
    [ -e "$results/emulator" ] || cp -r "$emulator" "$results/emulator"
    emulator=/results/emulator
  fi
  run_in_root "$base" alone bash -c "$(declare -f machine_x86); machine_x86 /results /results $machine_memory '$emulator'"
}

# The build that is tested: of this machine it has to be there already.
build_for_machine() {
  local base=$1
  if [ -n "$base" ]; then
    build_in_root "$base" >&2
    echo /qvm/build/hosts
    return
  fi
  build=$(readlink -f "${QVM_HOSTS_BUILD:-$top/build/release}")
  [ -x "$build/tests/cli_system_test" ] || fail "there is no build in $build: run tools/build.sh release, or set QVM_HOSTS_BUILD"
  case $build in
    /tmp/*|/run/*|/dev/*) fail "$build cannot be seen in the machine, which has a /tmp, /run and /dev of its own" ;;
  esac
  echo "$build"
}

# Linux guests are made here, with this machine's processors: in there it would take minutes.
make_linux_guests() {
  local base=$1 build=$2 words
  words=("$build/tests/guests_linux_system_test" --gtest_filter=LinuxGuest.SeesTheDeviceAndItsSignature)
  if [ -z "$base" ]; then "${words[@]}"; else run_in_root "$base" alone "${words[@]}"; fi >"$results/linux-guest.log" 2>&1 ||
    note "the Linux guest does not run outside of the machine, see $results/linux-guest.log"
}

test_machine_x86() {
  local base=$1 smoke=$2 filter=$3 build
  build=$(build_for_machine "$base")
  [ -n "$smoke" ] || make_linux_guests "$base" "$build"
  cp "$here/inside.sh" "$results/"
  write_job "$build" kvm "${QVM_HOSTS_JOBS:-1}" "$machine_slowness" "$smoke" "$filter"
  echo 'exec bash /run/results/inside.sh /run/results' >"$results/command"
  run_machine_x86 "$base"
}

# Starts the machine again if its emulator is at fault, as its kernel (soft lockup) or inside.sh (stood-still) can tell: what
# runs in it goes on.
run_machine_x86() {
  local base=$1 tries
  for tries in $(seq 10); do
    note "starting the machine"
    start_machine_x86 "$base" </dev/null 2>&1 | tee "$results/machine.log" || true
    if [ -e "$results/done" ]; then return 0; fi
    if grep -q 'soft lockup' "$results/machine.log"; then
      note "the emulated machine stood still ($tries)"
    elif [ -e "$results/stood-still" ]; then
      note "$(cat "$results/stood-still") ($tries)"
      rm "$results/stood-still"
    else
      return 0
    fi
  done
}

enter_machine_x86() {
  local base=$1
  shift
  printf 'setsid -c %s\n' "$(printf '%q ' "${@:-bash}")" >"$results/command"
  start_machine_x86 "$base"
}

# The files of an arm64 machine, its kernel with them.
prepare_machine_arm64() {
  local folder=$hosts/kvm-arm64 stamp
  machine_tools qemu-system-aarch64 aarch64-linux-gnu-g++
  "$top/tools/arm64-root.sh" "$hosts/arm64" linux-image-arm64
  stamp=$(machine_stamp "$(cat "$hosts/arm64/.made-of")")
  if is_made kvm-arm64 "$stamp" "$folder/kernel" "$folder/initrd.gz"; then return; fi
  note "making kvm-arm64"
  rm -rf "$folder"
  mkdir -p "$folder"
  pack_kernel "$folder" "$hosts/arm64/bin/busybox" "$hosts/arm64"
  made kvm-arm64 "$stamp"
}

# Runs $results/command in the machine $1: its files are those of arm64, this source tree and its build at their places.
start_machine_arm64() {
  local version=3 view=$hosts/view-arm64
  case $1 in *-gic2) version=2 ;; esac
  mkdir -p "$view"
  FILES=$hosts/arm64 VIEW=$view TREE=$top RESULTS=$results KERNEL=$hosts/kvm-arm64 VERSION=$version MEMORY=$machine_memory \
    unshare --mount --pid --net --fork --kill-child --propagation private -- bash "$here/arm64-view.sh"
}

build_arm64() {
  local log=$results/build.log
  note "cross-building for arm64"
  QVM_ARM64_ROOT=$hosts/arm64 "$top/tools/build.sh" release-arm64 --quiet "${targets_of_hosts[@]}" >"$log" 2>&1 ||
    { tail -n 40 "$log" >&2; fail "the build for arm64 has failed; all of the output: $log"; }
  "$top/tools/linux-image.sh" --arch arm64 --add "$top/build/release-arm64/tests/linux-arm64/driver-check" \
    "$top/build/release-arm64/linux-guest-arm64" >>"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "no Linux guest; see $log"; }
}

test_machine_arm64() {
  local name=$1 smoke=$2 filter=$3
  build_arm64
  cp "$here/inside.sh" "$results/"
  write_job "$top/build/release-arm64" kvm "${QVM_HOSTS_JOBS:-1}" "$machine_slowness" "$smoke" "$filter"
  printf 'linux_arm64=%q\n' "$top/build/release-arm64/linux-guest-arm64" >>"$results/job"
  echo 'exec bash /run/results/inside.sh /run/results' >"$results/command"
  note "starting the machine"
  start_machine_arm64 "$name" </dev/null || true
}

enter_machine_arm64() {
  local name=$1
  shift
  printf 'setsid -c %s\n' "$(printf '%q ' "${@:-bash}")" >"$results/command"
  start_machine_arm64 "$name"
}
