#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""qvm-lint: a set of VMs from a cold process beside virt-xml-validate on the same domains, cost per VM, bytes a second."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time

from harness import BUILD, figures, median, scratch

LINT = str(BUILD / "bin" / "qvm-lint")
QVM = str(BUILD / "bin" / "qvm")

# One VM as people write them; addresses and lines are a PC's, what differs between VMs is in braces.
CONFIG = """# {name}: a Linux guest with a console, a clock and shared memory
system {name}

# The classic map of a PC.
ram 0,0xa0000
reserve loc 0xa0000,0x20000
rom 0xc0000,0x40000
ram 1m,63m

cpu sched 10
cpu sched 10

load "$env{{QVM_GUESTS}}/hello.elf"
cmdline "console=ttyS0,115200 root=/dev/ram0 quiet
         vm={name}"

vdev ioapic
    loc 0xfec00000 intr apic
    name myioapic
vdev ser8250  # the console
    intr myioapic:4
    hostdev >-
vdev timer8254 intr myioapic:0
vdev mc146818 reg 0x0b,0x02
vdev 8259 loc 0x20
vdev 8259 loc 0xa0
vdev pckeyboard
vdev shmem
    loc 0x1c050000 intr myioapic:10
    create {name}-frames,64K,0640
    allow {name}-*
vdev shmem
    loc 0x1c060000 intr myioapic:11
    create {name}-status,4K
    allow {name}-*

logger fatal,internal,error,warn stderr
set exit-on-halt off
"""


def write_set(directory, count):
    """Paths of count configurations that are clean as one set."""
    paths = []
    for number in range(count):
        path = directory / f"vm{number:04}.qvmconf"
        path.write_text(CONFIG.format(name=f"vm{number:04}"))
        paths.append(str(path))
    return paths


def run_ms(command, status=0):
    """Milliseconds from the start of a new process to its end; its output goes nowhere."""
    actions = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)]
    begin = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    duration = (time.perf_counter() - begin) * 1000
    if ended != status:
        raise RuntimeError(f"{command[:3]} … ended with status {ended}")
    return duration


def row(name, times, note=""):
    ordered = sorted(times)
    print(f"{name:34} {median(ordered):9.2f} {ordered[len(ordered) * 9 // 10]:9.2f} {ordered[0]:9.2f}  {note}")


def validators(directory, paths):
    """One XML file per VM, as libvirt would be given it."""
    files = []
    for path in paths:
        xml = subprocess.run([QVM, "plan", "--runtime-dir", str(directory), "--xml", "--accel", "tcg", path],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        file = path.removesuffix(".qvmconf") + ".xml"
        with open(file, "wb") as output:
            output.write(xml.stdout)
        files.append(file)
    return files


def processes(runs):
    print(f"method: wall time of new processes, files in the page cache, {runs} runs in turns; a set of 10 VMs that is clean;"
          " virt-xml-validate once per domain of the same VMs (qvm plan --xml), added up; true: what a process costs")
    print(f"{'process':34} {'median ms':>9} {'p90 ms':>9} {'best ms':>9}")
    with scratch() as directory:
        paths = write_set(directory, 10)
        have_peer = shutil.which("virt-xml-validate") is not None
        domains = validators(directory, paths) if have_peer else []
        ours, formatted, nothing, theirs = [], [], [], []
        for turn in range(runs):
            nothing.append(run_ms(["true"]))
            ours.append(run_ms([LINT, *paths]))
            formatted.append(run_ms([QVM, "fmt", "--check", *paths]))
            if domains and turn < 3:
                theirs.append(sum(run_ms(["virt-xml-validate", domain, "domain"]) for domain in domains))
        row("true", nothing)
        row("qvm-lint, 10 VMs", ours, "target: median below 10 ms")
        row("qvm fmt --check, 10 VMs", formatted)
        if theirs:
            row("virt-xml-validate, 10 domains", theirs, f"{median(theirs) / median(ours):.0f} times qvm-lint (3 runs)")
        else:
            print("virt-xml-validate: not installed")
    return statistics.median(ours)


def growth(runs):
    print(f"\nmethod: qvm-lint on one set of N VMs, a new process each; median of {runs} runs")
    print(f"{'VMs':>5} {'median ms':>10} {'ms per VM':>10}")
    with scratch() as directory:
        paths = write_set(directory, 1000)
        for count in (10, 100, 1000):
            took = median([run_ms([LINT, *paths[:count]]) for _ in range(runs)])
            print(f"{count:5} {took:10.2f} {took / count:10.3f}")


def rates():
    print("\nmethod: the same VM again and again in one text, read inside one process; freed memory kept; median of 31"
          " runs; MB are 10^6 bytes;"
          " parse: to options in contexts; check: to the model, with every rule")
    with scratch() as directory:
        path = write_set(directory, 1)[0]
        output = subprocess.run([BUILD / "tests" / "lint_rate", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    print(f"{'text':>8} {'lex':>12} {'parse':>12} {'check':>12} {'format':>12}")
    for size in (16, 32, 64, 128):
        cells = []
        for step in ("lex", "parse", "check", "format"):
            figure = figures(output, f"{step}-{size}")
            cells.append(f"{figure['bytes'] * 1000 / figure['ns']:7.1f} MB/s")
        print(f"{size:5} kB {' '.join(cells)}   {'target: parse at 50 MB/s or more' if size == 128 else ''}")
    print(f"option tables: {figures(output, 'tables')['ns'] / 1e6:.2f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--fail-above-ms", type=float, help="exit status 1 if a set of 10 VMs takes longer")
    options = parser.parse_args()
    took = processes(options.runs)
    growth(max(3, options.runs // 10))
    rates()
    if options.fail_above_ms is not None and took > options.fail_above_ms:
        sys.exit(f"qvm-lint took {took:.2f} ms for 10 VMs; at most {options.fail_above_ms} are allowed")


if __name__ == "__main__":
    main()
