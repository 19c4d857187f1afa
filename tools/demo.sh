#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Sets up, builds and runs the hello system: two guests and a host program exchange data through one region.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh
echo "demo: building (the first time takes some minutes)"
tools/build.sh release --quiet

bin=$PWD/build/release/bin
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
"$bin/hello-host" --wait 2>&1 | sed -u 's/^/host  | /' &
host_program=$!
echo "demo: $ qvm up guests/examples/hello/three.yaml"
"$bin/qvm" up "$@" guests/examples/hello/three.yaml
wait "$host_program"
host_program=
echo "demo: both guests and the host program talked through region 'moo' and ended by themselves"
