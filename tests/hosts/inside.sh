#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# inside.sh RESULTS: runs as root in a host. RESULTS/job says what to do; RESULTS/table, RESULTS/versions and a log
# per row are what comes out. A row of the table: program, user, passed, failed, skipped, seconds, names of the failed.
# Run again in a machine that comes after one that stood still, it goes on with the test at which that was.
set -uo pipefail
results=$1
build='' accelerator='' jobs=1 slowness=1 smoke='' filter='' linux_arm64=''
# shellcheck source=/dev/null
. "$results/job"
user=qvm-tester
export QVM_TEST_SLOWNESS=$slowness QVM_TEST_ACCEL=$accelerator QVM_TEST_LINUX_ARM64=$linux_arm64

version_of() { "$@" 2>/dev/null | sed -nE '1s/.* ([0-9]+(\.[0-9]+)+).*/\1/p'; }

write_versions() {
  local emulator=qemu-system-x86_64
  [ "$(uname -m)" = x86_64 ] || emulator=qemu-system-aarch64
  printf 'date\t%s\n' "$(date -u +%Y-%m-%d)"
  printf 'Debian\t%s\n' "$(cat /etc/debian_version)"
  printf 'kernel\t%s\n' "$(uname -r)"
  printf 'QEMU\t%s\n' "$(version_of "$emulator" --version)"
  printf 'libvirt\t%s\n' "$(dpkg-query -W -f '${source:Upstream-Version}' libvirt0 2>/dev/null)"
  printf 'compiler\t%s\n' "$(sed -nE 's/^set\(CMAKE_CXX_COMPILER_(ID|VERSION) "([^"]*)"\)$/\2/p' \
    "$build"/CMakeFiles/*/CMakeCXXCompiler.cmake | paste -sd ' ')"
  # A host that is a folder has this machine's, whatever that is.
  printf 'KVM\t%s\n' "$(if [ ! -c /dev/kvm ]; then echo none; elif [ "$accelerator" = kvm ]; then echo "the kernel's own"
    else echo "this machine's"; fi)"
}

# The user without rights. Its directories are as a login makes them.
make_user() {
  id "$user" >/dev/null 2>&1 || useradd --create-home --user-group "$user" || return
  ! getent group kvm >/dev/null || usermod --append --groups kvm "$user"
  user_run=/run/user/$(id -u "$user")
  install -d -m 700 -o "$user" -g "$user" "$user_run"
}

# as USER COMMAND...
as() {
  local who=$1
  shift
  if [ "$who" = root ]; then "$@"; return; fi
  setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all env HOME="/home/$user" USER="$user" LOGNAME="$user" \
    XDG_RUNTIME_DIR="$user_run" "$@"
}

# What an earlier machine has left of the row's log becomes LOG.before, without the test that was not finished.
put_earlier_aside() {
  local log=$1 part
  for part in "$log".[0-9]*; do
    [ -e "$part" ] || continue
    awk '/^\[ RUN      \]/ { if (NR > 1) printf "%s", held; held = "" } { held = held $0 "\n" }
      /^\[       OK \]/ || /^\[  (FAILED|SKIPPED) *\] .* ms\)$/ { printf "%s", held; held = "" }' "$part" >>"$log.before"
    rm -f "$part"
  done
}

# Has the kernel keep what KVM did last, for describe_host.
trace_kvm() {
  local folder=/sys/kernel/tracing event
  [ "$accelerator" = kvm ] && [ -d "$folder" ] || return
  [ -e "$folder/trace" ] || mount -t tracefs tracefs "$folder" || return
  echo 4096 >"$folder/buffer_size_kb"
  for event in set_irq ioapic_set_irq pic_set_irq apic_accept_irq ack_irq eoi inj_virq vcpu_wakeup exit mmio; do
    echo 1 >"$folder/events/kvm/kvm_$event/enable"
  done 2>/dev/null
}

# What every process does and where in the kernel it waits, and what KVM has done.
describe_host() {
  local folder file words
  uptime
  ps -eo pid,ppid,user,stat,etime,time,wchan:32,args --forest
  for folder in /proc/[0-9]*; do
    # A thread of the kernel has none.
    words=$(tr '\0' ' ' <"$folder/cmdline")
    [ -n "$words" ] || continue
    printf '\n%s %s\n' "${folder##*/}" "$words"
    for file in "$folder"/task/*; do
      printf -- '-- %s %s\n' "${file##*/}" "$(cat "$file/comm")"
      cat "$file/stack"
    done
  done
  cat /proc/interrupts
  dmesg | tail -n 20
  [ ! -r /sys/kernel/tracing/trace ] || tail -n 4000 /sys/kernel/tracing/trace
}

# Whether what the kernel keeps shows a guest that was left inside the kernel's own code for VMs. No guest has been there:
# the emulator of this machine has lost its registers, and it will never go on.
guest_is_lost() {
  local first size
  read -r _ size _ _ _ first _ < <(grep '^kvm_amd ' /proc/modules) && [ -r /sys/kernel/tracing/trace ] || return
  # Addresses are too large for awk's numbers; they differ in their last 32 bits.
  tail -n 100 /sys/kernel/tracing/trace | awk -v first="${first: -8}" -v high="${first:2:8}" -v size="$size" '
    function value(hex, i, sum) { for (i = 1; i <= length(hex); ++i) sum = sum * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1; return sum }
    match($0, /kvm_exit.* rip 0x[0-9a-f]+/) {
      rip = substr($0, RSTART, RLENGTH); sub(/.* rip 0x/, "", rip); ++all
      at = value(substr(rip, 9)) - value(first)
      if (substr(rip, 1, 8) == high && at >= 0 && at < size) ++lost
    }
    END { exit !(all > 0 && lost * 2 > all) }'
}

# standstill-N.log for each time that the tests of a row print nothing for long. LOG: of the row. Ends a machine that cannot
# go on; its successor repeats the test.
watch_row() {
  local log=$1 limit=$((60 + 6 * slowness)) last='' newest number
  while sleep 5; do
    newest=$(stat -c %Y "$log".[0-9]* 2>/dev/null | sort -n | tail -n 1)
    if [ -z "$newest" ] || [ "$newest" = "$last" ] || [ $(($(date +%s) - newest)) -lt $limit ]; then continue; fi
    last=$newest
    number=$(find "$results" -name 'standstill-*' | wc -l)
    { tail -n 1 "$log".[0-9]*; describe_host; } >"$results/standstill-$number.log" 2>/dev/null
    if [ "$accelerator" = kvm ] && guest_is_lost; then
      echo "the emulator has lost the registers of a guest: see standstill-$number.log" >"$results/stood-still"
      sync
      echo o >/proc/sysrq-trigger
    fi
  done
}

rows=0
# row USER PROGRAM POSITIVE [NEGATIVE]: patterns of tests as gtest takes them.
row() {
  local who=$1 program=$2 tests=${filter:-$3} not=${4:-} log shard start seconds passed failed skipped names watcher
  case $tests in *-*) ;; *) [ -z "$not" ] || tests="$tests-$not" ;; esac
  rows=$((rows + 1))
  log=$results/$(printf '%02d' $rows)-$program-$who.log
  [ ! -e "$log.complete" ] || return
  put_earlier_aside "$log"
  if [ -s "$log.before" ]; then
    names=$(awk '/^\[ RUN      \]/ { print $4 }' "$log.before" | paste -sd :)
    case $tests in *-*) tests=$tests:$names ;; *) tests=$tests-$names ;; esac
  fi
  [ -e "$log.began" ] || date +%s >"$log.began"
  start=$(cat "$log.began")
  for ((shard = 0; shard < jobs; ++shard)); do
    as "$who" env GTEST_TOTAL_SHARDS="$jobs" GTEST_SHARD_INDEX=$shard timeout --kill-after=60 10800 \
      "$build/tests/$program" --gtest_filter="$tests" --gtest_color=no >"$log.$shard" 2>&1 </dev/null &
  done
  # Not of this shell's jobs, which are the tests alone.
  watcher=$(watch_row "$log" >/dev/null 2>&1 & echo $!)
  wait
  kill "$watcher"
  seconds=$(($(date +%s) - start))
  cat "$log.before" "$log".[0-9]* >"$log" 2>/dev/null
  rm -f "$log".[0-9]* "$log.before" "$log.began"
  passed=$(grep -cE '^\[       OK \]' "$log")
  skipped=$(grep -cE '^\[  SKIPPED \] .* \([0-9]+ ms\)$' "$log")
  # What has begun and neither passed nor was skipped has failed, also if the program died in it.
  names=$(awk '/^\[ RUN      \]/ { if (open != "") print open; open = $4 }
    /^\[       OK \]/ || /^\[  SKIPPED \] .* ms\)$/ { open = "" }
    /^\[  FAILED  \] .* ms\)$/ { print open; open = "" }
    END { if (open != "") print open }' "$log" | paste -sd ' ')
  failed=$(wc -w <<<"$names")
  if [ "$passed$failed$skipped" = 000 ]; then
    grep -q '^\[==========\] 0 tests' "$log" && { touch "$log.complete"; return; }
    failed=1 names="(it could not be run)"
  fi
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$program" "$who" "$passed" "$failed" "$skipped" "$seconds" "$names" |
    tee -a "$results/table"
  touch "$log.complete"
}

# `qvm doctor` by a user. One that does not end is ended, so that the rows are run all the same, and doctor-USER.hung is
# describe_host's.
examine_host() {
  local who=$1 limit=$((60 * slowness)) log=$results/doctor-$1 pid folder waited=0
  as "$who" timeout --kill-after=10 "$limit" "$build/bin/qvm" doctor >"$log.log" 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && [ "$waited" -lt $((limit - 20)) ]; do
    sleep 1
    waited=$((waited + 1))
  done
  if kill -0 "$pid" 2>/dev/null; then
    describe_host >"$log.hung" 2>/dev/null
    echo "qvm doctor of $who did not end in $waited s: see ${log##*/}.hung" >&2
  fi
  wait "$pid"
}

smoke_rows() {
  row root guests_shmem_system_test "*.FindsEveryRegisterAsDescribed/$accelerator:*.GetsItsInterruptsInEverySituation/$accelerator"
  row root cli_system_test "*/HelloSystem.RunsFromItsManifest/$accelerator"
  row "$user" cli_system_test "*/HelloSystem.RunsFromItsManifest/$accelerator"
}

tcg_rows() {
  local program
  for program in guests_runtime guests_shmem guests_aarch64 guests_linux vdevs_loader cli; do row root ${program}_system_test '*'; done
  row root host_integration_test '*'
  row "$user" cli_system_test '*HelloSystem*:*Single*:*Survival*'
}

# Boards and what says TCG are emulated there as anywhere.
kvm_rows_x86() {
  row root guests_runtime_system_test '*kvm*'
  row root guests_shmem_system_test '*kvm*'
  row root vdevs_loader_system_test '*'
  row root cli_system_test '*' '*tcg*:*Board*:*MixedSystem*'
  row "$user" cli_system_test '*HelloSystem*kvm:*Single*kvm:Survival*'
  row root guests_linux_system_test '*'
}

# What is a PC is emulated there.
kvm_rows_arm64() {
  row root guests_aarch64_system_test '*'
  row root cli_system_test '*Board*'
  row "$user" cli_system_test '*Board*'
}

touch "$results/table"
trace_kvm
make_user || echo "no user for what needs no root" >&2
# Each asks QEMU once what it can do, and says so: tests expect that it was done before.
for who in root "$user"; do examine_host "$who"; done
write_versions >"$results/versions"
if [ -n "$smoke" ]; then
  smoke_rows
elif [ "$accelerator" = tcg ]; then
  tcg_rows
elif [ "$(uname -m)" = x86_64 ]; then
  kvm_rows_x86
else
  kvm_rows_arm64
fi
touch "$results/done"
