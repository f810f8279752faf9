# SPDX-License-Identifier: MIT
"""Connections to user/ixremote.c, and what it counts."""
import re
import socket
import struct
import time

LIMIT = 30
ERRORS = {"refused": -23, "reset": -24, "aborted": -26}
_SERVER = ["10.0.2.15", 7]


def server():
    return tuple(_SERVER)


def set_server(host=None, port=None):
    _SERVER[:] = [host or _SERVER[0], int(port or _SERVER[1])]


class Wrong(Exception):
    """The guest did something else."""


class Remote:
    """A connection to the guest."""

    def __init__(self, port=None, source=0, limit=LIMIT, window=0):
        self.sock = socket.socket()
        self.sock.settimeout(limit)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if window:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        if source:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.bind(("", source))
        self.sock.connect((server()[0], port or server()[1]))
        self.rest = b""

    def send(self, text):
        self.sock.sendall(text if isinstance(text, bytes) else text.encode() + b"\n")

    def line(self):
        while b"\n" not in self.rest:
            piece = self.sock.recv(65536)
            if not piece:
                raise Wrong("the connection ended in the middle of a line: %r" % self.rest)
            self.rest += piece
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def ask(self, text, want=None):
        self.send(text)
        answer = self.line()
        if want is not None and answer != want:
            raise Wrong("%r is answered %r, not %r" % (text, answer, want))
        return answer

    def echo(self, text):
        self.ask(text, text)

    def exactly(self, n):
        got = bytearray(self.rest[:n])
        self.rest = self.rest[n:]
        while len(got) < n:
            piece = self.sock.recv(min(n - len(got), 1 << 20))
            if not piece:
                raise Wrong("%d of %d bytes came" % (len(got), n))
            got += piece
        return bytes(got)

    def expect_end(self):
        if self.rest or self.sock.recv(100):
            raise Wrong("bytes where the end should be")

    def expect_reset(self):
        try:
            got = self.sock.recv(100)
        except ConnectionResetError:
            return
        raise Wrong("%r where a reset should be" % got)

    def unacked(self):
        """Segments on their way, by the host's own TCP."""
        info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        return struct.unpack_from("I", info, 24)[0]

    def close(self):
        self.sock.close()

    def slam(self):
        """Close by RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def report(control):
    return {k: int(v) for k, v in re.findall(r"(\w+) (\d+)", control.ask("?"))}


def settle(control, limit=LIMIT, **want):
    """The counts must become these. `alive` connections are open, and `lent` buffers lent, with this one and its question."""
    deadline = time.monotonic() + limit
    while True:
        now = report(control)
        now["alive"] = now["came"] - now["dead"]
        if now["mistakes"]:
            raise Wrong("the guest saw its connections' events out of order: %r" % now)
        if all(now[k] == v for k, v in want.items()):
            return now
        if time.monotonic() > deadline:
            raise Wrong("%r does not come to %r" % (now, want))
        time.sleep(0.05)
