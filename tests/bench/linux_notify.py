#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Notify round trip of programs in Linux guests and on the host: a region, ivshmem-doorbell and TCP over virtio-net."""
import argparse
import contextlib
import os
import signal
import subprocess

from harness import (BUILD, figures, finish, linux_arguments, median, plugin_arguments, region_manager, scratch, start)
from ivshmem_server import IvshmemServer

NAMES = ("qvm", "ivshmem", "tcp")
MODULES = ("guest_shm", "virtio_pci", "virtio_net", "ivshmem_uio")
ADDRESSES = {"ping": "10.1.1.1", "pong": "10.1.1.2"}
PORT = 4711
TAP = "qvmbench0"


def guest(directory, sockets, role, network, options):
    command = (f"ip addr add {ADDRESSES[role]}/24 dev eth0; ip link set eth0 up;"
               f" notify-bench {role} {ADDRESSES['pong']} {PORT} '' {options.rounds} {options.block}")
    return start(linux_arguments(MODULES, command) + plugin_arguments(directory, role, sockets[role])
                 + ["-netdev", network, "-device", "virtio-net-pci,netdev=net0",
                    "-chardev", f"socket,id=ivs,path={directory}/ivshmem",
                    "-device", "ivshmem-doorbell,chardev=ivs,vectors=1"])


def between_guests(directory, role):
    """Ethernet frames as datagrams between two sockets: the shortest way QEMU has."""
    other = "pong" if role == "ping" else "ping"
    return (f"dgram,id=net0,local.type=unix,local.path={directory}/net.{role},"
            f"remote.type=unix,remote.path={directory}/net.{other}")


@contextlib.contextmanager
def host_network():
    """A TAP device with the address of pong."""
    make = (f"ip tuntap add dev {TAP} mode tap", f"ip addr add {ADDRESSES['pong']}/24 dev {TAP}", f"ip link set {TAP} up")
    try:
        for command in make:
            subprocess.run(command.split(), check=True)
        yield f"tap,id=net0,ifname={TAP},script=no,downscript=no"
    finally:
        subprocess.run(["ip", "link", "delete", TAP], check=False)


@contextlib.contextmanager
def echo_on_host(directory, _, options):
    echo = subprocess.Popen([BUILD / "tests" / "host_notify", "pong", ADDRESSES["pong"], str(PORT), f"{directory}/ivshmem",
                             str(options.rounds), str(options.block)],
                            env={**os.environ, "QVM_RUNTIME_DIR": str(directory)}, start_new_session=True)
    try:
        with host_network() as network:
            yield network
    finally:
        os.killpg(echo.pid, signal.SIGKILL)
        echo.wait()


@contextlib.contextmanager
def echo_in_guest(directory, sockets, options):
    echo = guest(directory, sockets, "pong", between_guests(directory, "pong"), options)
    try:
        yield between_guests(directory, "ping")
    finally:
        echo.kill()
        echo.communicate()


def run(echo, options):
    with scratch() as directory, region_manager(directory, ["ping", "pong"]) as sockets:
        server = IvshmemServer(str(directory / "ivshmem"))
        server.start()
        try:
            with echo(directory, sockets, options) as network:
                output = finish(guest(directory, sockets, "ping", network, options), 280)
        finally:
            server.stop()
    return {name: figures(output, name) for name in NAMES}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--block", type=int, default=100)
    options = parser.parse_args()
    print(f"method: a program in a Linux guest under TCG rings and sleeps in poll() until the other one, asleep in poll(), has"
          f" answered; {options.rounds} round trips per way in turns of {options.block}; {options.runs} runs; ratio = median of"
          " the runs' ratios of medians to qvm's")
    print("qvm: our driver; ivshmem: ivshmem-doorbell with a UIO driver for its MSI-X (uio_pci_generic binds, but serves INTx"
          " only); TCP: virtio-net, between guests over QEMU's datagram sockets, to the host over TAP")
    print(f"{'between':12} {'way':8} {'median us':>10} {'p90 us':>8} {'p99 us':>8} {'mean us':>8}  ratio")
    echoes = {"two guests": echo_in_guest, "guest, host": echo_on_host}
    if os.geteuid() != 0:
        print("guest, host: left out, only root may make a TAP device")
        del echoes["guest, host"]
    for ends, echo in echoes.items():
        runs = [run(echo, options) for _ in range(options.runs)]
        for name in NAMES:
            row = [median([one[name][f"{key}_ns"] / 1000 for one in runs]) for key in ("median", "p90", "p99", "mean")]
            ratio = median([one[name]["median_ns"] / one["qvm"]["median_ns"] for one in runs])
            print(f"{ends:12} {name:8} {row[0]:10.1f} {row[1]:8.1f} {row[2]:8.1f} {row[3]:8.1f}  {ratio:.2f}")


if __name__ == "__main__":
    main()
