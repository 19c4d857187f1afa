#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Resident memory that vmhost and one shmem vdev add to a VM's process."""
import argparse
import socket
import time

from harness import accelerators, median, plugin_arguments, qemu_arguments, region_manager, scratch, start


def resident_kib(accelerator, directory, extra):
    """Rss of a VM that is set up and stopped before its first instruction."""
    monitor = directory / "monitor"
    guest = start(qemu_arguments(accelerator, "hello") + ["-S", "-qmp", f"unix:{monitor},server=on,wait=off"] + extra)
    try:
        with socket.socket(socket.AF_UNIX) as client:
            while client.connect_ex(str(monitor)) != 0:
                time.sleep(0.01)
            client.recv(4096)  # the greeting: sent when the machine is complete
            client.sendall(b'{"execute":"qmp_capabilities"}\n')
            client.recv(4096)
            with open(f"/proc/{guest.pid}/smaps_rollup", encoding="ascii") as rollup:
                fields = dict(line.split(":", 1) for line in rollup if ":" in line)
            return int(fields["Rss"].split()[0])
    finally:
        guest.kill()
        guest.wait()
        monitor.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    print(f"method: Rss of QEMU with and without the plugin, set up and stopped before the first instruction, in turns;"
          f" median of {options.runs}")
    print(f"{'accel':5} {'with KiB':>9} {'without':>9} {'added':>7}")
    for accelerator in accelerators():
        ours, plain = [], []
        with scratch() as directory, region_manager(directory, ["one"]) as sockets:
            for _ in range(options.runs):
                ours.append(resident_kib(accelerator, directory, plugin_arguments(directory, "one", sockets["one"])))
                plain.append(resident_kib(accelerator, directory, []))
        print(f"{accelerator:5} {median(ours):9.0f} {median(plain):9.0f} {median(ours) - median(plain):7.0f}")


if __name__ == "__main__":
    main()
