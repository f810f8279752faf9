#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""shim.py TAP OWN-SOCKET QEMU-SOCKET SEED [NAME=VALUE...]: a bad network between a tap device and QEMU's datagram netdev.

Each frame, either way, is lost, sent twice, held back for a while (and so overtaken), or damaged in one bit, with the
probabilities given by loss, twice, late and damage; every frame is delayed by delay_ms. The seed decides all of it, frame
by frame; nothing else is lost: who cannot take a frame now gets it later. Damaged are IP packets only, whose checksums tell:
ARP relies on the wire's own, which this wire has not. Says "ready" when frames pass, and what it did to how many when
SIGTERM ends it.
"""
import collections
import fcntl
import heapq
import itertools
import os
import random
import select
import signal
import socket
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
LATE_MS = (1, 30)
ETHERNET, TYPE_IP = 14, b"\x08\x00"


class Port:
    """One end of the wire. What it cannot take at once waits, in order."""

    def __init__(self, fd, send):
        self.fd, self.send = fd, send
        self.waiting = collections.deque()

    def flush(self):
        while self.waiting:
            try:
                self.send(self.waiting[0])
            except BlockingIOError:
                return
            self.waiting.popleft()


class Shim:
    def __init__(self, tap, own, qemu, seed, faults):
        self.random, self.faults = random.Random(seed), faults
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", tap.encode(), IFF_TAP | IFF_NO_PI))
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(own)
        sock.connect(qemu)  # else select could not tell when it takes frames
        sock.setblocking(False)
        self.tap = Port(fd, lambda frame: os.write(fd, frame))
        self.qemu = Port(sock.fileno(), sock.send)
        self.sock = sock
        self.flying, self.number = [], itertools.count()
        self.did = dict.fromkeys(("passed", "loss", "twice", "late", "damage"), 0)

    def happens(self, what):
        """Every question costs one random number, so that the answers do not depend on each other."""
        return self.random.random() < self.faults[what]

    def take(self, frame, port):
        lost, twice, late, damaged = (self.happens(what) for what in ("loss", "twice", "late", "damage"))
        bit = self.random.randrange(8 * ETHERNET, 8 * len(frame))
        damaged = damaged and frame[ETHERNET - 2:ETHERNET] == TYPE_IP
        for what, happened in (("loss", lost), ("twice", twice), ("late", late), ("damage", damaged)):
            self.did[what] += happened
        if lost:
            return
        self.did["passed"] += 1
        if damaged:
            frame = frame[:bit // 8] + bytes([frame[bit // 8] ^ 1 << bit % 8]) + frame[bit // 8 + 1:]
        for _ in range(1 + twice):
            wait = self.faults["delay_ms"] + (self.random.uniform(*LATE_MS) if late else 0)
            heapq.heappush(self.flying, (time.monotonic() + wait / 1000, next(self.number), frame, port))

    def deliver(self):
        """Send what is due; the seconds until more is."""
        while self.flying and self.flying[0][0] <= time.monotonic():
            _, _, frame, port = heapq.heappop(self.flying)
            port.waiting.append(frame)
        for port in self.tap, self.qemu:
            port.flush()
        return max(0, self.flying[0][0] - time.monotonic()) if self.flying else 1

    def read(self, fd, to):
        for _ in range(64):
            try:
                self.take(os.read(fd, 65536), to)
            except BlockingIOError:
                return

    def run(self):
        while True:
            wait = self.deliver()
            full = [port.fd for port in (self.tap, self.qemu) if port.waiting]
            for fd in select.select([self.tap.fd, self.qemu.fd], full, [], wait)[0]:
                self.read(fd, self.qemu if fd == self.tap.fd else self.tap)


def main():
    tap, own, qemu, seed = sys.argv[1:5]
    faults = {"loss": 0.03, "twice": 0.02, "late": 0.05, "damage": 0.005, "delay_ms": 1.0}
    faults.update((name, float(value)) for name, value in (word.split("=") for word in sys.argv[5:]))
    shim = Shim(tap, own, qemu, seed, faults)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    try:
        shim.run()
    finally:
        print(" ".join("%s=%d" % item for item in shim.did.items()), flush=True)


if __name__ == "__main__":
    main()
