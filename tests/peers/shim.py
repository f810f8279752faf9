#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""shim.py TAP OWN-SOCKET QEMU-SOCKET SEED [NAME=VALUE...]: a bad network between a tap device and QEMU's datagram netdev.

Each frame, either way, is lost, sent twice, held back for a while (and so overtaken), or damaged in one bit, with the
probabilities given by loss, twice, late and damage; every frame is delayed by delay_ms. The seed decides all of it, frame
by frame. Says "ready" when frames pass, and what it did to how many when SIGTERM ends it.
"""
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


class Shim:
    def __init__(self, tap, own, qemu, seed, faults):
        self.random, self.faults, self.qemu = random.Random(seed), faults, qemu
        self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH", tap.encode(), IFF_TAP | IFF_NO_PI))
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(own)
        self.sock.setblocking(False)
        self.waiting, self.number = [], itertools.count()
        self.did = dict.fromkeys(("passed", "loss", "twice", "late", "damage"), 0)

    def happens(self, what):
        """Every question costs one random number, so that the answers do not depend on each other."""
        return self.random.random() < self.faults[what]

    def take(self, frame, send):
        lost, twice, late, damaged = (self.happens(what) for what in ("loss", "twice", "late", "damage"))
        for what, happened in (("loss", lost), ("twice", twice), ("late", late), ("damage", damaged)):
            self.did[what] += happened
        if lost:
            return
        self.did["passed"] += 1
        if damaged:
            bit = self.random.randrange(14 * 8, 8 * len(frame))
            frame = frame[:bit // 8] + bytes([frame[bit // 8] ^ 1 << bit % 8]) + frame[bit // 8 + 1:]
        for _ in range(1 + twice):
            wait = self.faults["delay_ms"] + (self.random.uniform(*LATE_MS) if late else 0)
            heapq.heappush(self.waiting, (time.monotonic() + wait / 1000, next(self.number), frame, send))

    def to_tap(self, frame):
        os.write(self.tap, frame)

    def to_qemu(self, frame):
        self.sock.sendto(frame, self.qemu)

    def deliver(self):
        """Send what is due; the seconds until more is."""
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, frame, send = heapq.heappop(self.waiting)
            try:
                send(frame)
            except OSError:
                pass  # a full queue loses frames, too
        return max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else 1

    def read(self, ready):
        for _ in range(64):
            try:
                if ready is self.sock:
                    self.take(self.sock.recv(65536), self.to_tap)
                else:
                    self.take(os.read(self.tap, 65536), self.to_qemu)
            except BlockingIOError:
                return

    def run(self):
        while True:
            for ready in select.select([self.sock, self.tap], [], [], self.deliver())[0]:
                self.read(ready)


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
