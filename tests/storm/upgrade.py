#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""An upgrade beneath running VMs: builds an older commit, starts two guests that talk and one that is restarted with it,
replaces its files by those of build/release as a package manager does, and lets qvmd, qvm-regiond, the keeper and a VM die one
after the other. The guests must stay the same processes, a host program of either release must hear them, and the VM
must come back from the older release's record. Ends with 1 and says why if that does not hold."""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
NEW = pathlib.Path(os.environ.get("QVM_BUILD_DIR", SOURCE / "build" / "release"))
# The last commit before a record, a message between processes or the journal of regions changed. Raise it with the next change.
BEFORE_A_CHANGE = "38fd8c1"
PROGRAMS = ("bin", "lib", "share")


def build(commit):
    """The older product, in build/upgrade-COMMIT."""
    tree = SOURCE / "build" / f"upgrade-{commit}"
    programs = tree / "build" / "demo"
    if not (tree / "tools" / "build.sh").exists():
        tree.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run(["git", "-C", SOURCE, "archive", commit], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
    print(f"building {commit} (5 minutes, once)", flush=True)
    subprocess.run([tree / "tools" / "build.sh", "demo"], check=True, stdout=subprocess.DEVNULL)
    return programs


def put(programs, prefix):
    """Each file appears in one step, as when a package manager unpacks it; what runs keeps the file that it has."""
    for folder in PROGRAMS:
        for source in (programs / folder).rglob("*"):
            target = prefix / folder / source.relative_to(programs / folder)
            if source.is_dir() and not source.is_symlink():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(target.name + ".fresh")
            shutil.copy2(source, fresh, follow_symlinks=False)
            fresh.replace(target)


def wait_for(what, condition):
    end = time.monotonic() + storm.PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise storm.Broken(f"{what} did not come within {storm.PATIENCE} s")
        time.sleep(0.1)


def check(system, prefix):
    system.up(system.steady)
    system.shaken.write_text("".join(f"{line}\n    restart: on-failure\n" if "config:" in line else f"{line}\n"
                                     for line in system.shaken.read_text().splitlines()))
    system.up(system.shaken)
    machines = {name: system.machines(name) for name in ("left", "right")}
    listener = system.start("hello-host", "--name", "older")

    def expect_service(after):
        try:
            system.expect_heard()
            system.expect_running(("left", "right", "up", "down"))
            if listener.poll() is not None:
                raise storm.Broken(f"the older host program has ended: {listener.stdout.read()}")
        except storm.Broken as broken:
            raise storm.Broken(f"after {after}: {broken}") from None
        for name, pids in machines.items():
            if system.machines(name) != pids or len(pids) != 1:
                raise storm.Broken(f"after {after}: VM '{name}' was {pids}, is {system.machines(name)}")
        print(f"after {after}: everything runs", flush=True)

    expect_service("the start by the older release")
    put(NEW, prefix)
    expect_service("new files, all processes older")
    storm.kill(system.pids("qvmd"))
    expect_service("the death of qvmd")
    daemon = lambda: system.pids("qvm-regiond", without="--keeper")
    older = daemon()
    storm.kill(older)
    wait_for("another qvm-regiond", lambda: daemon() and daemon() != older)
    expect_service("the death of qvm-regiond")
    keeper = system.pids("qvm-regiond", word="--keeper")
    storm.kill(keeper)
    wait_for("another keeper", lambda: system.pids("qvm-regiond", word="--keeper") not in ([], keeper))
    expect_service("the death of the keeper")
    before = system.machines("up")
    storm.kill(before)
    wait_for("the restart of VM 'up'", lambda: system.machines("up") not in ([], before))
    system.expect_running(("up",), storm.PATIENCE)
    expect_service("the death of a VM")
    listener.kill()
    listener.wait()
    output, status = system.run("qvm", "down")
    if status != 0:
        raise storm.Broken(f"qvm down ended with {status}:\n{output}")
    wait_for("the end of every process", lambda: not system.pids(""))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit", default=BEFORE_A_CHANGE, help="the older release, or a folder in which it is built")
    options = parser.parse_args()
    older = pathlib.Path(options.commit) if os.path.isdir(options.commit) else build(options.commit)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="qvmupgrade."))
    directory.chmod(0o755)
    prefix = directory / "prefix"
    put(older, prefix)
    storm.BUILD = prefix
    system = storm.System(directory)
    try:
        check(system, prefix)
    except storm.Broken as broken:
        print(broken, file=sys.stderr)
        print(f"logs are in {directory}", file=sys.stderr)
        return 1
    finally:
        storm.kill(system.pids(""), signal.SIGKILL)
        if system.small:
            subprocess.run(["umount", "-l", system.runtime], check=False)
    shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    import system_storm as storm
    sys.exit(main())
