#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# run-tests.sh PRESET [ctest arguments]: runs the tests of build/PRESET and lists every skipped one with its reason.
set -uo pipefail
cd "$(dirname "$0")/../.."
preset=$1
shift
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="halt_on_error=1:suppressions='$PWD/tools/ci/tsan.supp'"
# One more than there are processors: most of the time a test waits for a guest.
ctest --test-dir "build/$preset" -j "$(($(nproc) + 1))" --output-on-failure --no-tests=error "$@"
status=$?

log=build/$preset/Testing/Temporary/LastTest.log
skipped=$(grep -c '^\[  SKIPPED \] .* (.* ms)$' "$log" || true)
echo "$preset: $skipped skipped"
if [ "$skipped" -gt 0 ]; then
  # GoogleTest prints the reason on the lines before the SKIPPED mark of the test.
  grep -B 3 '^\[  SKIPPED \] .* (.* ms)$' "$log" | grep -E 'SKIPPED|Skipped|kip|because' | sort -u | head -40
fi
exit $status
