# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# What came out, as text and as markdown; sourced by run.sh. $1: the results' folder.
# shellcheck shell=bash disable=SC2016

print_table() {
  local program user passed failed skipped seconds names
  printf '\n%-28s %-10s %7s %7s %7s %9s\n' "test program" user passed failed skipped time
  while IFS=$'\t' read -r program user passed failed skipped seconds names; do
    printf '%-28s %-10s %7s %7s %7s %7s s\n' "$program" "$user" "$passed" "$failed" "$skipped" "$seconds"
    for one in $names; do printf '  failed: %s\n' "$one"; done
  done <"$1/table"
  while IFS=$'\t' read -r name value; do printf '%s %s; ' "$name" "$value"; done <"$1/versions"
  printf '\nlogs: %s\n' "$1"
}

write_markdown() {
  local host=$1 program user passed failed skipped seconds names text=''
  while IFS=$'\t' read -r name value; do text+="${text:+, }$name $value"; done < <(grep -v '^date' "$2/versions")
  printf '## %s\n\nTried on %s with %s.\n\n' "$host" "$(sed -n 's/^date\t//p' "$2/versions")" "$text"
  printf '| test program | user | passed | failed | skipped | time |\n| --- | --- | --- | --- | --- | --- |\n'
  while IFS=$'\t' read -r program user passed failed skipped seconds names; do
    printf '| `%s` | %s | %s | %s | %s | %s s |\n' "$program" "${user/qvm-tester/plain}" "$passed" "$failed" "$skipped" "$seconds"
  done <"$2/table"
  names=$(cut -f 7 "$2/table" | xargs -r -n 1 | sed 's/.*/`&`/' | paste -sd ',' | sed 's/,/, /g')
  [ -z "$names" ] || printf '\nFailed: %s.\n' "$names"
}

# True if every row was run to its end and nothing failed.
all_passed() {
  [ -e "$1/done" ] && [ -s "$1/table" ] && ! cut -f 4 "$1/table" | grep -qvx 0
}
