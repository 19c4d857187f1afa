# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""user_namespace.py COUNT PROGRAM...: becomes PROGRAM as root of a user namespace with the host's first COUNT users
and groups, as containers have it. Exit 77: this host does not allow it."""
import ctypes
import os
import sys

CLONE_NEWUSER = 0x10000000


def become(program, unshared, mapped):
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        os._exit(77)
    os.write(unshared, b"1")
    if os.read(mapped, 1) != b"1":
        os._exit(77)
    os.execvp(program[0], program)


def main():
    count, program = int(sys.argv[1]), sys.argv[2:]
    is_unshared, unshared = os.pipe()
    is_mapped, mapped = os.pipe()
    child = os.fork()
    if child == 0:
        become(program, unshared, is_mapped)
    os.close(unshared)
    if os.read(is_unshared, 1) == b"1":
        try:
            for kind in ("uid_map", "gid_map"):
                with open(f"/proc/{child}/{kind}", "w", encoding="ascii") as file:
                    file.write(f"0 0 {count}")
            os.write(mapped, b"1")
        except OSError:
            os.write(mapped, b"0")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
