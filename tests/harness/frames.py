# SPDX-License-Identifier: MIT
"""Raw Ethernet frames for a machine whose NIC hangs on a pair of datagram sockets (cmdline.py, `dgram`)."""
import os
import socket
import struct
import time

from .suite import Failure

MAC = bytes.fromhex("525400123456")
SOURCE = bytes.fromhex("020000000001")
TCP, UDP, ICMP = 6, 17, 1
SYN, ACK = 0x02, 0x10


def checksum(data):
    """The internet checksum of data of any length."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport(proto, src, dst, ports, payload, flags=ACK):
    """A TCP segment or UDP datagram; its checksum covers the addresses."""
    if proto == TCP:
        head = struct.pack("!HHIIBBHHH", *ports, 1, 0, 0x50, flags, 8192, 0, 0)
        place = 16
    else:
        head = struct.pack("!HHHH", *ports, 8 + len(payload), 0)
        place = 6
    pseudo = src + dst + struct.pack("!BBH", 0, proto, len(head) + len(payload))
    return head[:place] + struct.pack("!H", checksum(pseudo + head + payload)) + head[place + 2:] + payload


def ip4(proto, src, dst, payload, options=b"", fragment=0):
    """A frame with an IPv4 packet; src and dst are 4 bytes each."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload), 7, fragment, 64,
                       proto, 0, src, dst) + options
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return (MAC + SOURCE + b"\x08\x00" + head + payload).ljust(60, b"\0")


class Wire:
    """The NIC's cable: `ends` are what cmdline.py calls dgram. A socket's path has 108 bytes at most."""

    def __init__(self, folder):
        self.ends = self.guest, path = os.path.join(folder, "nic"), os.path.join(folder, "peer")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(path)

    def send(self, frame, patience=10):
        """QEMU takes frames when the guest has room for them; until then, the socket fills up, and at last this fails."""
        deadline = time.monotonic() + patience
        self.sock.settimeout(patience)
        while True:
            try:
                self.sock.sendto(frame, self.guest)
                return
            except socket.timeout:
                raise Failure("the NIC has taken no frame for %.0f s: it is not turned on, or its ring has no room" % patience) from None
            except (FileNotFoundError, ConnectionRefusedError):  # QEMU is still starting
                if time.monotonic() > deadline:
                    raise Failure("QEMU has no NIC there, or has ended") from None
                time.sleep(0.05)

    def close(self):
        self.sock.close()
