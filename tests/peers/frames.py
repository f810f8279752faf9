#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""frames.py OWN-SOCKET QEMU-SOCKET [SCENARIO...]: frames made with scapy, against the echo server on port 7 of 10.0.2.15.

Frames cross QEMU's datagram netdev, one datagram each. Every scenario says what must come back, or that nothing may.
Prints a line for each, and ends with status 1 at the first that fails.
"""
import os
import random
import socket
import sys
import time

from scapy.all import ARP, ICMP, IP, TCP, UDP, Ether, Raw, conf, fragment, fuzz, raw

conf.verb = 0
OURS, THEIRS = "10.0.2.2", "10.0.2.15"
OUR_MAC, THEIR_MAC = "52:55:0a:00:02:02", "52:54:00:12:34:56"
PORT = 7
PATIENCE = 5.0
QUIET = 0.3


class Wrong(Exception):
    """A reply that is not right, or none, or one too many."""


class Wire:
    def __init__(self, own, qemu):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(own)
        self.qemu = qemu

    def send(self, frame):
        """Wait while QEMU's queue is full."""
        data = raw(frame)[:65000]
        self.sock.settimeout(PATIENCE)
        if data:
            self.sock.sendto(data, self.qemu)

    def ip(self, packet):
        self.send(Ether(src=OUR_MAC, dst=THEIR_MAC) / packet)

    def next(self, limit):
        """The next frame that is not about ARP (which is answered), or None."""
        deadline = time.monotonic() + limit
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.sock.settimeout(left)
            try:
                frame = Ether(self.sock.recv(65536))
            except socket.timeout:
                return None
            if ARP not in frame:
                return frame
            self.answer(frame[ARP])

    def answer(self, arp):
        if arp.op == 1 and arp.pdst != arp.psrc and arp.pdst != THEIRS:
            reply = ARP(op=2, hwsrc=OUR_MAC, psrc=arp.pdst, hwdst=arp.hwsrc, pdst=arp.psrc)
            self.send(Ether(src=OUR_MAC, dst=THEIR_MAC) / reply)

    def await_tcp(self, port, limit=PATIENCE):
        """The next segment to our `port`, its checksums looked at; others are passed over."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            frame = self.next(deadline - time.monotonic())
            if frame and TCP in frame and frame[TCP].dport == port:
                check_sums(frame)
                return frame[TCP]
        return None

    def drain(self, limit=QUIET):
        count = 0
        while self.next(limit):
            count += 1
        return count


def check_sums(frame):
    again = frame[IP].copy()
    del again.chksum, again[TCP].chksum
    again = IP(raw(again))
    if again.chksum != frame[IP].chksum or again[TCP].chksum != frame[TCP].chksum:
        raise Wrong("a checksum is not right: %r" % frame)


def payload_of(tcp):
    """Without the padding of short frames."""
    return bytes(tcp.payload)[:tcp.underlayer.len - 4 * tcp.underlayer.ihl - 4 * tcp.dataofs]


class Flow:
    ports = iter(range(20000, 60000))

    def __init__(self, wire, port=PORT, options=(("MSS", 1460),)):
        self.wire, self.to, self.port = wire, port, next(self.ports)
        self.seq, self.ack = random.getrandbits(32), 0
        self.options = list(options)

    def segment(self, flags, data=b"", ahead=0, **fields):
        seq = (self.seq + ahead) & 0xffffffff
        tcp = TCP(sport=self.port, dport=self.to, flags=flags, seq=seq, ack=self.ack, window=65535, **fields)
        return IP(src=OURS, dst=THEIRS) / tcp / Raw(data) if data else IP(src=OURS, dst=THEIRS) / tcp

    def say(self, flags, data=b"", ahead=0, **fields):
        self.wire.ip(self.segment(flags, data, ahead, **fields))

    def reply(self, limit=PATIENCE):
        tcp = self.wire.await_tcp(self.port, limit)
        if tcp is None:
            raise Wrong("no reply")
        return tcp

    def silence(self):
        tcp = self.wire.await_tcp(self.port, QUIET)
        if tcp is not None:
            raise Wrong("a reply to what should have none: %r" % tcp)

    def knock(self):
        """The reply to our SYN. There always is one: a flood's remains may fill the backlog, but then it is a cookie."""
        self.say("S", options=self.options)
        return self.reply()

    def open(self):
        tcp = self.knock()
        if tcp.flags != "SA" or tcp.ack != (self.seq + 1) & 0xffffffff:
            raise Wrong("no SYN and ACK: %r" % tcp)
        self.seq = (self.seq + 1) & 0xffffffff
        self.ack = (tcp.seq + 1) & 0xffffffff
        self.say("A")
        return self

    def hears(self, expected):
        """The peer sends that, and acknowledges all that was said so far."""
        got = b""
        while len(got) < len(expected):
            tcp = self.reply()
            data = payload_of(tcp)
            if tcp.flags.R:
                raise Wrong("a RST in the middle")
            if data and tcp.seq == self.ack:
                got += data
                self.ack = (self.ack + len(data)) & 0xffffffff
                self.say("A")
        if got != expected:
            raise Wrong("%r came back as %r" % (expected[:40], got[:40]))

    def echo(self, text=b"is all well?"):
        self.say("PA", text)
        self.seq = (self.seq + len(text)) & 0xffffffff
        self.hears(text)

    def close(self):
        self.say("FA")
        self.seq = (self.seq + 1) & 0xffffffff
        while True:
            tcp = self.reply()
            if tcp.flags.F:
                self.ack = (tcp.seq + len(payload_of(tcp)) + 1) & 0xffffffff
                self.say("A")
                return

    def answered_by_ack(self):
        tcp = self.reply()
        if tcp.flags.R or tcp.ack != self.seq or payload_of(tcp):
            raise Wrong("not a plain ACK of what is known: %r" % tcp)


# --- Scenarios: each ends with a flow that was open all the time and still echoes ---

def plain(wire, flow):
    Flow(wire).open().close()


def bad_lengths(wire, flow):
    whole = raw(Ether(src=OUR_MAC, dst=THEIR_MAC) / flow.segment("PA", b"0123456789"))
    for length in (0, 19, 20, 39, 51, 1501, 65535):
        packet = flow.segment("PA", b"0123456789")
        packet.len = length
        wire.ip(packet)
    for ihl in (0, 4, 14, 15):
        packet = flow.segment("PA", b"0123456789")
        packet.ihl = ihl
        wire.ip(packet)
    for offset in (0, 4, 15):
        flow.say("PA", b"0123456789", dataofs=offset)
    for cut in (1, 6, 12, 13, 14, 20, 33, 34, 40, 53):
        wire.send(Raw(whole[:cut]))
    wire.send(Raw(whole[:14] + bytes(1600)))
    flow.silence()


def bad_checksums(wire, flow):
    packet = flow.segment("PA", b"0123456789")
    packet.chksum = 0x1234
    wire.ip(packet)
    flow.say("PA", b"0123456789", chksum=0x1234)
    flow.say("PA", b"0123456789", chksum=0)
    flow.silence()


def tcp_options(wire, flow):
    lists = [[], [("NOP", None)] * 40, [("MSS", 1)], [("MSS", 65535)], [("WScale", 14)], [("WScale", 255)],
             [("SAckOK", b"")], [("Timestamp", (1, 0))], [("SAck", (1, 2, 3, 4))], [("EOL", None)]]
    for options in lists:
        Flow(wire, options=options).open().close()
    for junk in (b"\x02", b"\x02\x04", b"\x02\x04\x05", b"\x02\x00\x05\xb4", b"\x02\xff\x05\xb4", b"\xfe\x00", b"\xfe\x01",
                 b"\x03\x03", b"\x08\x0a\x00\x00", b"\x01\x01\x01\x02", b"\x02\x03\x01\x01", bytes(range(40))):
        one = Flow(wire)
        junk += bytes(-len(junk) % 4)
        packet = one.segment("S", dataofs=5 + len(junk) // 4)
        wire.ip(IP(src=OURS, dst=THEIRS) / TCP(raw(packet[TCP]) + junk))
        one.wire.drain(0.05)
        one.say("R", ahead=1)
    flow.say("PA", b"", options=[("MSS", 1)])  # not in a SYN: it counts for nothing


def overlaps(wire, flow):
    text = bytes(range(97, 123)) * 8
    flow.say("PA", text[50:150], ahead=50)
    flow.say("PA", text[100:208], ahead=100)
    flow.say("PA", text[20:60], ahead=20)
    flow.say("PA", text[:40])
    flow.seq = (flow.seq + len(text)) & 0xffffffff
    flow.hears(text)


def out_of_order(wire, flow):
    text = bytes(random.getrandbits(8) for _ in range(5000))
    starts = list(range(0, len(text), 500))
    random.shuffle(starts)
    for start in starts:
        flow.say("PA", text[start:start + 500], ahead=start)
    flow.seq = (flow.seq + len(text)) & 0xffffffff
    flow.hears(text)


def old_and_future(wire, flow):
    flow.wire.drain()
    for ahead in (-5, -5000, -0x40000000, 70000, 0x40000000):
        flow.say("PA", b"stray", ahead=ahead)
        flow.answered_by_ack()
    flow.ack = (flow.ack + 100000) & 0xffffffff
    flow.say("A")
    flow.ack = (flow.ack - 100000) & 0xffffffff
    wire.drain()
    for ahead in (-1, 70000, 0x70000000):
        flow.say("R", ahead=ahead)
        flow.say("S", ahead=ahead)
    wire.drain()


def strange_flags(wire, flow):
    for flags in ("", "F", "P", "U", "FPU", "SF", "SR", "SFRPAU", "E", "C"):
        one = Flow(wire, port=PORT)
        one.say(flags)
        one.say(flags, b"data")
        flow.say(flags, ahead=70000)
    wire.drain()


numbers = iter(range(1, 65536))


def cut(packet, number=None, size=400):
    """Its fragments, under a number that no other packet has."""
    packet.id = number or next(numbers)
    return fragment(packet, fragsize=size)


def fragments(wire, flow):
    """In any order and twice; then what nothing may come of."""
    for order in ([0, 1, 2], [2, 1, 0], [1, 1, 0, 0, 2], [2, 0, 2, 1]):
        text = bytes(random.getrandbits(8) for _ in range(1000))
        pieces = cut(flow.segment("PA", text))
        for i in order:
            wire.ip(pieces[i])
        flow.seq = (flow.seq + len(text)) & 0xffffffff
        flow.hears(text)
    wire.drain()
    for size in (1000, 1900):
        whole = IP(src=OURS, dst=THEIRS) / ICMP(id=5, seq=size) / Raw(bytes(range(250)) * (size // 250))
        for piece in reversed(cut(whole)):
            wire.ip(piece)
        got = {}
        for _ in range(1 if size == 1000 else 2):
            frame = wire.next(PATIENCE)
            if not frame or IP not in frame or frame[IP].proto != 1:
                raise Wrong("no answer to a ping in fragments: %r" % frame)
            got[frame[IP].frag] = bytes(frame[IP].payload)[:frame[IP].len - 20]
        answer = b"".join(got[at] for at in sorted(got))
        if answer[:1] != b"\0" or answer[4:] != raw(whole[ICMP])[4:]:
            raise Wrong("the answer to a ping of %d bytes is another: %r" % (size, answer[:60]))

    spoilt = cut(flow.segment("PA", bytes(1000)), 60001)
    wire.ip(spoilt[1])
    wire.ip(cut(flow.segment("PA", b"x" * 1000), 60001)[1])
    for piece in spoilt:
        wire.ip(piece)
    for piece in fragment(flow.segment("PA", bytes(3000)), fragsize=1000):
        wire.ip(piece)
    for piece in fragment(IP(src=OURS, dst=THEIRS) / ICMP() / Raw(bytes(3000)), fragsize=1000):
        wire.ip(piece)
    packet = flow.segment("PA", b"0123456789")
    packet.flags, packet.frag = "MF", 8191
    wire.ip(packet)
    flow.silence()


def a_closed_port(wire, flow):
    one = Flow(wire, port=9999)
    one.say("S")
    tcp = one.reply()
    if tcp.flags != "RA" or tcp.ack != (one.seq + 1) & 0xffffffff:
        raise Wrong("no RST: %r" % tcp)
    one.ack = 77
    one.say("A")
    tcp = one.reply()
    if not tcp.flags.R or tcp.seq != 77:
        raise Wrong("no RST with the ACK's number: %r" % tcp)
    one.say("R")
    one.silence()


def ping(wire, flow):
    wire.drain()
    wire.ip(IP(src=OURS, dst=THEIRS) / ICMP(id=5, seq=6) / Raw(b"payload"))
    frame = wire.next(PATIENCE)
    if not frame or ICMP not in frame or frame[ICMP].type != 0 or bytes(frame[ICMP].payload)[:7] != b"payload":
        raise Wrong("no answer to a ping: %r" % frame)


def other_protocols(wire, flow):
    wire.ip(IP(src=OURS, dst=THEIRS) / UDP(sport=1, dport=9999) / Raw(b"x"))
    wire.ip(IP(src=OURS, dst=THEIRS, proto=132) / Raw(bytes(40)))
    wire.ip(IP(src=OURS, dst="10.0.2.99") / TCP(dport=PORT, flags="S"))
    wire.ip(IP(src=OURS, dst="224.0.0.1") / ICMP())
    wire.ip(IP(src="127.0.0.1", dst=THEIRS) / TCP(dport=PORT, flags="S"))
    wire.ip(IP(src="255.255.255.255", dst=THEIRS) / TCP(dport=PORT, flags="S"))
    wire.ip(IP(src=THEIRS, dst=THEIRS) / TCP(sport=PORT, dport=PORT, flags="S"))
    wire.send(Ether(src=OUR_MAC, dst=THEIR_MAC, type=0x86dd) / Raw(bytes(60)))
    for arp in (ARP(op=1, psrc=THEIRS, pdst=THEIRS), ARP(op=9), ARP(hwlen=200), ARP(ptype=1), ARP(op=2, psrc="1.2.3.4")):
        wire.send(Ether(src=OUR_MAC, dst=THEIR_MAC) / arp)
    wire.send(Ether(src=OUR_MAC, dst=THEIR_MAC, type=0x0806) / Raw(b"short"))
    wire.drain()


def syn_flood(wire, flow, count=3000):
    """From addresses that do not exist. What is open goes on, and new connections begin at once."""
    for n in range(count):
        source = "172.%d.%d.%d" % (16 + n % 16, random.randrange(256), random.randrange(1, 255))
        wire.ip(IP(src=source, dst=THEIRS) / TCP(sport=random.randrange(1, 65536), dport=PORT, seq=random.getrandbits(32)))
        if n % 300 == 299:
            wire.drain(0.02)
            flow.echo(b"during the flood")
            newcomer = Flow(wire).open()
            newcomer.echo(b"from the middle of the flood")
            newcomer.close()
    wire.drain()


def ack_flood(wire, flow, count=2000):
    for n in range(count):
        wire.ip(IP(src=OURS, dst=THEIRS) / TCP(sport=1000 + n, dport=PORT, flags="A", seq=n, ack=n))
        if n % 200 == 199:
            wire.drain(0.02)
    wire.drain()


def random_flood(wire, flow, count=2000):
    for n in range(count):
        layers = (fuzz(IP(src=OURS, dst=THEIRS)) / fuzz(TCP(dport=PORT)), fuzz(IP(dst=THEIRS)) / fuzz(UDP()),
                  IP(src=OURS, dst=THEIRS) / fuzz(ICMP()), Raw(random.getrandbits(8 * 60).to_bytes(60, "big")))
        wire.ip(layers[n % len(layers)])
        if n % 200 == 199:
            wire.drain(0.02)
    for n in range(16):  # what is left of it in fragments gives way to others, which are too long to hold a buffer
        wire.ip(IP(src=OURS, dst=THEIRS, id=60100 + n, frag=8000, proto=132) / Raw(bytes(8)))
    wire.drain()


SCENARIOS = [plain, bad_lengths, bad_checksums, tcp_options, overlaps, out_of_order, old_and_future, strange_flags,
             fragments, a_closed_port, ping, other_protocols, syn_flood, ack_flood, random_flood]


def main():
    own, qemu, *chosen = sys.argv[1:]
    wire = Wire(own, qemu)
    random.seed(2014)
    for scenario in SCENARIOS:
        if chosen and scenario.__name__ not in chosen:
            continue
        try:
            flow = Flow(wire).open()
            flow.echo()
            scenario(wire, flow)
            flow.echo(b"still here after " + scenario.__name__.encode())
            flow.close()
        except Wrong as e:
            print("%s: %s" % (scenario.__name__, e))
            sys.exit(1)
        print("%s: right" % scenario.__name__, flush=True)
    wire.sock.close()
    os.unlink(own)


if __name__ == "__main__":
    main()
