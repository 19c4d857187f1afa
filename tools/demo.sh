#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Sets up, builds and runs the hello system: two guests and a host program exchange data through one region. Builds the
# product alone, in the shortest time, into build/demo; the tests' packages are not needed.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh build run
echo "demo: building into build/demo (the first time takes some minutes)"
NINJA_STATUS='demo: building %f of %t, %es: ' tools/build.sh demo

bin=$PWD/build/demo/bin
export QVM_RUNTIME_DIR
QVM_RUNTIME_DIR=$(mktemp -d -t qvm-demo.XXXXXX)
chmod 755 "$QVM_RUNTIME_DIR"
host_program=
finish() {
  [ -z "$host_program" ] || kill "$host_program" 2>/dev/null || true
  rm -rf "$QVM_RUNTIME_DIR"
}
trap finish EXIT

echo "demo: $ hello-host &"
"$bin/hello-host" 2>&1 | sed -u 's/^/host  | /' &
host_program=$!
echo "demo: $ qvm up guests/examples/hello/three.yaml"
"$bin/qvm" up "$@" guests/examples/hello/three.yaml
wait "$host_program"
host_program=
echo "demo: both guests and the host program talked through region 'moo' and ended by themselves"
