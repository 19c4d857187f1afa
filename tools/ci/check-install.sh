#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# check-install.sh PRESET: installs build/PRESET into a scratch prefix and runs a VM and a host program from there.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1
prefix=$(mktemp -d -t qvm-prefix.XXXXXX)
chmod 755 "$prefix"
trap 'rm -rf "$prefix"' EXIT
cmake --install "build/$preset" --prefix "$prefix" >/dev/null

export QVM_RUNTIME_DIR=$prefix/run
"$prefix/bin/qvm" version
"$prefix/bin/qvm-lint" guests/examples/hello/left.qvmconf guests/examples/hello/right.qvmconf
timeout 60 "$prefix/bin/qvm" up --accel tcg guests/examples/single/guest.qvmconf

# The units, as the systemd of this host understands them.
if command -v systemd-analyze >/dev/null; then
  systemd-analyze verify "$prefix/lib/systemd/system/qvm-regiond.service" "$prefix/lib/systemd/system/qvm-regiond.socket"
  XDG_RUNTIME_DIR=$prefix systemd-analyze --user verify "$prefix/lib/systemd/user/qvm-regiond.service" \
    "$prefix/lib/systemd/user/qvm-regiond.socket"
fi

# A host program outside the project finds the library by pkg-config.
library=$(dirname "$(find "$prefix" -name qvmshm.pc)")
cat > "$prefix/probe.c" <<'C'
#include <qvmshm.h>
int main(void) { return QVMSHM_POKE_ALL_BUT_ME == 0xffffffffu ? 0 : 1; }
C
# shellcheck disable=SC2046  # flags are words
PKG_CONFIG_PATH=$library cc -o "$prefix/probe" "$prefix/probe.c" $(PKG_CONFIG_PATH=$library pkg-config --cflags --libs qvmshm)
LD_LIBRARY_PATH=$(dirname "$library") "$prefix/probe"
echo "check-install: programs, plugins and library work from the prefix"
