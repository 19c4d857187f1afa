#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Runs the single-threaded unit tests of the release build under valgrind; any error or leak fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
check() {
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  echo "valgrind: $(basename "$1")"
  # Not those about processes: valgrind does not know pidfd_open, and makes a fork of posix_spawn()'s vfork, so that
  # nobody is told of a program that cannot be run.
  # Fair: a thread of idle priority must get its turn also on a busy machine.
  valgrind --quiet --fair-sched=try --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
    --suppressions=tools/ci/valgrind.supp \
    "$1" --gtest_brief=1 --gtest_filter="-*Exhaustive*:*Stress*:*Random*:RegionKeeper.*:ChildProcess.*" >"$log" 2>&1 || { cat "$log"; exit 1; }
}
export -f check
shopt -s nullglob
tests=(build/release/tests/*_unit_test)
if [ ${#tests[@]} -eq 0 ]; then
  echo "valgrind: no test program build/release/tests/*_unit_test was found" >&2
  exit 1
fi
# shellcheck disable=SC2016  # the shell that xargs starts expands it
printf '%s\0' "${tests[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'check "$1"' check
