#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Makes a host out of distribution packages, builds qvm there, runs the system tests in it and prints a table.
# shellcheck disable=SC1091,SC2034,SC2154
set -euo pipefail
top=$(cd "${QVM_HOSTS_TREE:-$(dirname "$0")/../..}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
usage="usage: tests/hosts/run.sh [--smoke] [--markdown FILE] HOST [FILTER]
       tests/hosts/run.sh --prepare|--build HOST
       tests/hosts/run.sh --enter HOST [COMMAND...]
HOST:
  debian12, debian13, debian13-backports    a Debian in a folder, with a network of its own (loopback only)
  kvm-x86    this machine's files under a Debian kernel with its own KVM, in an emulated x86-64 machine;
             kvm-x86@debian13 (or another of the above): the files of that host
  kvm-arm64  a Debian for arm64 with its own KVM, in an emulated aarch64 machine; kvm-arm64-gic2: with a GICv2
FILTER        only tests whose names match, as --gtest_filter takes it
  --smoke     only a few cases: hello, register-walk, irq-cases
  --markdown FILE   writes the table for docs/hosts.md to FILE
  --prepare   downloads and unpacks what HOST needs; without it, done by the first run. Nothing else needs a network.
  --build     builds, and runs no test
  --enter     runs COMMAND (a shell) in HOST instead of tests: the source tree is /qvm there, read-only
Environment:
  QVM_HOSTS_DIR     where hosts and their builds are kept (~/.cache/qvm-hosts)
  QVM_HOSTS_TREE    the source tree to build (the one of this script)
  QVM_HOSTS_BUILD   kvm-x86: the build to test (build/release)
  QVM_HOSTS_JOBS    how many tests run at once (as many as processors; 1 in an emulated machine)
Runs as root. Exit status 0: everything passed; 1: not."

. "$here/common.sh"
. "$here/root.sh"
. "$here/machine.sh"
. "$here/table.sh"

smoke="" markdown="" mode=run
while [ $# -gt 0 ]; do
  case $1 in
    --smoke) smoke=1; shift ;;
    --markdown) [ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }; markdown=$(readlink -m "$2"); shift 2 ;;
    --prepare) mode=prepare; shift ;;
    --build) mode=build; shift ;;
    --enter) mode=enter; shift ;;
    --help) echo "$usage"; exit 0 ;;
    -*) echo "$usage" >&2; exit 2 ;;
    *) break ;;
  esac
done
[ $# -ge 1 ] || { echo "$usage" >&2; exit 2; }
host=$1
shift
[ "$mode" = enter ] || [ $# -le 1 ] || { echo "$usage" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || fail "making a host takes root: debootstrap, chroot and mounts; run it as root or with sudo"
mkdir -p "$hosts/ccache"

case $host in
  debian12|debian13|debian13-backports)
    prepare_root "$host"
    [ -n "$smoke" ] || prepare_kernels "$host"
    [ "$mode" != prepare ] || exit 0
    if [ "$mode" = enter ]; then run_in_root "$host" network "${@:-bash}"; exit; fi
    new_results
    build_in_root "$host"
    [ "$mode" != build ] || exit 0
    write_job "/qvm/build/hosts" tcg "${QVM_HOSTS_JOBS:-$(nproc)}" 1 "$smoke" "${1:-}"
    run_in_root "$host" alone /qvm/tests/hosts/inside.sh /results || true
    ;;
  kvm-x86|kvm-x86@*)
    base=${host#kvm-x86}
    base=${base#@}
    prepare_machine_x86 "$base"
    [ "$mode" != prepare ] || exit 0
    new_results
    if [ "$mode" = build ]; then build_for_machine "$base"; exit; fi
    if [ "$mode" = enter ]; then enter_machine_x86 "$base" "$@"; exit; fi
    test_machine_x86 "$base" "$smoke" "${1:-}"
    ;;
  kvm-arm64|kvm-arm64-gic2)
    prepare_machine_arm64
    [ "$mode" != prepare ] || exit 0
    new_results
    if [ "$mode" = build ]; then build_arm64; exit; fi
    if [ "$mode" = enter ]; then enter_machine_arm64 "$host" "$@"; exit; fi
    test_machine_arm64 "$host" "$smoke" "${1:-}"
    ;;
  *) fail "there is no host '$host'; --help lists them" ;;
esac

print_table "$results"
[ -z "$markdown" ] || { write_markdown "$host" "$results" >"$markdown"; echo "hosts: the table is in $markdown"; }
all_passed "$results"
