#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Notify round trip between two guests: qvm's shmem vdev and QEMU's ivshmem-doorbell in the same two QEMU processes."""
import argparse

from harness import (accelerators, figures, finish, median, plugin_arguments, qemu_arguments, region_manager, scratch,
                     start)
from ivshmem_server import IvshmemServer


def run_pair(accelerator, rounds, block):
    with scratch() as directory, region_manager(directory, ["ping", "pong"]) as sockets:
        server = IvshmemServer(str(directory / "ivshmem"))
        server.start()
        try:
            guests = {}
            for role in ("pong", "ping"):
                guests[role] = start(
                    qemu_arguments(accelerator, "pingpong", f"role={role} rounds={rounds} block={block}")
                    + plugin_arguments(directory, role, sockets[role])
                    + ["-chardev", f"socket,id=ivs,path={directory}/ivshmem",
                       "-device", "ivshmem-doorbell,chardev=ivs,vectors=1"])
            output = finish(guests["ping"], 120)
            finish(guests["pong"], 20)
        finally:
            for guest in guests.values():
                guest.kill()
                guest.wait()
            server.stop()
    return figures(output, "qvm"), figures(output, "ivshmem")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--block", type=int, default=100)
    options = parser.parse_args()
    print(f"method: two QEMUs, each with both devices; one guest rings, sleeps in hlt until the other's handler answers;"
          f" {options.rounds} round trips per device in turns of {options.block}; {options.runs} runs;"
          " the guest's time stamp counter; ratio = median of the runs' median ratios")
    print(f"{'accel':5} {'device':8} {'median us':>10} {'p90 us':>8} {'p99 us':>8} {'mean us':>8}  ratio to ivshmem")
    for accelerator in accelerators():
        runs = [run_pair(accelerator, options.rounds, options.block) for _ in range(options.runs)]
        ratio = {key: median([ours[key] / theirs[key] for ours, theirs in runs]) for key in ("median", "mean")}
        for index, name in enumerate(("qvm", "ivshmem")):
            row = [median([run[index][key] * 1000 / run[index]["tsc_khz"] for run in runs])
                   for key in ("median", "p90", "p99", "mean")]
            shown = f"median {ratio['median']:.2f}, mean {ratio['mean']:.2f}" if index == 0 else ""
            print(f"{accelerator:5} {name:8} {row[0]:10.1f} {row[1]:8.1f} {row[2]:8.1f} {row[3]:8.1f}  {shown}")


if __name__ == "__main__":
    main()
