# SPDX-License-Identifier: MIT
"""How the lab's tests are written. Each belongs to an exercise (tests/exercises.py) and says which others it rests on:
with all of those filled in it passes, and without any one of them it fails.

A test's docstring is what `make explain` prints: what is checked, why, what usually goes wrong, where to look.
"""
import inspect
import re
import select
import socket
import struct
import time

from exercises import BY_NUMBER, PARTS
from gradelib import Failure, check_output, needs_header
from grade import suite
from grade.host import bounded, loops, one_make
from grade.programs import NO_PANIC
from harness.cmdline import objdir
from harness.frames import ICMP, SOURCE, Wire, checksum, ip4

needs_cmocka = needs_header("cmocka.h")
CASE_SECONDS = 15  # of computing, of which each needs less than one
IN_FLIGHT = 8000
LOOK = 0.5  # seconds, after which somebody looks whether there is still anything to wait for
RESTS_ON = {}  # {test's name: numbers of exercises, its own included}


def part(letter):
    suite.part("lab %s: %s" % (letter, PARTS[letter]))


def exercise(number, points, title, rests_on=(), unless=()):
    """Decorator: the function below tests this exercise. `make grade GRADEFLAGS=ex3` runs all tests of exercise 3."""
    def register(func):
        name = "ex%d-%s" % (number, func.__name__.replace("_", "-"))
        RESTS_ON[name] = {number} | set(rests_on)
        assert all(other in BY_NUMBER for other in RESTS_ON[name]), name
        before = sorted(RESTS_ON[name] - {number})
        needs = "\nNeeds: exercise%s %s." % ("s" * (len(before) > 1), ", ".join(map(str, before))) if before else ""
        suite.add(name, title, points, func, unless=unless, doc=inspect.cleandoc(func.__doc__) + needs)
        return func
    return register


def on_the_host(t, program, cases):
    """Run these cases of a cmocka program of tests/, each by itself, so that one which crashes hides no other."""
    with one_make:
        status, out = t.host.make("-s", objdir("tests", program))
    if status:
        raise Failure("obj/tests/%s does not build:\n%s" % (program, out))
    for case in cases:
        status, out = t.attempt(*bounded(CASE_SECONDS, "env", "CASES=" + case, t.built("tests", program)), limit=60)
        if loops(status):
            raise Failure("tests/%s.c, %s: still running after %d s of computing: an endless loop?" % (program, case, CASE_SECONDS))
        if status:
            raise Failure("tests/%s.c, %s:\n%s" % (program, case, told(out)))
        if not re.search(r"^\[  PASSED  \] [1-9]", out, re.M):
            raise Failure("tests/%s.c has no case %s" % (program, case))


def told(out):
    """What a program of cmocka says of its failure, or an address sanitizer of a crash."""
    lines = re.findall(r"^(?:\[  ERROR   \] --- |\[   LINE   \] --- |SUMMARY: |.*runtime error: )(.*)", out, re.M)
    return "\n".join("  " + line for line in lines) or out


class Talk:
    """A connection to port 7 of the machine. A wait ends when the machine does, or panics: nothing would come after that."""

    def __init__(self, machine, limit):
        self.machine, self.patience = machine, machine.pace(limit)
        self.sock = socket.create_connection(("127.0.0.1", machine.port(7)), self.patience)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def receive(self):
        """Bytes, or none at the end."""
        deadline = time.monotonic() + self.patience
        while not select.select([self.sock], [], [], LOOK)[0]:
            over = self.machine.ending()
            if over or time.monotonic() > deadline:
                raise OSError(over or "nothing came for %.0f s" % self.patience)
        return self.sock.recv(65536)


def echo_over_tcp(machine, text, limit=4):
    """Connect to port 7 of the machine, send the text, and want it back: no more on its way than a window holds."""
    got, sent = b"", 0
    try:
        with Talk(machine, limit) as talk:
            while len(got) < len(text):
                if sent < len(text) and sent - len(got) < IN_FLIGHT:
                    sent += talk.sock.send(text[sent:sent + IN_FLIGHT - (sent - len(got))])
                piece = talk.receive()
                if not piece:
                    break
                got += piece
    except OSError as e:
        raise Failure("no echo over TCP: %s, after %d of %d bytes\n%s" % (e, len(got), len(text), machine.tail())) from None
    if got != text:
        raise Failure("%d bytes came back, and are not the %d that were sent" % (len(got), len(text)))


def send_over_tcp(machine, text, limit=4):
    """Connect to port 7 of the machine, send the text, close; until the other end has closed, too."""
    try:
        with Talk(machine, limit) as talk:
            talk.sock.sendall(text)
            talk.sock.shutdown(socket.SHUT_WR)
            talk.receive()
    except OSError as e:
        raise Failure("no connection: %s\n%s" % (e, machine.tail())) from None


def ixlab(t, word, limit=10, **boot):
    """Run user/ixlab.c in one of its parts, to its end."""
    boot.setdefault("cpus", 2)
    boot.setdefault("ports", (7,))
    machine = t.boot("ixlab", args=[word], fs=False, **boot)
    check_output(machine.finish(limit), ["ixlab: %s is right" % word], [NO_PANIC])
    return machine


ME, GUEST = bytes([10, 0, 2, 2]), bytes([10, 0, 2, 15])


class Pinger:
    """The other end of the guest's cable: it asks for the guest's address, then pings it."""

    def __init__(self, t, program, args):
        self.wire = Wire(t.folder)
        t.undo.append(self.wire.close)
        self.machine = t.boot(program, args=args, fs=False, cpus=2, dgram=self.wire.ends)
        self.machine.expect("ready", limit=20)

    def ask(self, frame, answers, what, limit=3):
        """Send a frame until one comes back of which answers(frame) is true."""
        patience = self.machine.pace(limit)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and not self.machine.ending():
            self.wire.send(frame, patience)
            self.wire.sock.settimeout(0.2)
            try:
                while True:
                    got = self.wire.sock.recv(2048)
                    if answers(got):
                        return got
            except socket.timeout:
                pass
        raise Failure("%s is not answered: %s\n%s" % (what, self.machine.ending() or "nothing came", self.machine.tail()))

    def ping(self, count):
        arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, SOURCE, ME, bytes(6), GUEST)
        self.ask((b"\xff" * 6 + SOURCE + b"\x08\x06" + arp).ljust(60, b"\0"),
                 lambda f: f[12:14] == b"\x08\x06" and f[20:22] == b"\0\2" and f[28:32] == GUEST, "an ARP request")
        for i in range(count):
            text = b"ping number %d " % i * (1 + i % 60)
            echo = struct.pack("!BBHHH", 8, 0, 0, 1, i) + text
            echo = echo[:2] + struct.pack("!H", checksum(echo)) + echo[4:]
            self.ask(ip4(ICMP, ME, GUEST, echo),
                     lambda f, text=text: f[23] == ICMP and f[34] == 0 and f[42:42 + len(text)] == text, "ping %d" % i)
        check_output(self.machine.text, never=[NO_PANIC])
