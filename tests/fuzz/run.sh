#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# run.sh SECONDS [TARGET…]: builds the fuzz targets with clang and lets each run so long, from the corpora of the tree.
# Prints what each has done. A finding is left in build/fuzz/findings, and the exit status is 1; reduced, it belongs
# into tests/fuzz/corpus. Needs clang and its runtime library (Debian: clang, libclang-rt-14-dev).
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [config|manifest|format|fix|shmem|journal|protocol|lifecycle …]}
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(config manifest format fix shmem journal protocol lifecycle)
tools/build.sh fuzz "${targets[@]/#/fuzz_}" >/dev/null

work=build/fuzz
mkdir -p "$work/findings"
status=0
for target in "${targets[@]}"; do
  found=$work/corpus-$target
  mkdir -p "$found"
  case $target in
    config | format | fix) seeds=(tests/fuzz/corpus/config tests/golden/lint) ;;
    *) seeds=("tests/fuzz/corpus/$target") ;;
  esac
  log=$work/$target.log
  "$work/tests/fuzz_$target" -max_total_time="$seconds" -max_len=2048 -timeout=10 -rss_limit_mb=1024 \
    -print_final_stats=1 -dict=tests/fuzz/qvmconf.dict -artifact_prefix="$work/findings/$target-" \
    "$found" "${seeds[@]}" >"$log" 2>&1 || { status=1; tail -30 "$log"; }
  sed -n "s/^stat::number_of_executed_units: */$target: executions /p; s/^stat::peak_rss_mb: */$target: peak MB /p
          s/^stat::slowest_unit_time_sec: */$target: slowest unit in s /p" "$log"
  echo "$target: $(find "$work/findings" -name "$target-*" | wc -l) findings"
done
exit $status
