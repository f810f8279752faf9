# SPDX-License-Identifier: MIT
"""Scenarios: more than there should be, at the wrong time."""
import errno
import random
import resource
import select
import socket
import struct
import time

import remote_conn
from remote_conn import LIMIT, Remote, Wrong, report, settle

AT_ONCE = 200  # connections that begin, or end


def scenario_backlog():
    """More connections than the backlog holds: some wait, none is lost, those that were there go on."""
    control = Remote()
    control.ask("n2")
    cs = []
    for _ in range(300):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(remote_conn.server())
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


def open_many(n):
    """n connections, at most AT_ONCE in the making."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(n + 100, hard) if hard > 0 else n + 100, hard))
    done = []
    while len(done) < n:
        batch = []
        for _ in range(min(AT_ONCE, n - len(done))):
            s = socket.socket()
            s.setblocking(False)
            if s.connect_ex(remote_conn.server()) not in (0, errno.EINPROGRESS):
                raise Wrong("connect fails at once")
            batch.append(s)
        for s in batch:
            if not select_one(s):
                raise Wrong("connection %d is not made" % len(done))
            done.append(s)
    return done


def close_many(control, cs):
    """At most AT_ONCE at a time. All at once would lose most FINs where the wire's queue ends, send those again at the same moment,
    and so on: Linux gives up a socket that nobody has any more after eight times, and the guest would never hear of its end."""
    for i in range(0, len(cs), AT_ONCE):
        for s in cs[i:i + AT_ONCE]:
            s.close()
        settle(control, alive=1 + max(len(cs) - i - AT_ONCE, 0))


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
    close_many(control, cs)
    settle(control, alive=1, flows=1)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def syn(source, port, mac_to, mac_from):
    src, dst = socket.inet_aton(source), socket.inet_aton(remote_conn.server()[0])
    tcp = struct.pack("!HHIIBBHHH", port, remote_conn.server()[1], random.getrandbits(32), 0, 0x50, 2, 8192, 0, 0)
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
            sock = socket.create_connection(remote_conn.server(), timeout=2)
        except OSError:
            time.sleep(0.02)
            continue
        ended += until_it_ends(sock) > 0
        sock.close()
        refused = time.monotonic()
    if ended < 20:
        raise Wrong("%d connections ended in the middle of traffic" % ended)
