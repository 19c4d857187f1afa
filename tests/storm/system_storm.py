#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""A storm over a whole system: kills qvmd, qvm-regiond, its keeper, VM processes, host programs and command lines at
random. Two guests are never killed; after each kill they must be the same processes as before, and a host program that
comes anew must hear both of them. Ends with 1 and says why if that does not hold, or if anything is left at the end."""
import argparse
import collections
import contextlib
import os
import pathlib
import random
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
KILLS = ("qvmd", "regiond", "keeper", "vm", "host", "cli", "qvmd and regiond", "regiond three times")


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
        self.environment = {**os.environ, "QVM_RUNTIME_DIR": str(self.runtime), "QVM_GUESTS": str(BUILD / "share/qvm/guests")}
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

    def up(self, path):
        output, status = self.run("qvm", "up", "--detach", "--accel", "tcg", path)
        if status != 0:
            raise Broken(f"qvm up {path.name} ended with {status}:\n{output}")


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return len(pids)


def strike(system, what, choose):
    """How many processes it killed."""
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
    words = {"host": ("hello-host",), "cli": choose.choice((("qvm", "ps"), ("qvm", "regions"), ("qvm", "logs", "--follow", "left")))}
    process = system.start(*words[what])
    time.sleep(choose.uniform(0, 0.3))
    process.kill()
    process.wait()
    return 1


def run(system, seconds, choose):
    kills = collections.Counter()
    system.up(system.steady)
    system.up(system.shaken)
    machines = {name: system.machines(name) for name in ("left", "right")}
    system.expect_heard()
    end = time.monotonic() + seconds
    slowest = 0.0
    while time.monotonic() < end:
        time.sleep(choose.uniform(0, 0.5))
        what = choose.choice(KILLS)
        kills[what] += strike(system, what, choose)
        start = time.monotonic()
        for name, pids in machines.items():
            if system.machines(name) != pids or len(pids) != 1:
                raise Broken(f"after '{what}': VM '{name}' was {pids}, is {system.machines(name)}")
        try:
            system.expect_heard()
            listed, status = system.run("qvm", "ps")
            if status != 0 or not all(any(name in line.split() and "running" in line.split() for line in listed.splitlines())
                                      for name in machines):
                raise Broken(f"qvm ps ended with {status}:\n{listed}")
        except Broken as broken:
            raise Broken(f"after '{what}': {broken}") from None
        slowest = max(slowest, time.monotonic() - start)
    print(f"{sum(kills.values())} processes killed in {seconds} s: "
          + ", ".join(f"{what} {count}" for what, count in sorted(kills.items()))
          + f"; the slowest check took {slowest:.1f} s", flush=True)
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
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="qvmstorm."))
    directory.chmod(0o755)  # VMs of root have users of their own
    system = System(directory)
    try:
        run(system, options.seconds, random.Random(options.seed))
    except Broken as broken:
        print(broken, file=sys.stderr)
        print(f"logs are in {directory}", file=sys.stderr)
        return 1
    finally:
        kill(system.pids(""))
    shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
