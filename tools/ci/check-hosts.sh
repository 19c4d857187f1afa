#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# check-hosts.sh: a few cases (hello, register-walk, irq-cases) on two other hosts: the release build under the kernel's own
# KVM, in an emulated machine, and a build by Debian 13's compiler with its QEMU. Skipped with the reason where such a
# host cannot be made.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
run=(tests/hosts/run.sh)
if [ "$(id -u)" -ne 0 ]; then run=(sudo -n env "QVM_HOSTS_DIR=${QVM_HOSTS_DIR:-}" "${run[@]}"); fi

# Empty: there is nothing against it.
why_not() {
  [ "$(uname -m)" = x86_64 ] || { echo "this is no x86-64 machine"; return; }
  [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null || { echo "making a host takes root"; return; }
  case $1:$PWD in kvm-x86:/tmp/*|kvm-x86:/run/*|kvm-x86:/dev/*) echo "the emulated machine has another $PWD"; return ;; esac
  local said
  said=$("${run[@]}" --smoke --prepare "$1" 2>&1) || echo "it could not be made: $(tail -n 1 <<<"$said")"
}

status=0
for host in kvm-x86 debian13; do
  why=$(why_not "$host")
  if [ -n "$why" ]; then
    echo "$host: skipped: $why"
    continue
  fi
  "${run[@]}" --smoke "$host" && continue
  # An emulator may stand still by itself, and not only in the way that run.sh can tell (docs/hosts.md).
  if [ "$host" = kvm-x86 ]; then
    echo "$host: once more"
    "${run[@]}" --smoke "$host" && continue
  fi
  status=1
done
exit $status
