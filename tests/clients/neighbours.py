#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients of several servers on one machine, which ask without a pause while one of the servers has a bad time.

usage: neighbours.py NAME=KIND,HOST,PORT,CONNECTIONS,TAP ...       KIND: web, kv, page (web with a connection for each request)
Orders come on standard input, a line each, and are answered by a line, "ok" or what is wrong:

    more N NAME...      each of these has answered N more requests; none ever failed, and the host dropped no frame for it
    lost NAME           all connections to it have ended: from now on it may fail
    again NAME          it is there again: new connections
    flood KIND NAME N   its NIC gets frames without end: syn, udp or garbage; it has got N of them
    calm                no more of that
"""
import os
import random
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.cmdline import mac  # noqa: E402
from harness.frames import SYN, TCP, UDP, ip4, transport  # noqa: E402

LIMIT, BURST = 90, 32
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
with open(os.path.join(ROOT, "fs", "index.html"), "rb") as page:
    PAGE = page.read()


class Wrong(Exception):
    """The server did something else."""


class Peer:
    """A connection."""

    def __init__(self, address):
        self.sock = socket.create_connection(address, LIMIT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, words, end):
        """What comes up to `end`, which ends the answer."""
        self.sock.sendall(words)
        answer = b""
        while not answer.endswith(end):
            piece = self.sock.recv(65536)
            if not piece:
                raise Wrong("it ended the connection after %r" % answer[-40:])
            answer += piece
        return answer


def ask_web(peer, number):
    answer = peer.ask(b"GET /index.html HTTP/1.1\r\nHost: t\r\n\r\n", PAGE[-100:])
    if not answer.startswith(b"HTTP/1.1 200 ") or answer.partition(b"\r\n\r\n")[2] != PAGE:
        raise Wrong("other bytes than the page's: %r" % answer[:60])


def ask_kv(peer, number):
    key, value = b"k%d" % threading.get_ident(), b"%d" % number
    words = b"set %s 0 0 %d noreply\r\n%s\r\nget %s\r\n" % (key, len(value), value, key)
    if peer.ask(words, b"END\r\n") != b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (key, len(value), value):
        raise Wrong("another value than was set")


class Server:
    """Its clients, each a thread."""

    def __init__(self, name, kind, host, port, connections, tap):
        self.name, self.kind, self.address, self.tap = name, kind, (host, int(port)), tap
        self.connections = int(connections)
        self.mac = bytes.fromhex(mac(int(tap[3:])).replace(":", ""))
        self.start()

    def start(self):
        self.done, self.error = 0, None
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(self.connections)]
        for thread in self.threads:
            thread.start()

    def run(self):
        ask = ask_kv if self.kind == "kv" else ask_web
        try:
            peer = Peer(self.address)
            while not self.error:
                ask(peer, self.done)
                self.done += 1
                if self.kind == "page":
                    peer.sock.close()
                    peer = Peer(self.address)
        except (OSError, Wrong) as e:
            self.error = self.error or "%s: after %d answers: %s" % (self.name, self.done, e)

    def dropped(self):
        """Frames that the host could not hand to the machine."""
        with open("/proc/net/dev", encoding="ascii") as f:
            words = next(line for line in f if line.split(":")[0].strip() == self.tap).split(":")[1].split()
        return int(words[8 + 3])

    def fault(self):
        return self.error or (self.dropped() and "%s: the host dropped %d frames for it" % (self.name, self.dropped()))


# ---- Floods ----

def somebody(rng):
    """An address on no network here, or on the guest's, where nobody has it."""
    return bytes([10, rng.randrange(256), rng.randrange(256), rng.randrange(20, 255)])


def syns(server, rng):
    me, src = socket.inet_aton(server.address[0]), somebody(rng)
    return ip4(TCP, src, me, transport(TCP, src, me, (rng.randrange(1024, 65536), server.address[1]), b"", SYN))


def datagrams(server, rng):
    me, src = socket.inet_aton(server.address[0]), somebody(rng)
    ports = rng.randrange(1024, 65536), rng.choice((server.address[1], 9))
    return ip4(UDP, src, me, transport(UDP, src, me, ports, bytes(rng.randrange(1400))))


def garbage(server, rng):
    """Frames of any kind, of which some byte, or the length, is wrong."""
    frame = bytearray(rng.choice((syns, datagrams))(server, rng))
    for _ in range(rng.randrange(1, 5)):
        frame[rng.randrange(12, len(frame))] = rng.randrange(256)
    return bytes(frame[:rng.randrange(14, len(frame) + 1)]).ljust(60, b"\0")


KINDS = {"syn": syns, "udp": datagrams, "garbage": garbage}


class Flood(threading.Thread):
    def __init__(self, kind, server):
        super().__init__(daemon=True)
        self.make, self.server, self.over = KINDS[kind], server, False
        self.sent, self.dropped_before = 0, server.dropped()

    def arrived(self):
        """How many of its frames the machine was handed, at least."""
        return self.sent - (self.server.dropped() - self.dropped_before)

    def run(self):
        rng = random.Random(6)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind((self.server.tap, 0))
            while not self.over:
                for _ in range(BURST):
                    try:
                        wire.send(self.server.mac + self.make(self.server, rng)[6:])
                        self.sent += 1
                    except OSError:  # the device's queue is full
                        break
                time.sleep(0.001)  # this host has others to serve, too


# ---- Orders ----

def wait_until(condition, what):
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            raise Wrong(what)
        time.sleep(0.01)


class Orders:
    def __init__(self, servers):
        self.servers, self.floods = servers, []

    def more(self, n, *names):
        want = [(self.servers[name], self.servers[name].done + int(n)) for name in names]
        for server, goal in want:
            wait_until(lambda: server.fault() or server.done >= goal, server.name + ": it does not go on")
            if server.fault():
                raise Wrong(server.fault())

    def lost(self, name):
        server = self.servers[name]
        wait_until(lambda: not any(t.is_alive() for t in server.threads), name + ": some connections do not end")

    def again(self, name):
        self.servers[name].start()

    def flood(self, kind, name, n):
        flood = Flood(kind, self.servers[name])
        self.floods.append(flood)
        flood.start()
        wait_until(lambda: flood.arrived() >= int(n), "it is hardly a flood")

    def calm(self):
        for flood in self.floods:
            flood.over = True
            flood.join()
        self.floods = []


def main():
    servers = {}
    for word in sys.argv[1:]:
        name, _, rest = word.partition("=")
        servers[name] = Server(name, *rest.split(","))
    orders = Orders(servers)
    for line in sys.stdin:
        try:
            name, *words = line.split()
            getattr(orders, name)(*words)
            print("ok", flush=True)
        except Wrong as e:
            print(e, flush=True)


if __name__ == "__main__":
    main()
