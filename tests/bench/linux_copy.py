#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Copying in a Linux guest: through a region of our driver, beside copying in ordinary memory of the same guest."""
import argparse
import sys

from harness import (figures, finish, linux_arguments, median, plugin_arguments, region_manager, scratch, start)

SIZES_KIB = (64, 256, 1024, 4096, 16384)


def run(turns):
    with scratch() as directory, region_manager(directory, ["one"]) as sockets:
        # Linux has it so on machines of 512 MiB and more, of which the device's address lets us have a little less.
        huge_pages = "echo always > /sys/kernel/mm/transparent_hugepage/enabled"
        guest = start(linux_arguments(["guest_shm"], f"{huge_pages}; copy-bench {turns}", memory_mib=448)
                      + plugin_arguments(directory, "one", sockets["one"]))
        output = finish(guest, 280)
    return {size: figures(output, f"copy-{size}") for size in SIZES_KIB}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--turns", type=int, default=101)
    parser.add_argument("--fail-below", type=float, metavar="RATIO", help="exit status 1 if a ratio of speeds is lower")
    options = parser.parse_args()
    print(f"method: a Linux guest under TCG, transparent huge pages on, all memory touched before; memcpy from anonymous memory to other anonymous"
          f" memory, to a region, and from it, in turns; median of {options.turns} turns, {options.runs} boots; ratio ="
          " speed through the region to speed in ordinary memory of the same turn, medians")
    print(f"{'KiB':>6} {'ordinary MB/s':>14} {'into MB/s':>10} {'out of MB/s':>12}  ratio into, out of")
    runs = [run(options.turns) for _ in range(options.runs)]
    lowest = None
    for size in SIZES_KIB:
        rows = [one[size] for one in runs]
        speed = [median([size * 1024 * 1000 / row[key] for row in rows]) for key in ("ordinary_ns", "into_ns", "out_of_ns")]
        ratios = [median([row[key] / 1000 for row in rows]) for key in ("into_permille", "out_of_permille")]
        lowest = min(ratios) if lowest is None else min(lowest, *ratios)
        print(f"{size:6} {speed[0]:14.0f} {speed[1]:10.0f} {speed[2]:12.0f}  {ratios[0]:.2f}, {ratios[1]:.2f}")
    print(f"lowest ratio {lowest:.2f}; target: 0.95 or more")
    if options.fail_below is not None and lowest < options.fail_below:
        sys.exit(f"copying through a region has {lowest:.2f} of the speed of ordinary memory; at least {options.fail_below} is wanted")


if __name__ == "__main__":
    main()
