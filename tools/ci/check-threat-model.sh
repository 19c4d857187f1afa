#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# check-threat-model.sh: every test that docs/threat-model.md names exists, and every row of a table with tests names one.
set -euo pipefail
cd "$(dirname "$0")/../.."
page=docs/threat-model.md
status=0
tests=$(grep -rhoE '^TEST(_F|_P)?\([A-Za-z0-9]+, [A-Za-z0-9]+\)' tests --include='*_test.cpp' |
        sed -E 's/^TEST(_F|_P)?\(([A-Za-z0-9]+), ([A-Za-z0-9]+)\)/\2.\3/' | sort -u)
named=$(grep -oE '`[A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z0-9]+`' "$page" | tr -d '`' | sort -u)
[ -n "$named" ] || { echo "check-threat-model: $page names no test" >&2; exit 1; }
missing=$(comm -23 <(printf '%s\n' "$named") <(printf '%s\n' "$tests"))
if [ -n "$missing" ]; then
  echo "check-threat-model: $page names tests that do not exist:" $missing >&2
  status=1
fi
awk -v page="$page" '
  /^\| attack \|/ { inside = 1; next }
  !/^\|/ { inside = 0 }
  inside && !/^\| ---/ && !/`[A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z0-9]+`/ {
    printf "check-threat-model: %s:%d: a defence without a test\n", page, NR > "/dev/stderr"; bad = 1
  }
  END { exit bad }' "$page" || status=1
exit $status
