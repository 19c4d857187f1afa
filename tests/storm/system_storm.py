#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""A storm over a whole system: kills qvmd, qvm-regiond, its keeper, VM processes, host programs and command lines at
random, stops them for a while, starts VMs whose monitor lies, takes descriptors away, and, as root, fills the file system
of the runtime directory. Two guests are never killed; after each strike they must be the same processes as before, and a
host program that comes anew must hear both of them. Meanwhile `qvm ps` has to answer within some seconds whatever stands
still. Ends with 1 and says why if that does not hold, or if anything is left at the end."""
import argparse
import collections
import contextlib
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QVM_BUILD_DIR", SOURCE / "build" / "release"))
HELLO = SOURCE / "guests" / "examples" / "hello"
PATIENCE = 60  # seconds; emulated guests on a busy host are slow
ANSWER = 10  # seconds in which `qvm ps` answers; 2 s on an idle host
STRIKES = ("qvmd", "regiond", "keeper", "vm", "host", "cli", "qvmd and regiond", "regiond three times", "stopped vm",
           "stopped vm is ended", "stopped while starting", "stopped qvmd", "stopped regiond", "liar", "descriptors", "full disk")
LIES = ("gone", "closes", "silent", "noise", "nonsense", "chatter", "slow", "five")


class Broken(Exception):
    pass


def manifest(directory, name, guests, region):
    """Two guests that talk in a region and never leave it."""
    lines = ["vms:"]
    for guest, peer, source in ((guests[0], guests[1], "left"), (guests[1], guests[0], "right")):
        text = (HELLO / f"{source}.qvmconf").read_text().replace(f"system {source}", f"system {guest}")
        (directory / f"{guest}.qvmconf").write_text(text.replace("allow moo", f"allow {region}"))
        lines += [f"  {guest}:", f"    config: {guest}.qvmconf",
                  f'    options: [cmdline, "name={guest} peer={peer} region={region} peers=1000000 shm=0x1c050000 irq=10"]']
    path = directory / f"{name}.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


class System:
    def __init__(self, directory):
        self.directory = directory
        self.runtime = directory / "r"
        self.environment = {**os.environ, "QVM_RUNTIME_DIR": str(self.runtime), "QVM_GUESTS": str(BUILD / "share/qvm/guests"),
                            "PATH": f"{directory}/bin:{os.environ['PATH']}"}
        (directory / "bin").mkdir()
        (directory / "bin" / "real").symlink_to(shutil.which("qemu-system-x86_64"))
        shutil.copy(SOURCE / "tests/storm/lying_qemu.py", directory / "bin" / "qemu-system-x86_64")
        self.runtime.mkdir()
        self.small = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=192m,mode=755", "qvm-storm", self.runtime], check=False).returncode == 0
        self.steady = manifest(directory, "steady", ("left", "right"), "moo")
        self.shaken = manifest(directory, "shaken", ("up", "down"), "goo")

    def start(self, *words):
        return subprocess.Popen([BUILD / "bin" / words[0], *words[1:]], env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *words):
        process = self.start(*words)
        try:
            return process.communicate(timeout=PATIENCE)[0], process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            raise Broken(f"{' '.join(map(str, words))} took longer than {PATIENCE} s") from None

    def pids(self, program, word=None, without=None):
        """Processes of this runtime directory; of VMs, those whose name is word."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = process.joinpath("cmdline").read_bytes().decode(errors="replace").split("\0")
                own = any(str(self.runtime) in part for part in words) or \
                    f"QVM_RUNTIME_DIR={self.runtime}".encode() in process.joinpath("environ").read_bytes().split(b"\0")
                state = process.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if not own or state in "ZX" or not pathlib.Path(words[0]).name.startswith(program):
                continue
            if word and not any(word in part for part in words) or without and without in words:
                continue
            found.append(int(process.name))
        return sorted(found)

    def machines(self, name):
        return self.pids("qemu", word=f"guest={name},")

    def expect_heard(self):
        """A host program that comes now hears both steady guests."""
        host = self.start("hello-host", "--name", "probe", "--patience", str(PATIENCE))
        heard = ""
        awaited = {"(left) says: hello", "(right) says: hello"}
        end = time.monotonic() + PATIENCE
        os.set_blocking(host.stdout.fileno(), False)
        while awaited and time.monotonic() < end and host.poll() is None:
            time.sleep(0.02)
            with contextlib.suppress(BlockingIOError):
                heard += os.read(host.stdout.fileno(), 1 << 16).decode(errors="replace")
            awaited = {words for words in awaited if words not in heard}
        host.kill()
        host.wait()
        if awaited:
            raise Broken(f"a host program did not hear {sorted(awaited)}; it heard:\n{heard}")

    def expect_answer(self):
        start = time.monotonic()
        output, status = self.run("qvm", "ps")
        if status != 0 or time.monotonic() - start > ANSWER:
            raise Broken(f"qvm ps ended with {status} after {time.monotonic() - start:.1f} s:\n{output}")

    def expect_running(self, names, patience=0):
        """At once, or within so many seconds."""
        end = time.monotonic() + patience
        while True:
            listed, status = self.run("qvm", "ps")
            running = {line.split()[0] for line in listed.splitlines() if "running" in line.split()}
            if status == 0 and set(names) <= running:
                return
            if status != 0 or time.monotonic() >= end:
                raise Broken(f"qvm ps ended with {status}:\n{listed}")
            time.sleep(0.1)

    def up(self, path):
        output, status = self.run("qvm", "up", "--detach", "--accel", "tcg", path)
        if status != 0:
            raise Broken(f"qvm up {path.name} ended with {status}:\n{output}")


def kill(pids, number=signal.SIGKILL):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
    return len(pids)


@contextlib.contextmanager
def stopped(pids):
    kill(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        kill(pids, signal.SIGCONT)


def stop_while_starting(system, choose):
    """One of two VMs stands still while they are made, the other is killed; `qvm down` has to be the end of it."""
    system.run("qvm", "down", "up", "down")
    up = system.start("qvm", "up", "--detach", "--accel", "tcg", system.shaken)
    first, second = choose.sample(("up", "down"), 2)
    end = time.monotonic() + 10
    while not (pids := system.machines(first)) and up.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    with stopped(pids):
        time.sleep(choose.uniform(0, 0.3))
        killed = kill(system.machines(second)) if choose.random() < 0.7 else 0
        time.sleep(choose.uniform(0, 0.5))
        system.expect_answer()
        if choose.random() < 0.5:
            system.run("qvm", "down", "up", "down")
    system.run("qvm", "down", "up", "down")
    try:
        up.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise Broken("qvm up did not end after qvm down") from None
    system.up(system.shaken)
    return killed


def start_a_liar(system, choose):
    how = choose.choice(LIES)
    config = system.directory / "liar.qvmconf"
    config.write_text((HELLO / "left.qvmconf").read_text().replace("system left", f"system liar-{how}"))
    up = system.start("qvm", "up", "--detach", "--accel", "tcg", config)
    time.sleep(choose.uniform(0, 2))
    system.expect_answer()
    output, status = system.run("qvm", "down", f"liar-{how}")
    try:
        said = up.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        raise Broken(f"qvm up of a VM that lies ('{how}') did not end after qvm down ({status}: {output})") from None
    if up.returncode == 0:
        raise Broken(f"a VM that lies ('{how}') came up:\n{said}")
    end = time.monotonic() + PATIENCE
    while system.machines(f"liar-{how}") and time.monotonic() < end:
        time.sleep(0.05)
    if system.machines(f"liar-{how}"):
        raise Broken(f"the process of a VM that lies ('{how}') is left")
    return 1


def take_descriptors(system):
    """qvmd can open nothing more; who asks is told, or served after it."""
    pids = system.pids("qvmd")
    for pid in pids:
        try:
            highest = max(int(entry.name) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir())
            before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(highest + 1, before[1]), before[1]))
            system.run("qvm", "ps")
            system.run("qvm", "down", "up", "down")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        except (OSError, ValueError):
            continue
    system.run("qvm", "down", "up", "down")
    system.up(system.shaken)
    return len(pids)


def fill_the_disk(system, choose):
    """Commands may fail for want of room, and say so. After it everything is as before."""
    if not system.small:
        return 0
    filler = system.runtime / "filler.log"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while file.write(b"\0" * (1 << 16)) == 1 << 16:
            pass
    try:
        if choose.random() < 0.5:
            kill(system.pids("qvmd"))
        system.run("qvm", "ps")
        system.run("qvm", "down", "up", "down")
        output, status = system.run("qvm", "up", "--detach", "--accel", "tcg", system.shaken)
        # Without room a new qvmd leaves VMs as they are, and stops none.
        if status != 0 and "No space left" not in output and "is foreign already" not in output:
            raise Broken(f"qvm up on a full disk ended with {status}:\n{output}")
        kill(system.pids("qvm-regiond", without="--keeper"))
    finally:
        filler.unlink()
    system.run("qvm", "down", "up", "down")
    system.up(system.shaken)
    return 1


def strike(system, what, choose):
    """How many processes it killed or disturbed."""
    regiond = lambda: system.pids("qvm-regiond", without="--keeper")
    if what == "qvmd":
        return kill(system.pids("qvmd"))
    if what == "regiond":
        return kill(regiond())
    if what == "keeper":
        killed = kill(system.pids("qvm-regiond", word="--keeper"))
        # Until qvm-regiond has another one, its own death would lose everything.
        end = time.monotonic() + PATIENCE
        while not system.pids("qvm-regiond", word="--keeper") and time.monotonic() < end:
            time.sleep(0.02)
        return killed
    if what == "qvmd and regiond":
        return kill(system.pids("qvmd") + regiond())
    if what == "regiond three times":
        return sum(kill(regiond()) + (time.sleep(choose.uniform(0, 0.1)) or 0) for _ in range(3))
    if what == "vm":
        killed = kill(system.machines(choose.choice(("up", "down"))))
        time.sleep(choose.uniform(0, 1))
        system.run("qvm", "down", "up", "down")
        system.up(system.shaken)
        return killed
    if what == "stopped vm":
        with stopped(pids := system.machines(choose.choice(("up", "down")))):
            time.sleep(choose.uniform(0, 1))
            system.expect_answer()
        return len(pids)
    if what == "stopped vm is ended":
        name = choose.choice(("up", "down"))
        with stopped(pids := system.machines(name)):
            system.run("qvm", "down", name)
        system.run("qvm", "down", "up", "down")
        system.up(system.shaken)
        return len(pids)
    if what == "stopped while starting":
        return stop_while_starting(system, choose)
    if what in ("stopped qvmd", "stopped regiond"):
        with stopped(pids := system.pids("qvmd") if what == "stopped qvmd" else regiond()):
            time.sleep(choose.uniform(0, 3))
        return len(pids)
    if what == "liar":
        return start_a_liar(system, choose)
    if what == "descriptors":
        return take_descriptors(system)
    if what == "full disk":
        return fill_the_disk(system, choose)
    words = {"host": ("hello-host",), "cli": choose.choice((("qvm", "ps"), ("qvm", "regions"), ("qvm", "logs", "--follow", "left")))}
    process = system.start(*words[what])
    time.sleep(choose.uniform(0, 0.3))
    process.kill()
    process.wait()
    return 1


def run(system, seconds, strikes, choose):
    struck = collections.Counter()
    system.up(system.steady)
    system.up(system.shaken)
    machines = {name: system.machines(name) for name in ("left", "right")}
    system.expect_heard()
    end = time.monotonic() + seconds
    slowest = 0.0
    while time.monotonic() < end:
        time.sleep(choose.uniform(0, 0.5))
        what = choose.choice(strikes)
        try:
            struck[what] += strike(system, what, choose)
        except Broken as broken:
            raise Broken(f"in '{what}': {broken}") from None
        start = time.monotonic()
        for name, pids in machines.items():
            if system.machines(name) != pids or len(pids) != 1:
                raise Broken(f"after '{what}': VM '{name}' was {pids}, is {system.machines(name)}")
        try:
            system.expect_heard()
            # What could not be taken over a moment ago is tried again every second.
            system.expect_running(machines, ANSWER)
        except Broken as broken:
            raise Broken(f"after '{what}': {broken}") from None
        slowest = max(slowest, time.monotonic() - start)
    print(f"{sum(struck.values())} processes killed or disturbed in {seconds} s: "
          + ", ".join(f"{what} {count}" for what, count in sorted(struck.items()))
          + f"; the slowest check took {slowest:.1f} s", flush=True)
    if "full disk" in strikes and not system.small:
        print("left out: a full disk takes root, who can mount a small one")
    system.run("qvm", "down")
    end = time.monotonic() + PATIENCE
    while (left := system.pids("")) and time.monotonic() < end:
        time.sleep(0.1)
    if left:
        raise Broken(f"processes are left: {[pathlib.Path(f'/proc/{pid}/cmdline').read_text() for pid in left]}")
    files = [str(path) for path in system.runtime.rglob("*") if not path.is_dir() and "log" not in path.parts]
    files = [path for path in files if not path.endswith(".log")]
    if files:
        raise Broken(f"files are left: {files}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--only", action="append", choices=STRIKES, help="this strike and others so named, instead of all")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="qvmstorm."))
    directory.chmod(0o755)  # VMs of root have users of their own
    system = System(directory)
    try:
        run(system, options.seconds, options.only or STRIKES, random.Random(options.seed))
    except Broken as broken:
        print(broken, file=sys.stderr)
        print(f"logs are in {directory}", file=sys.stderr)
        return 1
    finally:
        kill(system.pids(""))
    if system.small:
        subprocess.run(["umount", "-l", system.runtime], check=False)
    shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
