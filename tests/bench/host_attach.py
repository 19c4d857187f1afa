#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Attach and detach by a host program, and what they leave in the region manager."""
import argparse
import os
import pathlib
import subprocess

from harness import BUILD, median, region_manager, scratch


def managers(directory):
    """{pid: (resident KiB, descriptors)} of the processes of this directory's qvm-regiond."""
    found = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("exe").readlink().name != "qvm-regiond":
                continue
            if str(directory) not in process.joinpath("cmdline").read_text():
                continue
            status = process.joinpath("status").read_text()
            resident = int(status.split("VmRSS:")[1].split()[0])
            found[int(process.name)] = (resident, len(list(process.joinpath("fd").iterdir())))
        except OSError:
            continue
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=50_000)
    parser.add_argument("--pages", type=int, default=1)
    options = parser.parse_args()
    print(f"method: one host program attaches and detaches {options.cycles} times without a pause, all processes on one CPU;"
          " each attach creates the region, each detach destroys it; no peer has this operation")
    cpu = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    with scratch() as directory, region_manager(directory, ["vm"]):
        before = managers(directory)
        output = subprocess.run([BUILD / "tests" / "host_cycles", str(options.cycles), str(options.pages)], check=True,
                                capture_output=True, text=True, env={**os.environ, "QVM_RUNTIME_DIR": str(directory)}).stdout
        after = managers(directory)
    tenths = [int(line) for line in output.split()]
    print(f"median of tenths: {median(tenths) / 1000:.1f} us a cycle, {1e9 / median(tenths):.0f} cycles a second;"
          f" first tenth {tenths[0] / 1000:.1f} us, last {tenths[-1] / 1000:.1f} us")
    for pid, (resident, descriptors) in after.items():
        print(f"qvm-regiond[{pid}]: resident {before[pid][0]} -> {resident} KiB, descriptors {before[pid][1]} -> {descriptors}")


if __name__ == "__main__":
    main()
