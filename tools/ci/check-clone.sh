#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Clones the last commit into a directory that only its owner can enter, whose name has blanks, a comma and a letter that is
# not ASCII, and runs the demo there, as somebody does who cloned into their home.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$(mktemp -d -t 'qvm clöne, of.XXXXXX')
trap 'rm -rf "$home"' EXIT
[ "$(stat -c %a "$home")" = 700 ]
git clone -q . "$home/qvm"
log=$home/log
if ! "$home/qvm/tools/demo.sh" >"$log" 2>&1; then
  cat "$log"
  echo "check-clone: the demo failed in '$home/qvm'" >&2
  exit 1
fi
tail -n 1 "$log"
[ -z "$(git -C "$home/qvm" status --porcelain)" ] || {
  git -C "$home/qvm" status --short
  echo "check-clone: the demo left files in the clone that git does not ignore" >&2
  exit 1
}
echo "check-clone: the demo works in a clone that nobody else can enter"
