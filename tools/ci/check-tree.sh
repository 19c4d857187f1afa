#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Rules of the tree that no compiler checks. Prints every violation; exit status 1 if there is one.
set -uo pipefail
cd "$(dirname "$0")/../.."
status=0
complain() { printf '%s\n' "$1"; status=1; }

# Not what is deleted and not yet said so to git.
mapfile -t files < <(git ls-files --cached --others --exclude-standard | while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
[ ${#files[@]} -gt 0 ] || { echo "check-tree: git lists no files; run it in a checkout" >&2; exit 2; }
mapfile -t code < <(printf '%s\n' "${files[@]}" | grep -E '\.(c|cpp|h|S)$')

for file in "${files[@]}"; do
  case $file in
    *.c|*.cpp|*.h|*.S|*.sh|*.cmake|*CMakeLists.txt|.ci/run)
      head -3 "$file" | grep -q 'SPDX-License-Identifier: ' || complain "$file:1: no SPDX licence line in its first three lines" ;;
  esac
done

for file in "${code[@]}"; do
  case $file in *.h) grep -q '#pragma once\|#ifndef' "$file" || complain "$file:1: header without #pragma once" ;; esac
  lines=$(wc -l < "$file")
  case $file in tests/*) limit=700 ;; *) limit=450 ;; esac
  # A smell, not a fault: a file is as long as its subject.
  [ "$lines" -le $limit ] || echo "check-tree: $file has $lines lines: is it about one thing?"
done

# A raw close, strtol or system has an owner type, a parser or a spawn helper that does it right.
if found=$(grep -nE '[^_[:alnum:]:>."](strtol|strtoul|strtoull|atoi|system|popen|sprintf|strcpy)\(' \
    $(printf '%s\n' "${code[@]}" | grep -E '^(qvm|config|vdevs|tools)/')); then
  complain "$found"
fi

# They throw, or forget, what cannot be written; qvm/base/standard_streams.h does neither.
if found=$(grep -nE '(fmt::print|std::(printf|puts|putchar))\(|(fputs|fprintf|fwrite)\(.*stdout' \
    $(printf '%s\n' "${code[@]}" | grep -E '^(qvm|config|vdevs|tools)/')); then
  complain "$found"
fi

# only_in WHY PATTERN FILE...: a call with a trap that these files know, and nobody else makes.
only_in() {
  local why=$1 pattern=$2 found
  shift 2
  found=$(printf '%s\n' "${code[@]}" | grep -E '^(qvm|config|vdevs|tools)/' | grep -vxF "$(printf '%s\n' "$@")" |
    xargs grep -nE "$pattern") || true
  [ -n "$found" ] || return 0
  complain "$found"
  complain "check-tree: $why"
}
only_in "programs are started by qvm/base/child_process.h" '(^|[^_[:alnum:]])(v?fork|posix_spawnp?)\(' qvm/base/child_process.cpp
only_in "descriptors are passed by qvm/base/passed_descriptors.h" 'cmsg_type.*SCM_RIGHTS' qvm/base/passed_descriptors.cpp
only_in "who is at a socket's other end is told by qvm/base/unix_socket.h" 'SO_PEERCRED' qvm/base/unix_socket.cpp
only_in "the umask is every thread's: a file gets its mode by fchmod(), and only a program that begins sets it" '(^|[^_[:alnum:]])umask\(' \
  qvm/daemon/daemon.cpp qvm/regions/server/regiond_main.cpp

found=$(tools/ci/check-arrows.py) || complain "$found"

# Names in the documentation that look like paths of this tree exist.
for page in README.md docs/*.md guests/examples/*/README.md; do
  [ -e "$page" ] || continue
  while read -r path; do
    case $path in *NAME*|*DIR*) continue ;; esac  # a pattern
    [ -e "$path" ] || [ -e "$(dirname "$page")/$path" ] || complain "$page: names '$path', which does not exist"
  done < <(grep -oE '`[^` ]+`|\]\([^)# ]+\)' "$page" | sed -E 's/^`|`$|^\]\(|\)$//g' |
           grep -E '^(qvm|config|vdevs|schemas|guests|tests|tools|docs|cmake|\.ci)/[A-Za-z0-9_./-]+$' | sort -u)
done

if command -v clang-format >/dev/null; then
  if ! out=$(clang-format --dry-run -Werror $(printf '%s\n' "${code[@]}" | grep -E '\.(c|cpp|h)$') 2>&1); then
    complain "$(printf '%s\n' "$out" | grep -E 'error:' | head -20)"
    complain "check-tree: format with: clang-format -i FILE"
  fi
else
  complain "check-tree: clang-format is missing; run tools/setup.sh"
fi

[ $status -ne 0 ] || echo "check-tree: ${#files[@]} files in order"
exit $status
