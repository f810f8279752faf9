# SPDX-License-Identifier: MIT
"""
Frames in words: what each field is called, where it lies, what it says, and whether the frame can be right at all.

Ethernet II, ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), UDP (RFC 768), TCP (RFC 9293).
"""
import struct

from .frames import ICMP, TCP, UDP, checksum

ETHERTYPES = {0x0800: "IPv4", 0x0806: "ARP", 0x86DD: "IPv6"}
PROTOCOLS = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP"}
TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
PREVIEW = 24  # bytes of a payload that are shown


class Field:
    """`at` and `size` say which bytes of the frame; `text` is their meaning."""

    def __init__(self, name, at, size, text):
        self.name, self.at, self.size, self.text = name, at, size, text


class Layout:
    """Takes a frame apart; `fields` in the order of the wire. It ends quietly where the bytes do."""

    def __init__(self, frame):
        self.frame, self.fields, self.faults = frame, [], []
        self.end = len(frame)  # of what is not padding
        self.ethernet()

    def take(self, name, at, size, text):
        """Add a field; its value as a number, or None when the frame ends before."""
        raw = self.frame[at:at + size]
        if len(raw) < size:
            return None
        value = int.from_bytes(raw, "big")
        self.fields.append(Field(name, at, size, text(value) if callable(text) else text % value))
        return value

    def rest(self, name, at):
        if at < self.end:
            data = self.frame[at:self.end]
            self.fields.append(Field(name, at, len(data), "%d bytes: %s" % (len(data), shown(data))))
        if self.end < len(self.frame):
            self.fields.append(Field("padding", self.end, len(self.frame) - self.end, shown(self.frame[self.end:])))

    def ethernet(self):
        self.take("Ethernet destination", 0, 6, mac)
        self.take("Ethernet source", 6, 6, mac)
        kind = self.take("Ethernet type", 12, 2, lambda v: "%#06x %s" % (v, ETHERTYPES.get(v, "")))
        if kind == 0x0806:
            self.arp(14)
        elif kind == 0x0800 and len(self.frame) >= 34:
            self.ipv4(14)
        else:
            self.rest("data", 14 if kind is not None else 0)

    def arp(self, at):
        self.take("ARP operation", at + 6, 2, lambda v: {1: "1 request", 2: "2 reply"}.get(v, str(v)))
        self.take("ARP sender MAC", at + 8, 6, mac)
        self.take("ARP sender address", at + 14, 4, address)
        self.take("ARP target MAC", at + 18, 6, mac)
        self.take("ARP target address", at + 24, 4, address)
        self.end = min(self.end, at + 28)
        self.rest("data", at + 28)

    def ipv4(self, at):
        head = 4 * (self.frame[at] & 15)
        self.take("IP version and header length", at, 1, lambda v: "%d, %d bytes" % (v >> 4, 4 * (v & 15)))
        total = self.take("IP total length", at + 2, 2, "%d")
        self.take("IP identification", at + 4, 2, "%#06x")
        fragment = self.take("IP fragment", at + 6, 2, "%#06x")
        self.take("IP time to live", at + 8, 1, "%d")
        protocol = self.take("IP protocol", at + 9, 1, lambda v: "%d %s" % (v, PROTOCOLS.get(v, "")))
        self.take("IP header checksum", at + 10, 2, "%#06x")
        source = self.frame[at + 12:at + 16]
        self.take("IP source", at + 12, 4, address)
        self.take("IP destination", at + 16, 4, address)
        if at + total > len(self.frame):
            self.faults.append("the IP packet says %d bytes, the frame holds %d" % (total, len(self.frame) - at))
        if checksum(self.frame[at:at + head]):
            self.faults.append("wrong IP header checksum")
        self.end = min(len(self.frame), at + total)
        spare = len(self.frame) - self.end
        if spare and len(self.frame) > 60:
            self.faults.append("%d bytes behind the IP packet, and no padding is needed (the CRC?)" % spare)
        body = at + head
        whole = not fragment & 0x3FFF and at + total <= len(self.frame)
        self.transport(protocol, body, source + self.frame[at + 16:at + 20] if whole else None)

    def transport(self, protocol, at, addresses):
        """`addresses`: both, for the checksum; None when it cannot be told."""
        if protocol == TCP and self.end >= at + 20:
            self.tcp(at)
        elif protocol == UDP and self.end >= at + 8:
            self.udp(at)
        elif protocol == ICMP and self.end >= at + 4:
            self.take("ICMP type", at, 1, lambda v: {0: "0 echo reply", 8: "8 echo request"}.get(v, str(v)))
            self.take("ICMP code", at + 1, 1, "%d")
            self.take("ICMP checksum", at + 2, 2, "%#06x")
            self.rest("ICMP data", at + 4)
        else:
            self.rest("IP payload", at)
        if addresses and protocol in PROTOCOLS:
            self.check(protocol, at, addresses)

    def check(self, protocol, at, addresses):
        body = self.frame[at:self.end]
        if protocol == UDP and body[6:8] == b"\0\0":  # none was computed
            return
        pseudo = b"" if protocol == ICMP else addresses + struct.pack("!BBH", 0, protocol, len(body))
        if checksum(pseudo + body):
            self.faults.append("wrong %s checksum" % PROTOCOLS[protocol])

    def tcp(self, at):
        self.take("TCP source port", at, 2, "%d")
        self.take("TCP destination port", at + 2, 2, "%d")
        self.take("TCP sequence number", at + 4, 4, "%d")
        self.take("TCP acknowledgement", at + 8, 4, "%d")
        head = 4 * (self.take("TCP header length", at + 12, 1, lambda v: "%d bytes" % (4 * (v >> 4))) >> 4)
        self.take("TCP flags", at + 13, 1, flags)
        self.take("TCP window", at + 14, 2, "%d")
        self.take("TCP checksum", at + 16, 2, "%#06x")
        self.take("TCP urgent pointer", at + 18, 2, "%d")
        if head > 20:
            self.take("TCP options", at + 20, head - 20, lambda v: v.to_bytes(head - 20, "big").hex(" "))
        self.rest("TCP payload", at + max(head, 20))

    def udp(self, at):
        self.take("UDP source port", at, 2, "%d")
        self.take("UDP destination port", at + 2, 2, "%d")
        length = self.take("UDP length", at + 4, 2, "%d")
        self.take("UDP checksum", at + 6, 2, "%#06x")
        if at + length > self.end:
            self.faults.append("the UDP datagram says %d bytes, the packet holds %d" % (length, self.end - at))
        self.rest("UDP payload", at + 8)


def mac(value):
    return ":".join("%02x" % b for b in value.to_bytes(6, "big"))


def address(value):
    return ".".join(str(b) for b in value.to_bytes(4, "big"))


def flags(value):
    return " ".join(name for bit, name in enumerate(TCP_FLAGS) if value >> bit & 1) or "none"


def shown(data):
    """The first bytes, as text if that is what they are."""
    text = repr(data[:PREVIEW].decode("latin-1")) if all(32 <= b < 127 or b in (9, 10, 13) for b in data[:PREVIEW]) else (
        data[:PREVIEW].hex(" "))
    return text + (" ..." if len(data) > PREVIEW else "")


def in_words(frame, indent="    "):
    """Field by field, a line each, and what is wrong with it."""
    layout = Layout(frame)
    lines = ["%s%-28s %s" % (indent, f.name, f.text) for f in layout.fields]
    return "\n".join(lines + ["%s!! %s" % (indent, fault) for fault in layout.faults])


def summary(frame):
    """One line: who to whom, and what."""
    values = {f.name: f.text for f in Layout(frame).fields}
    if "ARP operation" in values:
        return "ARP %s, %s asks or tells %s" % (
            values["ARP operation"][2:], values.get("ARP sender address"), values.get("ARP target address"))
    if "IP source" not in values:
        return "%d bytes: %s" % (len(frame), shown(frame))
    kind = values["IP protocol"].split(" ", 1)[1] or "protocol " + values["IP protocol"]
    ends = [values["IP source"], values["IP destination"]]
    if kind + " source port" in values:
        ends = ["%s:%s" % (end, values["%s %s port" % (kind, side)]) for end, side in zip(ends, ("source", "destination"))]
    words = "%s %s > %s" % (kind, ends[0], ends[1])
    if kind == "TCP":
        words += " %s seq %s ack %s win %s" % tuple(
            values["TCP " + name] for name in ("flags", "sequence number", "acknowledgement", "window"))
    payload = values.get(kind + " payload")
    return words + (" " + payload if payload else "")


def first_difference(got, want):
    """
    Compare two lists of frames: None, or the first that differs in words. `want` may hold None for a frame that may
    be anything.
    """
    for i, (a, b) in enumerate(zip(got, want)):
        if b is not None and a != b:
            return "frame %d is not as expected; of %d bytes, expected %d:\n%s" % (i + 1, len(a), len(b), differing(a, b))
    if len(got) == len(want):
        return None
    words = "%d frames, expected %d" % (len(got), len(want))
    more = (got if len(got) > len(want) else want)[min(len(got), len(want))]
    if more is None:
        return words
    return "%s; the first %s:\n%s" % (words, "too many" if len(got) > len(want) else "missing", in_words(more))


def differing(got, want):
    """The fields of which the two frames say different things; of a field of many bytes, the first one."""
    mine, other = Layout(got), {f.name: f for f in Layout(want).fields}
    lines = []
    for f in mine.fields:
        twin = other.pop(f.name, None)
        a, b = got[f.at:f.at + f.size], want[twin.at:twin.at + twin.size] if twin else None
        if twin is None:
            lines.append("    %s (byte %d): %s; expected there is none" % (f.name, f.at, f.text))
        elif a != b:
            where = f.at + next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            lines.append("    %s (byte %d): %s; expected %s" % (f.name, where, f.text, twin.text))
    lines += ["    %s is missing: expected %s" % (f.name, f.text) for f in other.values()]
    return "\n".join(lines + ["    !! " + fault for fault in mine.faults])
