#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""How long a newcomer waits: tools/demo.sh in a fresh clone, without a compiler cache, packages installed; then once more.

Beside it, with --plain, the same product built one source at a time, as in the release build."""
import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time

from harness import SOURCE

PRODUCT = ["qvm", "qvmd", "qvm-regiond", "qvm-relay", "qvm-lint", "libqvm-vmhost", "vdev-shmem", "vdev-wdt-sp805", "hello-host",
           "qvm-chat", "guests"]


def timed(what, command, clone):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    subprocess.run(command, cwd=clone, check=True, env=dict(os.environ, CCACHE_DISABLE="1"), stdout=subprocess.DEVNULL)
    wall = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what}: {wall:.0f} s, {cpu:.0f} s of CPU", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plain", action="store_true", help="measure the plain build of the product as well")
    arguments = parser.parse_args()
    print(f"method: a clone of the last commit, CCACHE_DISABLE=1, {os.cpu_count()} CPUs, one run each")
    directory = tempfile.mkdtemp(prefix="qvm-bench.")
    try:
        subprocess.run(["git", "clone", "-q", SOURCE, directory + "/qvm"], check=True)
        timed("tools/demo.sh, first", ["tools/demo.sh"], directory + "/qvm")
        timed("tools/demo.sh, again", ["tools/demo.sh"], directory + "/qvm")
        if arguments.plain:
            timed("plain build of the product", ["tools/build.sh", "release", *PRODUCT], directory + "/qvm")
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
