#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# packages.sh [--debian NUMBER] [SECTION...]: prints the packages of these sections of tools/packages.txt (without any: all)
# that Debian NUMBER has. Without a number: this host's, and where a host has none, as Debian's testing, everything.
set -euo pipefail
list=$(dirname "$0")/packages.txt

if [ "${1:-}" = --debian ]; then
  release=${2:?usage: packages.sh [--debian NUMBER] [SECTION...]}
  shift 2
else
  # shellcheck source=/dev/null
  release=$(. /etc/os-release; echo "${VERSION_ID:-999}")
fi
for section in "$@"; do
  grep -qxF "# $section" "$list" || { echo "packages: tools/packages.txt has no section '$section'" >&2; exit 2; }
done
awk -v release="${release%%.*}" -v wanted=" $* " '
  /^#/ { inside = wanted == "  " || index(wanted, " " substr($0, 3) " ") > 0; next }
  inside && NF && $2 + 0 <= release + 0 { print $1 }' "$list"
