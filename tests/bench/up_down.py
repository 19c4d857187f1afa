#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""`qvm up --detach` and `qvm down` of 1 and 4 VMs, beside the same domain XML through libvirt without us, beside QEMU."""
import argparse
import os
import pathlib
import socket
import subprocess
import time
import xml.etree.ElementTree as ET

from harness import BUILD, accelerators, median, qemu_arguments, scratch, start

CONFIG = """system {name}
ram 64M
cpu
load "$env{{QVM_GUESTS}}/idle.elf"
vdev ioapic loc 0xfec00000 intr apic name myioapic
vdev ser8250 intr myioapic:4
vdev shmem loc 0x1c050000 intr myioapic:10
"""
QEMU_NAMESPACE = "{http://libvirt.org/schemas/domain/qemu/1.0}"


def qvm(directory, accelerator, *words):
    command = [BUILD / "bin" / "qvm", *words]
    if words[0] in ("up", "plan"):
        command += ["--accel", accelerator]
    environment = dict(os.environ, QVM_RUNTIME_DIR=str(directory / "run"))
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def without_us(xml, directory):
    """The same domain: no plugin, no table of ours; sockets and logs in a directory that exists without qvm."""
    ET.register_namespace("qemu", QEMU_NAMESPACE.strip("{}"))
    domain = ET.fromstring(xml)
    for line in domain.findall(f"{QEMU_NAMESPACE}commandline"):
        arguments = list(line)
        for option, value in zip(arguments, arguments[1:]):
            if option.get("value") in ("-plugin", "-acpitable"):
                line.remove(option)
                line.remove(value)
    # Nobody gives the VM's user access to /dev/kvm here, so the peer's run as root: one step less than ours.
    for label in domain.findall("seclabel"):
        domain.remove(label)
    for element in list(domain.iter("source")) + list(domain.iter("log")):
        for key in ("path", "file"):
            if element.get(key):
                element.set(key, str(directory / f"{domain.findtext('name')}.{element.tag}"))
    return ET.tostring(domain, encoding="unicode")


def libvirt_round(root, files):
    """(ms until all run, ms to destroy all) in one process of its own."""
    quiet = dict(os.environ, LIBVIRT_DEBUG="4")  # errors only
    peer = subprocess.Popen([BUILD / "tests" / "libvirt_peer", root, *files], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True, env=quiet)
    started = peer.stdout.readline().split()
    peer.stdin.write("\n")
    peer.stdin.flush()
    stopped = peer.stdout.readline().split()
    if peer.wait(timeout=30) != 0 or not started or not stopped:
        raise RuntimeError("libvirt_peer failed")
    return float(started[1]), float(stopped[1])


def qvm_round(directory, accelerator, configs):
    begin = time.monotonic()
    qvm(directory, accelerator, "up", "--detach", *configs)
    middle = time.monotonic()
    qvm(directory, accelerator, "down")
    return (middle - begin) * 1000, (time.monotonic() - middle) * 1000


def qemu_round(directory, accelerator, count):
    """Plain QEMUs in parallel until each one's QMP greets; killed afterwards."""
    begin = time.monotonic()
    monitors = [directory / f"qmp{i}" for i in range(count)]
    guests = [start(qemu_arguments(accelerator, "idle") + ["-qmp", f"unix:{monitor},server=on,wait=off"])
              for monitor in monitors]
    for monitor in monitors:
        with socket.socket(socket.AF_UNIX) as client:
            while client.connect_ex(str(monitor)) != 0:
                time.sleep(0.002)
            client.recv(4096)
    up = (time.monotonic() - begin) * 1000
    begin = time.monotonic()
    for guest in guests:
        guest.kill()
    for guest in guests:
        guest.wait()
    for monitor in monitors:
        monitor.unlink()
    return up, (time.monotonic() - begin) * 1000


def peer_root(directory):
    root = directory / "peer"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "qemu.conf").write_text(
        'stdio_handler = "file"\nuser = "root"\ngroup = "root"\ndynamic_ownership = 0\nremember_owner = 0\n')
    return root


def row(accelerator, count, name, rounds, reference):
    up, down = (median([r[i] for r in rounds]) for i in (0, 1))
    ratio = median([ours[0] / theirs[0] for ours, theirs in zip(rounds, reference)])
    print(f"{accelerator:5} {count:3}  {name:22} {up:8.0f} {ratio:6.2f} {down:8.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    print(f"method: wall time of whole processes, in turns, median of {options.runs}, one warm-up round each; qvm: `qvm up"
          " --detach` with no daemon running, then `qvm down`; libvirt: a process that opens the embedded driver, starts"
          " and destroys the same XML without plugin and account in parallel; QEMU: parallel processes until QMP greets, for information")
    print(f"{'accel':5} {'VMs':3}  {'way':22} {'up ms':>8} {'ratio':>6} {'down ms':>8}   (ratio of up to libvirt's)")
    for accelerator in accelerators():
        for count in (1, 4):
            with scratch() as directory:
                directory.chmod(0o755)
                root = peer_root(directory)
                configs, files = [], []
                for i in range(count):
                    config = directory / f"vm{i}.qvmconf"
                    config.write_text(CONFIG.format(name=f"vm{i}"))
                    configs.append(str(config))
                    file = directory / f"vm{i}.xml"
                    file.write_text(without_us(qvm(directory, accelerator, "plan", "--xml", str(config)), root))
                    files.append(str(file))
                root.chmod(0o777)
                rounds = {"qvm": [], "libvirt": [], "QEMU": []}
                for _ in range(options.runs + 1):
                    rounds["qvm"].append(qvm_round(directory, accelerator, configs))
                    rounds["libvirt"].append(libvirt_round(root, files))
                    rounds["QEMU"].append(qemu_round(directory, accelerator, count))
                measured = {name: values[1:] for name, values in rounds.items()}
                row(accelerator, count, "qvm", measured["qvm"], measured["libvirt"])
                row(accelerator, count, "libvirt, same XML", measured["libvirt"], measured["libvirt"])
                row(accelerator, count, "QEMU alone", measured["QEMU"], measured["libvirt"])


if __name__ == "__main__":
    main()
