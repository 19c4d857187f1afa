#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that folders include only what the table in docs/architecture.md lets them use.

A row of the table is "| `folder/` | what it holds | `folder/`, … |": its folder, with those below it that have no row of
their own, may use itself and the folders of the last column with everything below them. Prints every include that is
not allowed, and every folder with code that has no row; exit status 1 if there is one.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = "docs/architecture.md"
PARTS = ("config", "vdevs", "qvm", "tools", "schemas")
ROW = re.compile(r"^\| `([a-z0-9_/-]+/)` \|.*\| ([^|]*) \|$")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)


def read_table():
    rows = {}
    for line in (TOP / PAGE).read_text().splitlines():
        if match := ROW.match(line):
            rows[match[1]] = re.findall(r"`([a-z0-9_/-]+/)`", match[2])
    return rows


def row_of(path, rows):
    """The row that a file belongs to: the longest one that its path begins with."""
    return max((row for row in rows if path.startswith(row)), key=len, default=None)


def main():
    rows = read_table()
    complaints = [f"{PAGE}: `{folder}` is not a folder" for folder in rows if not (TOP / folder).is_dir()]
    files = [file for part in PARTS for file in (TOP / part).rglob("*") if file.suffix in (".h", ".cpp")]
    for file in sorted(files):
        path = str(file.relative_to(TOP))
        own = row_of(path, rows)
        if own is None:
            complaints.append(f"{path}: {PAGE} has no row for its folder")
            continue
        for included in INCLUDE.findall(file.read_text()):
            if not (TOP / included).exists():
                continue  # generated, or of a library
            its = row_of(included, rows)
            if its != own and not any(included.startswith(folder) for folder in rows[own]):
                complaints.append(f"{path}: includes '{included}', but {PAGE} does not let `{own}` use it")
    if not rows:
        complaints.append(f"{PAGE}: no table of folders was found")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
