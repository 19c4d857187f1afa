#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Sets up, builds and runs all tests: everything in the release build, then what does not live inside QEMU under
# AddressSanitizer with UndefinedBehaviorSanitizer, under ThreadSanitizer, and the region code under valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "set-up"
tools/setup.sh

step "tree"
tools/ci/check-tree.sh

step "release: build"
tools/build.sh release
step "release: all tests"
tools/ci/run-tests.sh release

step "install: the installed tree works from its prefix"
tools/ci/check-install.sh release

step "asan-ubsan: build"
tools/build.sh asan-ubsan tests_without_qemu
step "asan-ubsan: tests that need no QEMU"
tools/ci/run-tests.sh asan-ubsan -L 'unit|golden|integration'

step "tsan: build"
tools/build.sh tsan tests_with_threads
step "tsan: tests in which threads or processes meet"
tools/ci/run-tests.sh tsan -L threads

step "valgrind"
tools/ci/valgrind.sh

step "all passed"
