#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Stands in for qemu-system-x86_64 where it comes first in PATH. A VM whose name begins with "liar-" gets a process whose
monitor misbehaves in the way that the rest of the name says; everything else gets the QEMU that the link `real` beside this file leads to."""
import os
import socket
import sys
import time

GREETING = b'{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}}\n'


def guest(words):
    for word in words:
        if word.startswith("guest="):
            return word[len("guest="):].split(",")[0]
    return ""


def monitor(words):
    """The socket that libvirt made for the monitor and listens at."""
    for word in words:
        if word.startswith("socket,id=charmonitor,fd="):
            return int(word.split("fd=")[1].split(",")[0])
    return None


def lie(how, listener):
    if how == "gone":
        return
    while True:
        client, _ = listener.accept()
        if how == "closes":
            client.close()
            continue
        if how == "silent":
            time.sleep(3600)
        client.sendall(b"\x00\xff{{{\n" if how == "noise" else GREETING)
        while client.recv(65536):
            if how == "nonsense":
                client.sendall(b'{"error":{"desc":5}}\n{"return":[[[]]]}\n7\n')
            elif how == "chatter":
                client.sendall(b'{"event":"STOP","timestamp":{"seconds":1,"microseconds":1}}\n' * 1000)
            elif how == "slow":
                time.sleep(2)
                client.sendall(b'{"return":{}}\n')
            else:
                client.sendall(b'{"return":5}\n')


def main():
    name = guest(sys.argv)
    if not name.startswith("liar-"):
        os.execv(os.readlink(os.path.join(os.path.dirname(os.path.realpath(__file__)), "real")), sys.argv)
    fd = monitor(sys.argv)
    if fd is None:
        sys.exit("no monitor")
    if "-daemonize" in sys.argv:
        if os.fork() != 0:
            os._exit(0)
        os.setsid()
    lie(name[len("liar-"):], socket.socket(fileno=fd))


if __name__ == "__main__":
    main()
