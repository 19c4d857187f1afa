#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# A C program that knows nothing but `pkg-config qvmshm` builds against the installed library and runs, also after
# the whole tree was moved.
set -euo pipefail
cmake=$1 build=$2 cc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$cmake" --install "$build" --component qvmshm --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
pc=$(find "$work/moved" -name qvmshm.pc)
lib=$(dirname "$(find "$work/moved" -name libqvmshm.so)")

cat >"$work/program.c" <<'END'
#include <errno.h>
#include <stddef.h>

#include <qvmshm.h>

int main(void) {
  qvmshm_t* shm = NULL;
  return qvmshm_open("/none/there", NULL, &shm) == ENOENT && shm == NULL ? 0 : 1;
}
END
read -ra flags < <(PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --cflags --libs qvmshm)
"$cc" -std=c99 -pedantic -Wall -Wextra -Werror "$work/program.c" -o "$work/program" "${flags[@]}"
LD_LIBRARY_PATH=$lib "$work/program"

# Nothing of the C++ inside can clash with a program's own.
if nm -D --defined-only "$lib/libqvmshm.so" | grep -v -e ' qvmshm_' -e ' QVMSHM_0$'; then
  echo "the library exports more than its API" >&2
  exit 1
fi
