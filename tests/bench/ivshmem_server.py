# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
"""A minimal peer server for QEMU's ivshmem-doorbell: what the notify bench compares with.

Wire format (QEMU's ivshmem specification): little-endian signed 64-bit messages, some with a descriptor. First the
protocol version 0, the client's own id, then -1 with the shared memory; afterwards one message (peer id, eventfd) per
vector of every peer, the client's own last. A peer id without a descriptor says that this peer left.
"""
import array
import contextlib
import os
import selectors
import socket
import struct
import sys
import threading


class IvshmemServer(threading.Thread):
    """Serves one shared memory of `size` bytes on `path` until stop()."""

    def __init__(self, path, size=1 << 20):
        super().__init__(daemon=True)
        self._path = path
        self._memory = os.memfd_create("ivshmem")
        os.ftruncate(self._memory, size)
        self._peers = {}  # socket -> (id, eventfd)
        self._next_id = 0
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(8)
        self._wake, self._wake_writer = os.pipe()

    def stop(self):
        os.write(self._wake_writer, b"x")
        self.join()
        os.unlink(self._path)

    def run(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._wake:
                        return
                    if key.fileobj is self._listener:
                        selector.register(self._accept(), selectors.EVENT_READ)
                    elif self._has_left(key.fileobj):
                        selector.unregister(key.fileobj)
                        self._leave(key.fileobj)

    @staticmethod
    def _has_left(client):
        try:
            return not client.recv(64)
        except ConnectionResetError:  # a killed QEMU
            return True

    @staticmethod
    def _send(client, value, fd=None):
        control = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        client.sendmsg([struct.pack("<q", value)], control)

    def _accept(self):
        client, _ = self._listener.accept()
        own_id, own_event = self._next_id, os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._next_id += 1
        self._send(client, 0)
        self._send(client, own_id)
        self._send(client, -1, self._memory)
        for peer, (peer_id, peer_event) in self._peers.items():
            self._send(peer, own_id, own_event)
            self._send(client, peer_id, peer_event)
        self._send(client, own_id, own_event)
        self._peers[client] = (own_id, own_event)
        return client

    def _leave(self, client):
        gone, event = self._peers.pop(client)
        client.close()
        os.close(event)
        for peer in self._peers:
            with contextlib.suppress(OSError):  # it may be leaving, too
                self._send(peer, gone)


if __name__ == "__main__":
    server = IvshmemServer(sys.argv[1])
    server.start()
    sys.stdin.read()
    server.stop()
