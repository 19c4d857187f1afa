#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Attach and detach as the guest sees them: the time of the store into `size`, and of the one into `detach`."""
import argparse
import collections
import contextlib
import time

from harness import (accelerators, figures, finish, plugin_arguments, qemu_arguments, region_manager, scratch, start)
from host_attach import footprint, managers


def run(accelerator, cycles, pages, pause_us, seconds=300):
    """The guest's console; {"VM": [footprints], "qvm-regiond[PID]": [footprints]} every half second of its life."""
    seen = collections.defaultdict(list)
    with scratch() as directory, region_manager(directory, ["one"]) as sockets:
        guest = start(qemu_arguments(accelerator, "attach-bench", f"cycles={cycles} pages={pages} pause_us={pause_us}")
                      + plugin_arguments(directory, "one", sockets["one"]))
        end = time.monotonic() + seconds
        while guest.poll() is None and time.monotonic() < end:
            time.sleep(0.5)
            with contextlib.suppress(OSError, ValueError, IndexError):
                seen["VM"].append(footprint(guest.pid))
                for pid, figures_of in managers(directory).items():
                    seen[f"qvm-regiond[{pid}]"].append(figures_of)
        return finish(guest, 10), seen


def soak(accelerator, cycles):
    print(f"method: one guest attaches and detaches {cycles} times without a pause; the processes after a tenth of the time"
          " and at the end")
    output, seen = run(accelerator, cycles, 1, 0, seconds=24 * 3600)
    row = figures(output, "attach")
    print(f"{accelerator}: attach {row['median'] * 1000 / row['tsc_khz']:.1f} us median")
    for process, all_of_it in seen.items():
        changes = zip(("resident KiB", "descriptors", "mappings"), all_of_it[len(all_of_it) // 10], all_of_it[-1])
        print(f"{process}: " + ", ".join(f"{name} {old} -> {new}" for name, old, new in changes))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=2500)
    parser.add_argument("--pause-us", type=int, default=1000)
    parser.add_argument("--soak", type=int, metavar="CYCLES", help="only so many cycles, and what they leave behind")
    options = parser.parse_args()
    if options.soak:
        return soak(accelerators()[0], options.soak)
    print(f"method: one guest attaches and detaches {options.cycles} times, {options.pause_us} us apart; each attach creates"
          " the region, each detach destroys it; the guest's time stamp counter; no peer has this operation")
    print(f"{'accel':5} {'KiB':>5} {'operation':9} {'median us':>10} {'p99 us':>8} {'first 100':>10} {'last 100':>9}")
    for accelerator in accelerators():
        for pages in (1, 16, 256):
            output, _ = run(accelerator, options.cycles, pages, options.pause_us)
            ends = figures(output, "attach-bench")
            for operation in ("attach", "detach"):
                row = figures(output, operation)
                micro = 1000 / row["tsc_khz"]
                shown = f"{ends['first'] * micro:10.1f} {ends['last'] * micro:9.1f}" if operation == "attach" else ""
                print(f"{accelerator:5} {pages * 4:5} {operation:9} {row['median'] * micro:10.1f} {row['p99'] * micro:8.1f} {shown}")


if __name__ == "__main__":
    main()
