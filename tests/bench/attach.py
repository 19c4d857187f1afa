#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Attach and detach as the guest sees them: the time of the store into `size`, and of the one into `detach`."""
import argparse

from harness import (accelerators, figures, finish, plugin_arguments, qemu_arguments, region_manager, scratch, start)


def run(accelerator, cycles, pages, pause_us):
    with scratch() as directory, region_manager(directory, ["one"]) as sockets:
        guest = start(qemu_arguments(accelerator, "attach-bench", f"cycles={cycles} pages={pages} pause_us={pause_us}")
                      + plugin_arguments(directory, "one", sockets["one"]))
        return finish(guest, 300)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=2500)
    parser.add_argument("--pause-us", type=int, default=1000)
    options = parser.parse_args()
    print(f"method: one guest attaches and detaches {options.cycles} times, {options.pause_us} us apart; each attach creates"
          " the region, each detach destroys it; the guest's time stamp counter; no peer has this operation")
    print(f"{'accel':5} {'KiB':>5} {'operation':9} {'median us':>10} {'p99 us':>8} {'first 100':>10} {'last 100':>9}")
    for accelerator in accelerators():
        for pages in (1, 16, 256):
            output = run(accelerator, options.cycles, pages, options.pause_us)
            ends = figures(output, "attach-bench")
            for operation in ("attach", "detach"):
                row = figures(output, operation)
                micro = 1000 / row["tsc_khz"]
                shown = f"{ends['first'] * micro:10.1f} {ends['last'] * micro:9.1f}" if operation == "attach" else ""
                print(f"{accelerator:5} {pages * 4:5} {operation:9} {row['median'] * micro:10.1f} {row['p99'] * micro:8.1f} {shown}")


if __name__ == "__main__":
    main()
