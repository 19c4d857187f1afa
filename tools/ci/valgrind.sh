#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Runs the single-threaded unit tests of the release build under valgrind; any error or leak fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
found=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for test in build/release/tests/*_unit_test; do
  [ -x "$test" ] || continue
  found=$((found + 1))
  echo "valgrind: $(basename "$test")"
  # Not the keeper's, which are about processes: valgrind does not know pidfd_open.
  # Fair: a thread of idle priority must get its turn also on a busy machine.
  valgrind --quiet --fair-sched=try --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
    --suppressions=tools/ci/valgrind.supp \
    "$test" --gtest_brief=1 --gtest_filter="-*Exhaustive*:*Stress*:*Random*:RegionKeeper.*" >"$log" || { cat "$log"; exit 1; }
done
if [ "$found" -eq 0 ]; then
  echo "valgrind: no test program build/release/tests/*_unit_test was found" >&2
  exit 1
fi
