# SPDX-License-Identifier: MIT
"""An HTTP client for tests: it sends exactly the bytes it is told to, and shows exactly what came back."""
import socket

from .suite import Failure


class Response:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        parts = lines[0].split(" ", 2)
        if len(parts) < 3 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
            raise Failure("not a status line: %r" % lines[0])
        self.version, self.status, self.reason = parts[0], int(parts[1]), parts[2]
        self.headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or name != name.strip() or not name:
                raise Failure("not a header line: %r" % line)
            self.headers[name.lower()] = value.strip()
        self.head, self.body = head, body


class Connection:
    """One TCP connection to a port of 127.0.0.1."""

    def __init__(self, port, limit=15, receive_buffer=None):
        self.sock = socket.socket()
        self.sock.settimeout(limit)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect(("127.0.0.1", port))
        self.limit, self.rest = limit, b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise Failure("sending %d bytes: %s" % (len(data), e)) from None

    def request(self, target="/", method="GET", headers="", version="HTTP/1.1"):
        self.send(("%s %s %s\r\nHost: test\r\n%s\r\n" % (method, target, version, headers)).encode())

    def end_sending(self):
        """Close our half of the connection."""
        self.sock.shutdown(socket.SHUT_WR)

    def piece(self, most=65536):
        """The next bytes; b"" at the end."""
        try:
            return self.sock.recv(most)
        except socket.timeout:
            raise Failure("nothing came for %.0f s" % self.limit) from None
        except OSError as e:
            raise Failure("receiving: %s" % e) from None

    def more(self):
        piece = self.piece()
        if not piece:
            raise Failure("the connection ended in the middle of an answer, after %r" % self.rest[-60:])
        self.rest += piece

    def response(self, to_head=False):
        """The next answer. One without a length ends with the connection."""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        answer = Response(head, b"")
        if to_head or answer.status in (204, 304):
            return answer
        length = answer.headers.get("content-length")
        if length is None:
            answer.body = self.all()
            return answer
        while len(self.rest) < int(length):
            self.more()
        answer.body, self.rest = self.rest[:int(length)], self.rest[int(length):]
        return answer

    def all(self):
        """Everything up to the end of the connection."""
        pieces = [self.rest]
        self.rest = b""
        while True:
            piece = self.piece()
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)


def get(port, target="/", limit=15):
    """One request on a connection of its own."""
    with Connection(port, limit) as c:
        c.request(target, headers="Connection: close\r\n")
        return c.response()
