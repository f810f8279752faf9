#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The other side of user/ixremote.c: one scenario for each name, run where the guest can be reached.

usage: remote.py SCENARIO [HOST [PORT]]
Ends with status 1, and says why, when the guest does not do what it must.
"""
import errno
import os
import random
import re
import resource
import select
import socket
import struct
import sys
import time

HOST, PORT = "10.0.2.15", 7
LIMIT = 30
ERRORS = {"refused": -23, "reset": -24, "aborted": -26}


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
        self.sock.connect((HOST, port or PORT))
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


def scenario_echo():
    """From receive buffers, from ordinary pages, and from a page that is given up while it is lent."""
    control = Remote()
    for kind in "epu":
        with_length = [1, 2, 100, 1000, 1400]
        for i in range(200):
            control.echo(kind + str(i) + "x" * with_length[i % 5])
    settle(control, alive=1, loans=0)


def scenario_unacked_pages():
    """Pages that were given up while the peer's window was shut arrive intact, and come back."""
    control, slow = Remote(), Remote(window=4096)
    sent = b""
    for i in range(60):
        text = b"u%03d" % i + bytes(random.Random(i).choices(b"qrtvxyz", k=900)) + b"\n"
        slow.send(text)
        sent += text
        time.sleep(0.002)
    settle(control, alive=2)
    if report(control)["loans"] == 0:
        raise Wrong("nothing is lent, though the peer reads nothing")
    got = b""
    while len(got) < len(sent):
        got += slow.sock.recv(500)
    if got != sent:
        raise Wrong("the bytes are not those that were sent")
    slow.close()
    settle(control, alive=1, loans=0)


def scenario_lent_at_end():
    """A connection that is reset with pages lent gives them back."""
    control = Remote()
    for _ in range(20):
        slow = Remote()
        for i in range(20):
            slow.send("u" + "y" * 900)
        slow.slam()
    settle(control, alive=1, loans=0, lent=1)


def scenario_bulk():
    """Megabytes out of the heap, the right ones."""
    control = Remote()
    n = 5 << 20
    control.send("w%d" % n)
    got = control.exactly(n)
    pattern = bytes((i * 2654435761 & 0xffffffff) >> 24 for i in range(1 << 20))
    if got != pattern * 5:
        raise Wrong("the bytes are not the pattern's")
    settle(control, alive=1)


def scenario_close():
    control = Remote()
    for _ in range(20):
        c = Remote()
        c.send("c")
        c.expect_end()
        c.close()
    settle(control, alive=1, flows=1)


def scenario_close_delivers():
    """What was queued before a close arrives before the end."""
    control, c = Remote(), Remote()
    c.send("w300000")
    time.sleep(0.2)
    c.exactly(300000)
    c.send("c")
    c.expect_end()
    c.close()
    settle(control, alive=1)


def scenario_abort():
    control = Remote()
    for _ in range(20):
        c = Remote()
        c.send("a")
        c.expect_reset()
    settle(control, alive=1, flows=1)


def scenario_half_close():
    """The guest shuts down: its end arrives, and what the client still sends is taken until it ends, too."""
    control = Remote()
    for _ in range(10):
        c = Remote()
        c.send("h")
        c.expect_end()
        for i in range(10):
            c.send("efor nobody")
        c.sock.shutdown(socket.SHUT_WR)
        c.close()
    settle(control, alive=1, flows=1)


def scenario_peer_half_close():
    """The client shuts down after a request; the answer still arrives."""
    control = Remote()
    for _ in range(10):
        c = Remote()
        c.send("w100000")
        c.exactly(100000)
        c.sock.shutdown(socket.SHUT_WR)
        c.expect_end()
        c.close()
    settle(control, alive=1, flows=1)


def scenario_reset():
    """Clients that reset while data flows: exactly one end for each."""
    control = Remote()
    for i in range(50):
        c = Remote()
        c.send("w1000000")
        c.exactly(1000 * (i % 5))
        c.slam()
    settle(control, alive=1, flows=1)


def scenario_reject():
    control = Remote()
    control.ask("n1")
    for _ in range(10):
        try:
            Remote().expect_reset()
        except ConnectionResetError:
            pass
    control.ask("n0")
    Remote().echo("ehello")
    settle(control, refused=10, flows=1 + 1)


def scenario_wait():
    """What is sent before a connection is accepted is not lost."""
    control = Remote()
    control.ask("n2")
    cs = [Remote() for _ in range(100)]
    for i, c in enumerate(cs):
        c.send("emessage %d" % i)
    time.sleep(0.2)
    for c in cs[:10]:
        c.slam()  # while nobody has accepted them
    time.sleep(0.2)
    control.ask("A")
    for i, c in enumerate(cs[10:], 10):
        if c.line() != "emessage %d" % i:
            raise Wrong("the message sent before accept did not come back")
        c.close()
    settle(control, flows=1)


def scenario_backlog():
    """More connections than the backlog holds: some wait, none is lost, those that were there go on."""
    control = Remote()
    control.ask("n2")
    cs = []
    for _ in range(300):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex((HOST, PORT))
        cs.append(s)
    time.sleep(0.5)
    control.echo("estill here")
    for _ in range(20):
        control.ask("A")
        control.ask("n2")
        time.sleep(0.2)
        if all(select.select([], [s], [], 0)[1] for s in cs):
            break
    control.ask("A")
    for s in cs:
        s.settimeout(LIMIT)
        s.sendall(b"ehere\n")
        if s.recv(100) != b"ehere\n":
            raise Wrong("a connection from behind the backlog does not work")
        s.close()
    settle(control, alive=1, flows=1)


def scenario_connect():
    control = Remote()
    with socket.create_server(("", 0)) as server:
        server.settimeout(LIMIT)
        port = server.getsockname()[1]
        for _ in range(10):
            control.send("o%d" % port)
            conn, _peer = server.accept()
            if control.line() != "connected 0":
                raise Wrong("the guest is not told that it is connected")
            conn.sendall(b"eback and forth\n")
            if conn.recv(100) != b"eback and forth\n":
                raise Wrong("no echo on a connection that the guest made")
            conn.close()
            if control.line() != "dead 0":
                raise Wrong("the end is not told as a close")
        control.send("o%d" % port)
        conn, _peer = server.accept()
        control.line()
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.close()
        if control.line() != "dead %d" % ERRORS["reset"]:
            raise Wrong("the end is not told as a reset")
    control.ask("o%d" % port, "connected %d" % ERRORS["refused"])
    settle(control, alive=1)


def refused(port):
    try:
        Remote(port)
    except ConnectionRefusedError:
        return True
    return False


def scenario_unlisten():
    control = Remote()
    for _ in range(5):
        control.send("l8")
        deadline = time.monotonic() + 5
        while refused(8):
            if time.monotonic() > deadline:
                raise Wrong("port 8 does not listen")
        kept = Remote(8)
        kept.echo("eone")
        control.send("L8")
        time.sleep(0.2)
        if not refused(8):
            raise Wrong("port 8 listens still")
        kept.echo("eit goes on")
        kept.close()
    settle(control, alive=1, flows=1)


def again(connect):
    """The host may still wait for the last acknowledgement of the same connection."""
    for _ in range(100):
        try:
            return connect()
        except OSError as e:
            if e.errno != errno.EADDRNOTAVAIL:
                raise
            time.sleep(0.001)
    raise Wrong("the guest does not acknowledge the end of a connection")


def scenario_port_reuse():
    """The same four numbers again and again, while the guest's last connection by them is in TIME_WAIT."""
    control = Remote()
    for _ in range(200):
        c = again(lambda: Remote(source=40000))
        c.echo("eagain")
        c.send("c")
        c.expect_end()
        c.close()
    settle(control, alive=1)


def scenario_udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect((HOST, PORT))
    for i in range(600):
        kind = b"ep"[i % 2:i % 2 + 1]
        message = kind + bytes(random.Random(i).choices(b"abc", k=(i * 7) % (127 if kind == b"p" else 1472)))
        s.send(message)
        if s.recv(2000) != message:
            raise Wrong("datagram %d does not come back" % i)
    for _ in range(3):
        for i in range(100):
            s.send(b"e%d" % i)
        got = sorted(s.recv(2000) for _ in range(100))
        if got != sorted(b"e%d" % i for i in range(100)):
            raise Wrong("a burst of datagrams does not come back")
    closed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    closed.settimeout(5)
    closed.connect((HOST, 9))
    closed.send(b"anybody?")
    try:
        closed.recv(100)
    except ConnectionRefusedError:
        pass
    settle(Remote(), alive=1, lent=1, loans=0)


def open_many(n):
    """n connections, at most 200 in the making."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(n + 100, hard) if hard > 0 else n + 100, hard))
    done = []
    while len(done) < n:
        batch = []
        for _ in range(min(200, n - len(done))):
            s = socket.socket()
            s.setblocking(False)
            if s.connect_ex((HOST, PORT)) not in (0, errno.EINPROGRESS):
                raise Wrong("connect fails at once")
            batch.append(s)
        for s in batch:
            if not select_one(s):
                raise Wrong("connection %d is not made" % len(done))
            done.append(s)
    return done


def select_one(s):
    poll = select.poll()
    poll.register(s, select.POLLOUT)
    return poll.poll(LIMIT * 1000) and s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def scenario_many():
    """10,000 connections at once; each works, twice, and costs less than 1 KB while it is idle."""
    control, n = Remote(), 10000
    before = report(control)["pages"]
    cs = open_many(n)
    for _ in range(2):
        for s in cs:
            s.setblocking(True)
            s.settimeout(LIMIT)
            s.sendall(b"eone of many\n")
        for s in cs:
            if s.recv(100) != b"eone of many\n":
                raise Wrong("one of many does not echo")
    size = (settle(control, alive=n + 1, flows=n + 1)["pages"] - before) * 4096 // n
    print("%d bytes for each idle connection" % size)
    if size >= 1024:
        raise Wrong("an idle connection costs %d bytes" % size)
    for s in cs:
        s.close()
    settle(control, limit=4 * LIMIT, alive=1, flows=1)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def syn(source, port, mac_to, mac_from):
    src, dst = socket.inet_aton(source), socket.inet_aton(HOST)
    tcp = struct.pack("!HHIIBBHHH", port, PORT, random.getrandbits(32), 0, 0x50, 2, 8192, 0, 0)
    pseudo = src + dst + struct.pack("!BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, src, dst)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return mac_to + mac_from + b"\x08\x00" + ip + tcp


def scenario_syn_flood():
    """Twenty thousand SYNs from nowhere: a connection that is open goes on, and new ones are made in the middle of it."""
    control = Remote()
    control.echo("ebefore")
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind(("tap0", 0))
    frame_from = raw.getsockname()[4]
    to = bytes.fromhex("525400123456")
    for i in range(20000):
        source = "172.%d.%d.%d" % (16 + i % 16, random.randrange(256), random.randrange(1, 255))
        try:
            raw.send(syn(source, random.randrange(1024, 65536), to, frame_from))
        except OSError:
            time.sleep(0.001)
        if i % 500 == 0:
            control.echo("ein the flood")
        if i % 5000 == 4999:
            Remote().echo("enew")
    control.echo("eafter")
    settle(control, mistakes=0)


def scenario_spin():
    """While the program spins, what others send is acknowledged; it finds it when it comes back."""
    spinner, other = Remote(), Remote()
    other.echo("ebefore")
    spinner.send("s1500")
    time.sleep(0.3)
    for _ in range(10):
        other.send(b"emessage\n")
        time.sleep(0.05)
    deadline = time.monotonic() + 0.6  # acknowledgements may be delayed by a quarter of a second
    while other.unacked() and time.monotonic() < deadline:
        time.sleep(0.02)
    if other.unacked():
        raise Wrong("%d segments are not acknowledged while the program spins" % other.unacked())
    if spinner.line() != "done s":
        raise Wrong("the program does not come back")
    if other.exactly(90) != b"emessage\n" * 10:
        raise Wrong("what came meanwhile is not echoed")


def scenario_killed():
    """A program that spins for ever is ended: its connections are reset."""
    spinner, other = Remote(), Remote()
    other.echo("ebefore")
    spinner.send("S")
    other.expect_reset()


def until_it_ends(sock):
    """Send and take bytes until the connection is reset. How many came."""
    sock.setblocking(False)
    came, last, text = 0, time.monotonic(), bytes(8192)
    while time.monotonic() < last + LIMIT:
        readable, writable, _ = select.select([sock], [sock], [], 1)
        try:
            if writable:
                sock.send(text)
            if readable:
                piece = sock.recv(65536)
                if not piece:
                    return came
                came, last = came + len(piece), time.monotonic()
        except BlockingIOError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            return came
    raise Wrong("the server is gone, and the connection is not reset")


def scenario_killed_often():
    """Servers that end one after the other, in the middle of traffic: each connection hears of it."""
    ended, refused = 0, time.monotonic()
    while time.monotonic() < refused + 10:
        try:
            sock = socket.create_connection((HOST, PORT), timeout=2)
        except OSError:
            time.sleep(0.02)
            continue
        ended += until_it_ends(sock) > 0
        sock.close()
        refused = time.monotonic()
    if ended < 20:
        raise Wrong("%d connections ended in the middle of traffic" % ended)


def scenario_policies():
    """Idle policies, batch bounds and the watchdog, changed while it runs; what is none is refused."""
    control = Remote()
    for what, values, wrong in (("i", (1, 2, 3, 0), (4, 99)), ("b", (1, 2, 64, 256), (0, 257))):
        name = {"i": "idle", "b": "batch"}[what]
        for value in values:
            control.ask("%s%d" % (what, value), "%s 0" % name)
            for i in range(50):
                control.echo("e%s%d" % (what, i))
            time.sleep(0.05)
            control.echo("eafter a pause")
        for value in wrong:
            control.ask("%s%d" % (what, value), "%s -3" % name)
    control.ask("d20", "watchdog 0")
    control.ask("d0", "watchdog 0")


def scenario_stuffed():
    """Against ixecho: clients that write and do not read, until every buffer is lent; then they read."""
    cs = [socket.create_connection((HOST, PORT), LIMIT) for _ in range(64)]
    blob = random.Random(1).randbytes(200000)
    sent = [0] * len(cs)
    for s in cs:
        s.setblocking(False)
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < 1:
        for i, s in enumerate(cs):
            try:
                n = s.send(blob[sent[i]:]) if sent[i] < len(blob) else 0
            except BlockingIOError:
                n = 0
            if n:
                sent[i] += n
                idle_since = time.monotonic()
        time.sleep(0.005)
    got = [b""] * len(cs)
    deadline = time.monotonic() + 2 * LIMIT
    while any(len(g) < len(blob) for g in got):
        if time.monotonic() > deadline:
            raise Wrong("%d of %d bytes came back" % (sum(map(len, got)), len(blob) * len(cs)))
        for i, s in enumerate(cs):
            try:
                if sent[i] < len(blob):
                    sent[i] += s.send(blob[sent[i]:])
            except BlockingIOError:
                pass
            try:
                got[i] += s.recv(65536)
            except BlockingIOError:
                pass
    if any(g != blob for g in got):
        raise Wrong("what came back is not what was sent")


def main(words):
    global HOST, PORT
    play = globals().get("scenario_" + words[0].replace("-", "_")) if words else None
    if not play:
        sys.exit(__doc__)
    HOST, PORT = (words[1:] + [HOST])[0], int((words[2:] + [PORT])[0])
    try:
        play()
    except (Wrong, OSError) as e:
        sys.exit("%s: %s" % (words[0], e or type(e).__name__))


if __name__ == "__main__":
    main(sys.argv[1:])
