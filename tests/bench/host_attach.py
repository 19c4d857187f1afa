#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Attach and detach by a host program, and what they leave in the region manager."""
import argparse
import os
import pathlib
import re
import subprocess
import time

from harness import BUILD, median, region_manager, scratch


def footprint(pid):
    """(resident KiB, descriptors, mappings)"""
    process = pathlib.Path(f"/proc/{pid}")
    resident = int(process.joinpath("status").read_text().split("VmRSS:")[1].split()[0])
    return (resident, len(list(process.joinpath("fd").iterdir())), len(process.joinpath("maps").read_text().splitlines()))


def managers(directory):
    """{pid: (resident KiB, descriptors, mappings)} of the processes of this directory's qvm-regiond."""
    found = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("exe").readlink().name != "qvm-regiond":
                continue
            if str(directory) not in process.joinpath("cmdline").read_text():
                continue
            found[int(process.name)] = footprint(process.name)
        except (OSError, IndexError):
            continue
    return found


def shared_kib():
    """Memory of memfds and tmpfs on this host."""
    return int(re.search(r"^Shmem:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.MULTILINE).group(1))


def measure(options, held):
    with scratch() as directory, region_manager(directory, ["vm"]):
        time.sleep(0.1)  # what is sent to the keeper may wait a little in its socket
        before = managers(directory)
        shared = shared_kib()
        command = [BUILD / "tests" / "host_cycles", str(options.cycles), str(options.pages)]
        output = subprocess.run([*command, *(["held"] if held else [])], check=True, capture_output=True, text=True,
                                env={**os.environ, "QVM_RUNTIME_DIR": str(directory)}).stdout
        time.sleep(0.1)
        after = managers(directory)
        shared = (shared, shared_kib())
        files = sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))
    tenths = [int(line) for line in output.split()]
    print("region " + ("held by another process" if held else "created and destroyed in each cycle"))
    print(f"median of tenths: {median(tenths) / 1000:.1f} us a cycle, {1e9 / median(tenths):.0f} cycles a second;"
          f" fastest tenth {min(tenths) / 1000:.1f} us; first {tenths[0] / 1000:.1f} us, last {tenths[-1] / 1000:.1f} us")
    for pid, figures in after.items():
        changes = ", ".join(f"{name} {old} -> {new}" for name, old, new in
                            zip(("resident KiB", "descriptors", "mappings"), before[pid], figures))
        print(f"qvm-regiond[{pid}]: {changes}")
    print(f"shared memory of the host: {shared[0]} -> {shared[1]} KiB; files: {' '.join(files)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=50_000)
    parser.add_argument("--pages", type=int, default=1)
    options = parser.parse_args()
    print(f"method: one host program attaches and detaches {options.cycles} times without a pause, all processes on one CPU;"
          " no peer has this operation")
    cpu = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    for held in (False, True):
        measure(options, held)


if __name__ == "__main__":
    main()
