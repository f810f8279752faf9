# SPDX-License-Identifier: MIT
"""Scenarios: what Linux, or a router, has cut into fragments on its way."""
import random
import socket
import struct

import remote_conn
from remote_conn import Remote, Wrong, settle


def ping(size, number):
    """An echo request with that many bytes; its answer has the same."""
    text = random.Random(number).choices(range(256), k=size)
    head = struct.pack("!BBHHH", 8, 0, 0, 77, number)
    whole = head + bytes(text)
    total = sum(struct.unpack("!%dH" % ((len(whole) + 1) // 2), whole + bytes(len(whole) % 2)))
    total = (total & 0xffff) + (total >> 16)
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    s.settimeout(5)
    s.sendto(whole[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xffff) + whole[4:], (remote_conn.server()[0], 0))
    while True:
        answer = s.recv(65536)[20:]
        if answer[0] == 0 and answer[4:8] == head[4:]:
            break
    if answer[8:] != whole[8:]:
        raise Wrong("a ping of %d bytes comes back changed" % size)


def scenario_fragments():
    """Where this runs, the way to the guest is narrow: Linux cuts up what is longer than its MTU."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect(remote_conn.server())
    s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: IP_PMTUDISC_DONT
    for size in list(range(1, 2006, 61)) + [1472, 1473, 2005, 2006]:
        message = b"e" + bytes(random.Random(size).choices(range(256), k=size - 1))
        s.send(message)
        if s.recv(3000) != message[-1472:]:
            raise Wrong("a datagram of %d bytes does not come back" % size)
    for number, size in enumerate((600, 1472, 1473, 1900, 2006)):
        ping(size, number)
    s.send(b"e" * 2007)  # one byte too many
    s.send(b"e" * 8000)
    s.send(b"the next")
    if s.recv(3000) != b"the next":
        raise Wrong("what is too long is answered")
    settle(Remote(), alive=1, lent=1, loans=0)


def scenario_pings():
    """Lab 6: of all sizes, up to what 48 fragments of 1,500 bytes may hold; there, and back."""
    for number, size in enumerate((600, 1472, 1473, 8000, 30000, 60000)):
        ping(size, number)


def scenario_values():
    """user/ixkv.c: values of all lengths that fit a segment, on many connections, each as it was set."""
    connections = [Remote() for _ in range(32)]
    for turn in range(3):
        for i, c in enumerate(connections):
            rng = random.Random(100 * turn + i)
            c.value = bytes(rng.choices(range(256), k=rng.randrange(300, 1400)))
            c.send(b"set key%d 0 0 %d\r\n%s\r\nget key%d\r\n" % (i, len(c.value), c.value, i))
        for i, c in enumerate(connections):
            want = b"STORED\r\nVALUE key%d 0 %d\r\n%s\r\nEND\r\n" % (i, len(c.value), c.value)
            while len(c.rest) < len(want):
                piece = c.sock.recv(65536)
                if not piece:
                    raise Wrong("a connection ends")
                c.rest += piece
            if c.rest != want:
                raise Wrong("a value of %d bytes comes back changed: %r" % (len(c.value), c.rest[:40]))
            c.rest = b""
