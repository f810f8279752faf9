# SPDX-License-Identifier: MIT
"""The key-value server with the clients of memcached; and the dataplane's programs that connect to others."""
import hashlib
import http.server
import os
import random
import re
import socket
import struct
import threading
import time

from gradelib import Failure, check_output, needs_program, needs_tap
from grade import suite
from grade.programs import NO_PANIC
from harness.http import Connection

suite.part("programs")

PORT = 11211
CLIENTS = [needs_program("memccapable")]  # all clients come in one package
HOST = "10.0.2.2"                         # this host, as the guest sees it


def serve(t, *args, **boot):
    """A machine whose ixkv is ready. On the user network, unless `tap` is given."""
    if not boot.get("tap"):
        boot.setdefault("ports", (PORT,))
    machine = t.boot("ixkv", args=args, fs=False, cpus=2, **boot)
    machine.expect(r"^ixkv: .* on CPU \d", limit=30)
    return machine


def capable(option):
    """memccapable exits with 0 even if tests fail: its words count."""
    def play(t):
        port = serve(t, capture=True).port(PORT)
        out = t.run("memccapable", "-h", "127.0.0.1", "-p", str(port), option, limit=120)
        if "All tests passed" not in out or "FAIL" in out:
            raise Failure(out)
    return play


suite.add("kv-text", "memccapable passes in full: text protocol", 10, capable("-a"), unless=CLIENTS)
suite.add("kv-binary", "memccapable passes in full: binary protocol", 10, capable("-b"), unless=CLIENTS)


@suite.test(5, "memccp, memccat, memcstat and memcrm: a file of 700 KB and back", unless=CLIENTS)
def kv_files(t):
    port = serve(t).port(PORT)
    server = "--servers=127.0.0.1:%d" % port
    name, back = os.path.join(t.folder, "large"), os.path.join(t.folder, "back")
    with open(name, "wb") as f:
        f.write(random.Random(7).getrandbits(8 * 700000).to_bytes(700000, "little"))
    for protocol in ((), ("--binary",)):
        t.run("memccp", server, *protocol, name)
        t.run("memccat", server, *protocol, "--file=" + back, "large")
        with open(name, "rb") as a, open(back, "rb") as b:
            if a.read() != b.read():
                raise Failure("what memccat gets is not what memccp put")
        check_output(t.run("memcstat", server), [r"\s*curr_items: 1", r"\s*evictions: 0"])
        t.run("memcrm", server, "large")


@suite.test(10, "memcslap: set, get and mget by 16 clients, text and binary (tap)", unless=[needs_tap] + CLIENTS)
def kv_slap(t):
    tap = t.namespace()
    machine = serve(t, tap=tap, memory=256)
    for protocol in ((), ("--binary",), ("--non-blocking", "--tcp-nodelay")):
        for test in ("set", "get", "mget"):
            out = t.run("memcslap", "--servers=10.0.2.15:%d" % PORT, "--concurrency=16", "--execute-number=500",
                        "--initial-load=1000", "--test=" + test, *protocol, limit=120, tap=tap)
            if "Time total" not in out:
                raise Failure(out)
    check_output(machine.text, never=[NO_PANIC])


def ask(connection, words, end):
    """Send that, and return what comes up to `end`."""
    connection.send(words)
    while not connection.rest.endswith(end):
        connection.more()
    out, connection.rest = connection.rest, b""
    return out


def expect(connection, words, answer):
    out = ask(connection, words, answer[-5:])
    if out != answer:
        raise Failure("%r is answered by %r, not by %r" % (words[:80], out[:200], answer[:200]))


@suite.test(5, "a get of 1,000 keys, and a request in single bytes")
def kv_many_keys(t):
    with Connection(serve(t).port(PORT)) as c:
        keys = [b"key%d" % i for i in range(1000)]
        c.send(b"".join(b"set %s 3 0 %d noreply\r\n%s\r\n" % (key, len(key), key) for key in keys))
        values = b"".join(b"VALUE %s 3 %d\r\n%s\r\n" % (key, len(key), key) for key in keys)
        expect(c, b"get " + b" ".join(keys) + b"\r\n", values + b"END\r\n")
        for byte in b"append key1 0 0 4\r\ntail\r\nget key1":
            c.send(bytes([byte]))
        expect(c, b"\r\n", b"STORED\r\nVALUE key1 3 8\r\nkey1tail\r\nEND\r\n")


@suite.test(5, "the memory limit: old items go, new ones stay, large ones find room")
def kv_eviction(t):
    with Connection(serve(t, "-m", "2").port(PORT)) as c:
        value = b"v" * 1000
        for i in range(4000):
            c.send(b"set key%d 0 0 1000 noreply\r\n%s\r\n" % (i, value))
        expect(c, b"get key0 key3999\r\n", b"VALUE key3999 0 1000\r\n%s\r\nEND\r\n" % value)
        large = b"w" * 1000000
        expect(c, b"set large 0 0 1000000\r\n" + large + b"\r\n", b"STORED\r\n")
        expect(c, b"get large\r\n", b"VALUE large 0 1000000\r\n%s\r\nEND\r\n" % large)
        expect(c, b"get key3999\r\n", b"VALUE key3999 0 1000\r\n%s\r\nEND\r\n" % value)
        stats = dict(re.findall(rb"STAT (\w+) (\S+)", ask(c, b"stats\r\n", b"END\r\n")))
        if int(stats[b"bytes"]) > 2 << 20 or int(stats[b"evictions"]) < 2000:
            raise Failure("after 5 MB in 2 MB: %s bytes, %s evictions" % (stats[b"bytes"], stats[b"evictions"]))


@suite.test(5, "items expire, and a flush comes when it was told to")
def kv_time(t):
    machine = serve(t)
    with Connection(machine.port(PORT)) as c:
        expect(c, b"set a 0 2 1\r\n1\r\n", b"STORED\r\n")
        expect(c, b"set b 0 0 1\r\n2\r\n", b"STORED\r\n")
        expect(c, b"get a b\r\n", b"VALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n2\r\nEND\r\n")
        expect(c, b"flush_all 5\r\n", b"OK\r\n")
        machine.run_for(3)
        expect(c, b"get a b\r\n", b"VALUE b 0 1\r\n2\r\nEND\r\n")
        machine.run_for(4)
        expect(c, b"get b\r\n", b"END\r\n")


# --- Programs that connect to others ---

BODY = random.Random(3).getrandbits(8 * 300000).to_bytes(300000, "little").hex().encode()


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/page" else 404)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


def listening(t, backlog=5):
    """A socket that listens on a free port of this host until the test ends."""
    sock = socket.socket()
    t.undo.append(sock.close)
    sock.bind(("127.0.0.1", 0))
    sock.listen(backlog)
    return sock, str(sock.getsockname()[1])


def fetch(t, want, *args):
    machine = t.boot("ixfetch", args=args, fs=False, cpus=2, ports=(80,))
    machine.expect("^ixfetch: " + want, limit=20)
    return machine


@suite.test(5, "ixfetch gets a page of 600 KB from this host")
def fetch_page(t):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    t.undo.append(server.shutdown)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = str(server.server_address[1])
    machine = fetch(t, r"200 OK, %d bytes$" % len(BODY), "-b", HOST, port, "/page")
    shown = re.search(r"[0-9a-f]{%d}" % len(BODY), machine.text)
    if not shown or hashlib.sha256(shown.group().encode()).digest() != hashlib.sha256(BODY).digest():
        raise Failure("the body that it shows is not the one that was sent")
    fetch(t, r"404 Not Found, %d bytes$" % len(BODY), HOST, port, "/nosuchpage")


@suite.test(5, "ixfetch tells why there is no page: refused, timed out, reset")
def fetch_errors(t):
    sock, port = listening(t)
    sock.close()
    fetch(t, r".*: connection refused$", HOST, port, "/")
    fetch(t, r".*: connection timed out$", "-t", "2", "10.0.2.77", "80", "/")
    sock, port = listening(t)

    def reset_in_the_middle():
        peer, _ = sock.accept()
        peer.recv(4096)
        peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        time.sleep(1)  # QEMU's user network passes a reset on only when it has passed on what came before
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
    threading.Thread(target=reset_in_the_middle, daemon=True).start()
    fetch(t, r".*: connection reset by peer$", HOST, port, "/")


def receive(sock, n):
    data = b""
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise Failure("the other side left in the middle of a message")
        data += piece
    return data


@suite.test(5, "ixpingpong as client: messages of 64 bytes to 1 MB")
def pingpong_client(t):
    sock, port = listening(t)

    def play_along():
        peer, _ = sock.accept()
        for _ in range(15):
            size, rounds = struct.unpack(">II", receive(peer, 8))
            for _ in range(rounds):
                peer.sendall(receive(peer, size))
    threading.Thread(target=play_along, daemon=True).start()
    machine = t.boot("ixpingpong", args=("client", HOST, port, "3"), fs=False, cpus=2, ports=(5002,))
    machine.expect(r"^ixpingpong: done$", limit=60)
    check_output(machine.text, [r" *%d bytes      3 rounds .* Mbit/s" % (64 << i) for i in range(15)], in_order=True)


@suite.test(5, "ixpingpong as server: messages of 1 byte to 1 MB")
def pingpong_server(t):
    machine = t.boot("ixpingpong", args=("server",), fs=False, cpus=2, ports=(5002,))
    machine.expect(r"^ixpingpong: port 5002", limit=20)
    with Connection(machine.port(5002)) as c:
        for size in (1, 64, 1460, 1461, 65536, 1 << 20):
            c.send(struct.pack(">II", size, 2))
            for _ in range(2):
                c.send(b"x" * size)
                receive(c.sock, size)
        c.send(struct.pack(">II", (1 << 20) + 1, 1))  # too large: it hangs up
        if c.piece():
            raise Failure("it answers to a message that is too large")


def take(connection, n):
    """The next n bytes."""
    while len(connection.rest) < n:
        connection.more()
    out, connection.rest = connection.rest[:n], connection.rest[n:]
    return out


def exactly(connection, words):
    if take(connection, len(words)) != words:
        raise Failure("other bytes came back")


@suite.test(5, "a program written for IX's libix: only its includes are changed")
def classic(t):
    """
    user/ixclassic.c uses every public name of IX's event layer, and mempools, and begins at main; inc/ixcompat.h is all that
    it includes. A client has it answer in each of its ways, and be connected to.
    """
    for size in 1000, 3000:  # in one piece, and in several
        classic_of_size(t, size)


def classic_of_size(t, size):
    machine = t.boot("ixclassic", args=[str(size)], fs=False, cpus=2, ports=(7,))
    machine.expect("^ixclassic: messages of %d bytes" % size, limit=30)

    def message(n, kind):
        return kind + bytes(random.Random(n).choices(b"abcdefgh", k=size - 1))

    with Connection(machine.port(7)) as c, Connection(machine.port(7)) as other:
        for n in range(40):
            text = message(n, b"czt"[n % 3:n % 3 + 1])
            for connection in (c, other):
                connection.send(text)
            for connection in (c, other):
                exactly(connection, text)
        lent = 2 * len([n for n in range(40) if n % 3 == 1])
        c.send(message(0, b"n"))
        count = take(c, size).partition(b"\0")[0]
        if count != b"%d" % lent:
            raise Failure("%s answers were acknowledged, it says, of %d" % (count, lent))
        c.send(b"".join(message(n, b"z") for n in range(5)))  # all at once
        for n in range(5):
            exactly(c, message(n, b"z"))
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(30)
            text = (b"d%d " % server.getsockname()[1]).ljust(size, b".")
            c.send(text)
            back = server.accept()[0]
            with back, back.makefile("rb") as answers:
                back.settimeout(30)
                if answers.read(size) != text:
                    raise Failure("other bytes come by the connection that it made")
                back.sendall(message(1, b"c"))
                if answers.read(size) != message(1, b"c"):
                    raise Failure("the connection that it made does not answer")
    check_output(machine.text, never=[NO_PANIC])
