# SPDX-License-Identifier: MIT
"""What a dataplane's program may not do, and that trying harms nobody else."""
import socket

from gradelib import Failure, check_output
from grade import suite
from grade.programs import NO_PANIC, prints

suite.part("protect")

WRITE_TO_PRESENT_PAGE = 7  # error code: user, write, protection


class Echo:
    """A client of ixwritebuf."""

    def __init__(self, machine):
        self.sock = socket.create_connection(("127.0.0.1", machine.port(7)), timeout=15)
        self.sent = 0

    def exchange(self, first=b""):
        """A message goes and comes back unchanged; one that begins with '!' makes the server try its store."""
        self.sent += 1
        message = first + b"message %d\n" % self.sent
        self.sock.sendall(message)
        got = b""
        while len(got) < len(message):
            piece = self.sock.recv(4096)
            if not piece:
                raise Failure("the connection ended before %r came back" % message)
            got += piece
        if got != message:
            raise Failure("%r came back as %r" % (message, got))

    def provoke(self):
        """A message that the server does not survive."""
        self.sock.sendall(b"!\n")


@suite.test(10, "a program that writes to a receive buffer dies, and its CPU, NIC and port can be had again")
def write_dies(t):
    machine = t.boot("ixwritebuf", cpus=2, ports=(7,), capture=True)
    machine.expect("serving until a store", limit=20)
    first = Echo(machine)
    first.exchange()
    first.provoke()
    machine.expect(r"\[00001002\] user fault va (d[89a-f]|e[0-7])...... ip 008.....")
    machine.expect("  trap 0x0000000e Page Fault")
    machine.expect("  err  0x%08x" % WRITE_TO_PRESENT_PAGE)
    machine.expect("ixwritebuf: 00001002 is dead")
    machine.expect("serving in spite of stores")
    second = Echo(machine)
    for _ in range(20):
        second.exchange()
    check_output(machine.text, never=[NO_PANIC])


@suite.test(10, "a server that outlives such a write goes on, and its other clients do not notice")
def write_survived(t):
    machine = t.boot("ixwritebuf", args=["survive"], cpus=2, ports=(7,), capture=True)
    machine.expect("serving in spite of stores", limit=20)
    provoker, others = Echo(machine), [Echo(machine) for _ in range(4)]
    for _ in range(10):
        for other in others:
            other.exchange()
        provoker.exchange(b"!")
    machine.until(lambda text: text.count("was refused, error %x" % WRITE_TO_PRESENT_PAGE) == 10, "ten refused stores")
    check_output(machine.text, never=[NO_PANIC])


prints("ixrange", 10, "JOS's page calls cannot touch the dataplane's windows", ["ixrange: all refused"],
       cpus=2, ports=(80,), limit=20)


def refused(why, **boot):
    """ixrange cannot attach, says so, and nothing else happens."""
    def play(t):
        machine = t.boot("ixrange", may_panic=True, **boot)
        machine.expect("attach: %s$" % why)
    return play


suite.add("no-cpu", "without a second CPU, attaching fails with a clear error", 3,
          refused("no CPU can be reserved", cpus=1, ports=(80,)))
suite.add("no-nic", "without a NIC, attaching fails with a clear error", 3,
          refused("no network queue is free", cpus=2))
