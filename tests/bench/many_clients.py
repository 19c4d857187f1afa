#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""What many VMs on many regions cost the region manager: memory, descriptors, and how long attaches and signals take."""
import argparse
import pathlib
import subprocess
import time

from harness import BUILD, figures, region_manager, scratch
from host_attach import managers


def proportional_kib(pid):
    """Of what it has mapped, its share."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.split("Pss:")[1].split()[0])


def show(when):
    def look(directory):
        for pid, (resident, descriptors, mappings) in managers(directory).items():
            print(f"{when}: qvm-regiond[{pid}]: resident {resident} KiB, proportional {proportional_kib(pid)} KiB,"
                  f" descriptors {descriptors}, mappings {mappings}")
    return look


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=64)
    parser.add_argument("--regions", type=int, default=256)
    options = parser.parse_args()
    print(f"method: {options.vms} VMs' sockets, a client on each, {options.regions} regions of one page with four clients each;"
          " a signal is from the call to the status read, without a context switch")
    with scratch() as directory, region_manager(directory, [f"vm{i}" for i in range(options.vms)]) as sockets:
        time.sleep(0.2)
        show("before")(directory)
        process = subprocess.Popen([BUILD / "tests" / "many_clients", str(options.regions), *sockets.values()],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        output = process.stdout.readline() + process.stdout.readline()
        time.sleep(0.2)
        show("all attached")(directory)
        process.communicate()
        time.sleep(0.5)
        show("all gone")(directory)
    for operation in ("attach", "signal"):
        row = figures(output, operation)
        print(f"{operation}: {row['count']} times, median {row['median_ns'] / 1000:.1f} us, p99 {row['p99_ns'] / 1000:.1f} us,"
              f" longest {row['max_ns'] / 1000:.1f} us")


if __name__ == "__main__":
    main()
