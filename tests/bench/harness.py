# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the benches share: where the build is, QEMU with our plugin, figures read from a guest's console."""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QVM_BUILD_DIR", SOURCE / "build" / "release"))
GUESTS = BUILD / "share" / "qvm" / "guests"
PLUGINS = BUILD / "lib" / "qvm"
QEMU = "qemu-system-x86_64"
SHMEM_ADDRESS = 0x1C050000
SHMEM_LINE = 10
KVM_GET_API_VERSION = 0xAE00


def accelerators():
    """tcg, and kvm where it can be used."""
    found = ["tcg"]
    with contextlib.suppress(OSError):
        with open("/dev/kvm", "rb") as kvm:
            if fcntl.ioctl(kvm, KVM_GET_API_VERSION) == 12:
                found.append("kvm")
    if "kvm" not in found:
        print("kvm: left out, /dev/kvm cannot be used here")
    return found


@contextlib.contextmanager
def scratch():
    """A directory that is gone afterwards; short, because socket paths are limited to 107 bytes."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="qvmb.", dir="/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def region_manager(directory, vms):
    """A qvm-regiond with these VMs registered; yields {vm: socket}."""
    command = [BUILD / "tests" / "hold_vms", directory, BUILD / "bin" / "qvm-regiond", *vms]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        sockets = [holder.stdout.readline().strip() for _ in vms]
        if not all(sockets):
            raise RuntimeError("hold_vms failed")
        yield dict(zip(vms, sockets))
    finally:
        holder.stdin.close()
        holder.wait(timeout=10)


def plugin_arguments(directory, vm, socket):
    """-plugin with a vmhost.json for one shmem vdev."""
    path = directory / f"{vm}.json"
    path.write_text(json.dumps({
        "version": 1, "vm": vm,
        "vdevs": [{
            "id": "shmem0", "type": "shmem", "name": "", "object": str(PLUGINS / "vdev-shmem.so"), "place": "bench",
            "loc": {"space": "memory", "address": SHMEM_ADDRESS, "length": 4096},
            "interrupt": {"controller": "ioapic", "line": SHMEM_LINE},
            "window": {"address": 0x80000000, "length": 0x10000000},
            "region_socket": socket, "options": [],
        }],
    }))
    return ["-plugin", f"file={PLUGINS / 'libqvm-vmhost.so'},config={path}"]


def machine(accelerator, memory_mib):
    accel = "tcg,thread=multi" if accelerator == "tcg" else accelerator
    return [QEMU, "-accel", accel, "-smp", "1,maxcpus=2", "-machine", "pc", "-m", str(memory_mib), "-display", "none",
            "-vga", "none", "-nic", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot", "-nodefaults",
            "-bios", "qboot.rom"]


def qemu_arguments(accelerator, guest, append=""):
    return machine(accelerator, 64) + ["-kernel", str(GUESTS / f"{guest}.elf"),
                                       "-append", f"shm={SHMEM_ADDRESS:#x} irq={SHMEM_LINE} {append}"]


def linux_arguments(modules, command, memory_mib=256):
    """QEMU with the Linux guest of tools/linux-image.sh, the benches' programs and drivers in it, under TCG: a KVM in
    software takes minutes to boot one. The driver is told where the device is; then the guest runs command."""
    image = BUILD / "linux-bench"
    programs = BUILD / "tests" / "linux"
    subprocess.run([SOURCE / "tools" / "linux-image.sh", "--module", SOURCE / "tests" / "bench" / "linux" / "ivshmem",
                    "--add", programs / "copy-bench", "--add", programs / "notify-bench", image], check=True)
    words = (f"console=ttyS0 quiet qvm.modules={','.join(modules)}"
             f" guest_shm.addr={SHMEM_ADDRESS:#x} guest_shm.irq={SHMEM_LINE} -- sh -c \"{command}\"")
    return machine("tcg", memory_mib) + ["-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initramfs.gz"), "-append", words]


def start(arguments):
    """QEMU; what it says on standard error is shown only if the guest does not end as it should."""
    return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, seconds):
    """Console output of a guest that ends by itself; kills it when it does not."""
    try:
        output, errors = process.communicate(timeout=seconds)
        why = f"QEMU ended with status {process.returncode}"
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        why = f"guest did not end within {seconds} s"
    if process.returncode != 0:
        raise RuntimeError(f"{why}; its console:\n{output}\nQEMU said:\n{errors}")
    return output


def figures(output, name):
    """{key: number} of the line 'NAME key=value …'."""
    line = re.search(rf"^{re.escape(name)} (.*)$", output, re.MULTILINE)
    if not line:
        raise RuntimeError(f"no line '{name} …' in:\n{output}")
    return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)\b", line.group(1))}


def median(values):
    return statistics.median(values)
