#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Rules of the tree that no compiler checks. Prints every violation; exit status 1 if there is one.
set -uo pipefail
cd "$(dirname "$0")/../.."
status=0
complain() { printf '%s\n' "$1"; status=1; }

mapfile -t files < <(git ls-files --cached --others --exclude-standard)
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
  [ "$lines" -le $limit ] || complain "$file: $lines lines; split it (limit $limit)"
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
