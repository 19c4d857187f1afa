#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# check-readme.sh BUILD_DIR: the README's configuration is clean, and its example of a mistake is what qvm-lint says.
set -euo pipefail
cd "$(dirname "$0")/../.."
lint=$(realpath "$1")/bin/qvm-lint
scratch=$(mktemp -d -t qvm-readme.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

# The fenced block that contains $1.
block() {
  awk -v wanted="$1" '/^```/ { if (open && found) printf "%s", text; open = !open; text = ""; found = 0; next }
                      open { text = text $0 "\n"; if (index($0, wanted)) found = 1 }' README.md
}
block 'vdev shmem' > "$scratch/left.qvmconf"
block '[D01]' > "$scratch/expected"
cd "$scratch"
"$lint" left.qvmconf
sed -i 's/intr myioapic:10/intr ioapc:10/' left.qvmconf
"$lint" left.qvmconf > said && { echo "check-readme: the mistake was not found" >&2; exit 1; }
diff -u expected said
