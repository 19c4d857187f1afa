#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Runs every bench on build/release (or QVM_BUILD_DIR) and prints the tables of docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "$0")"
for bench in notify attach host_attach many_clients up_down memory lint linux_copy linux_notify; do
  printf '\n== %s\n' "$bench"
  /usr/bin/python3 "$bench.py"
done
