#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""check-walkthrough.py PAGE BIN: does what a page tells its reader to do, and compares what is printed.

A fenced block behind a line with "Save this as `NAME`" becomes that file. A fenced block that begins with "$ " is a
session: each "$ COMMAND" is run, all of a page in one scratch directory with BIN first in PATH, and has to print the lines
that follow it, and to end with status 0, or with N if the last of these is "(exit status N)". In these "…" stands for
anything, and a line that is nothing but "…" for any lines. A command that only looks (LOOKS below) is repeated until it prints
what it should, as a reader does who is too quick. Exit status 1: the page is wrong.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

LOOKS = ("qvm ps", "qvm regions", "qvm logs")
PATIENCE = 20 * int(os.environ.get("QVM_TEST_SLOWNESS", "1"))
FENCE = "```"


def pattern(lines):
    """What the expected lines match."""
    parts = []
    for line in lines:
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(re.escape(piece.rstrip() if last else piece) for piece, last in pieces(line)) + r" *\n")
    return re.compile("".join(parts))


def pieces(line):
    cut = line.split("…")
    return [(piece, number == len(cut) - 1) for number, piece in enumerate(cut)]


def blocks(text):
    """The fenced blocks: the line number of each, its lines, and the name it is to be saved as."""
    found, lines, name = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(FENCE):
            if lines is None:
                start, lines = number, []
            else:
                found.append((start, lines, name))
                lines = name = None
        elif lines is not None:
            lines.append(line)
        elif match := re.search(r"[Ss]ave this as `([^`]+)`", line):
            name = match[1]
    return found


def run(command, directory, environment):
    """What it printed, and its status; it and all that it has started are ended when it takes too long."""
    with subprocess.Popen(["bash", "-c", command], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          start_new_session=True) as process:
        try:
            return process.communicate(timeout=2 * PATIENCE)[0], process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.communicate()[0] + "(it did not end)\n", -1


def check(number, command, expected, directory, environment):
    status = 0
    if expected and (told := re.fullmatch(r"\(exit status (\d+)\)", expected[-1])):
        status, expected = int(told[1]), expected[:-1]
    wanted = pattern(expected)
    end = time.monotonic() + (PATIENCE if command.startswith(LOOKS) else 0)
    while True:
        printed, ended = run(command, directory, environment)
        if ended == status and wanted.fullmatch(printed):
            return True
        if time.monotonic() >= end:
            print(f"line {number}: $ {command}\n--- the page says (status {status})\n" + "\n".join(expected) +
                  f"\n--- it printed (status {ended})\n{printed}")
            return False
        time.sleep(0.1)


def walk(page, directory, environment):
    walked = 0
    for start, lines, name in blocks(page.read_text()):
        if name is not None:
            (directory / name).write_text("\n".join(lines) + "\n")
            continue
        if not lines or not lines[0].startswith("$ "):
            continue
        steps = [index for index, line in enumerate(lines) if line.startswith("$ ")]
        for step, after in zip(steps, steps[1:] + [len(lines)]):
            if not check(start + 1 + step, lines[step][2:], lines[step + 1:after], directory, environment):
                return False
            walked += 1
    if walked == 0:
        print(f"{page}: there is nothing to do on it")
    return walked > 0


def main():
    page, programs = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory(prefix="qvm-walk.") as scratch:
        place = pathlib.Path(scratch)
        # VMs of root run as users of their own.
        place.chmod(0o755)
        (place / "run").mkdir(mode=0o755)
        (place / "work").mkdir(mode=0o755)
        environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "QVM_RUNTIME_DIR": str(place / "run")}
        try:
            return 0 if walk(page, place / "work", environment) else 1
        finally:
            run("qvm down", place, environment)


if __name__ == "__main__":
    sys.exit(main())
