#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# test.sh [--quick]: sets up, builds and runs all tests: everything in the release build, some of it under the kernel's own
# KVM in an emulated machine and on Debian 13, then all but whole systems under AddressSanitizer with
# UndefinedBehaviorSanitizer, what has threads under ThreadSanitizer, and the region code under valgrind.
# --quick: the rules of the tree, unit and golden tests of the release build, and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

started=$SECONDS
step() { printf '\n== %s (after %d:%02d)\n' "$*" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)); }

case ${1:-} in
  "" | --quick) ;;
  *) echo "usage: tools/test.sh [--quick]" >&2; exit 2 ;;
esac

step "set-up"
tools/setup.sh

step "tree"
tools/ci/check-tree.sh

if [ "${1:-}" = --quick ]; then
  step "release: build of unit and golden tests"
  tools/build.sh release tests_quick
  step "release: unit and golden tests"
  tools/ci/run-tests.sh release -L 'unit|golden|doc'
  step "all quick tests passed"
  exit
fi

step "release: build"
tools/build.sh release
step "release: all tests"
tools/ci/run-tests.sh release

step "install: the installed tree works from its prefix"
tools/ci/check-install.sh release

step "clone: the demo works in a clone anywhere"
tools/ci/check-clone.sh

step "hosts: the kernel's own KVM in an emulated machine, and Debian 13"
tools/ci/check-hosts.sh

step "asan-ubsan: build"
tools/build.sh asan-ubsan tests_with_sanitizers
step "asan-ubsan: all tests but those of whole systems"
tools/ci/run-tests.sh asan-ubsan -L 'unit|golden|integration'

step "tsan: build"
tools/build.sh tsan tests_with_threads
step "tsan: tests in which threads or processes meet"
tools/ci/run-tests.sh tsan -L threads

step "valgrind"
tools/ci/valgrind.sh

step "all passed"
