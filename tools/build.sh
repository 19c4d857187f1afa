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
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! cmake --preset "$preset" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
if [ "${CI:-}" = "" ]; then
  cmake --build "build/$preset" -- "$@"
  exit
fi
# A warning fails CI. Not by -Werror, a flag with which no object of a developer's build would be found in the compiler
# cache, which repeats an object's warnings.
cmake --build "build/$preset" -- "$@" 2>&1 | tee "$log"
if grep -q 'warning:' "$log"; then
  echo "build: there are warnings, which CI takes for errors:" >&2
  grep 'warning:' "$log" | sort -u >&2
  exit 1
fi
