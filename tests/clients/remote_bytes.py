# SPDX-License-Identifier: MIT
"""Scenarios: bytes there and back, from memory of every kind."""
import random
import socket
import time

import remote_conn
from remote_conn import LIMIT, Remote, Wrong, report, settle


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


def scenario_udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect(remote_conn.server())
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
    closed.connect((remote_conn.server()[0], 9))
    closed.send(b"anybody?")
    try:
        closed.recv(100)
    except ConnectionRefusedError:
        pass
    settle(Remote(), alive=1, lent=1, loans=0)


def scenario_stuffed():
    """Against ixecho: clients that write and do not read, until every buffer is lent; then they read."""
    cs = [socket.create_connection(remote_conn.server(), LIMIT) for _ in range(64)]
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
