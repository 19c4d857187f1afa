#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# build.sh PRESET [ninja arguments]: configures PRESET once and builds it into build/PRESET.
set -euo pipefail
cd "$(dirname "$0")/.."
# A clone elsewhere finds the same objects in the compiler cache: paths count from the source directory.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
# What it asks for before it caches files that use precompiled headers.
export CCACHE_SLOPPINESS=pch_defines,time_macros
preset=${1:?usage: tools/build.sh PRESET}
shift
options=()
[ "${CI:-}" = "" ] || options+=(-DQVM_WARNINGS_AS_ERRORS=ON)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! cmake --preset "$preset" "${options[@]}" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
cmake --build "build/$preset" -- "$@"
