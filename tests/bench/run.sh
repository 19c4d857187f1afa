#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# run.sh [BENCH...]: runs these benches, or all, on build/release (or QVM_BUILD_DIR) and prints the tables of docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "$0")"
all=(notify attach host_attach many_clients up_down memory lint linux_copy linux_notify)
[ $# -gt 0 ] || set -- "${all[@]}"
for bench; do
  case " ${all[*]} " in *" $bench "*) ;; *) echo "run.sh: there is no bench '$bench'; there are: ${all[*]}" >&2; exit 2 ;; esac
done
for bench; do
  printf '\n== %s\n' "$bench"
  /usr/bin/python3 "$bench.py"
done
