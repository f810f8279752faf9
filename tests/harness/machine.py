# SPDX-License-Identifier: MIT
"""One QEMU: what it prints on its serial line, what is typed there, how it ends, and when patience ends.

A thread reads the serial line all the time, so the guest is never held up. Tests look for patterns in what
has come so far, each search beginning where the one before it ended. All time limits are in seconds of
a machine of reference speed, and are stretched by `pace` (speed.py).
"""
import codecs
import os
import re
import shlex
import subprocess
import threading
import time

from . import qmp
from .suite import Failure

EXIT_OK, EXIT_PANIC = 33, 35  # QEMU's status after the guest's debug exit: 2 * n + 1 (kern/bootarg.h)
PANIC = re.compile(r"^(kernel panic |\[[0-9a-f]{8}\] user panic ).*$", re.M)
GRACE = 0.5
EXIT_GRACE = 5  # seconds that QEMU may take from its last output to its end
LINE_SHOWN = 200
FLOOD = 4 << 20               # more output than this is a fault in itself,
MUCH = 256 << 10              # and so is this much of one that does not get on: a busy host shows less of a flood
FLOODS = "it floods the console"


class Machine:
    """Started on construction; close() ends it, however far it got."""

    def __init__(self, children, argv, folder, pace, may_panic=False):
        self.children, self.pace, self.may_panic = children, pace, may_panic
        self.folder = folder
        self.text, self.mark = "", 0
        self.status = None
        self.fault = None           # why it was ended from here
        self.changed = threading.Condition()
        with open(os.path.join(folder, "qemu.log"), "ab") as log:
            log.write((" ".join(map(shlex.quote, argv)) + "\n").encode())
            log.flush()
            self.proc = children.start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    # The serial line.

    def read(self):
        """Thread: gather what the guest prints; at the end, its status."""
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        with open(os.path.join(self.folder, "serial.log"), "ab", buffering=0) as log:
            while True:
                piece = os.read(self.proc.stdout.fileno(), 65536)
                log.write(piece)
                with self.changed:
                    self.text += decode(piece, not piece).replace("\r", "")
                    if len(self.text) > FLOOD:
                        self.fault = FLOODS
                    self.changed.notify_all()
                if not piece or self.fault:
                    break
        self.let_go()
        status = self.children.finish(self.proc)
        with self.changed:
            self.status = status
            self.changed.notify_all()

    def let_go(self):
        """It has closed its output, and may need a moment more to end."""
        try:
            if not self.fault:
                self.proc.wait(EXIT_GRACE)
        except subprocess.TimeoutExpired:
            pass

    def send(self, text):
        """Type on the serial line."""
        try:
            self.proc.stdin.write(text.encode())
            self.proc.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise Failure("QEMU has ended; it cannot be sent %r" % text) from None

    # Waiting.

    def until(self, step, what, limit=10):
        """Call step(text so far) after each piece of output until it returns something true; return that."""
        deadline = time.monotonic() + self.pace(limit)
        with self.changed:
            while True:
                ended = self.ending()
                found = step(self.text)
                if found:
                    return found
                left = deadline - time.monotonic()
                if ended:
                    self.changed.wait(GRACE)  # for the rest of a panic's backtrace
                if ended or left <= 0:
                    raise Failure("%s: %s\n%s" % (what, ended or self.late(limit), self.tail()))
                self.changed.wait(min(left, 1))

    def late(self, limit):
        return FLOODS if len(self.text) > MUCH else "not within %.0f s" % self.pace(limit)

    def expect(self, pattern, limit=10):
        """Wait for the pattern behind the last one found; return the match."""
        regex = re.compile(pattern, re.M)
        match = self.until(lambda text: regex.search(text, self.mark), "waiting for '%s'" % pattern, limit)
        self.mark = match.end()
        return match

    def finish(self, limit=10, status=EXIT_OK):
        """Wait until the guest ends QEMU, and check how. Returns all it printed."""
        self.until(lambda text: self.status is not None, "waiting for the end", limit)
        if self.fault or self.status != status:
            raise Failure("%s, not: %s\n%s" % (self.fault or told(self.status), told(status), self.tail()))
        return self.text

    def run_for(self, seconds):
        """Let it run for a while; it must not end or panic. Returns all it printed."""
        deadline = time.monotonic() + seconds
        self.until(lambda text: time.monotonic() >= deadline, "running on", seconds + 10)
        return self.text

    def ending(self):
        """Why nothing more is to be expected, or None."""
        panic = None if self.may_panic else PANIC.search(self.text)
        if panic:
            return panic.group()
        if self.fault or self.status is not None:
            return self.fault or told(self.status)
        return None

    def tail(self, lines=12):
        """The end of its output, to be shown with a failure; and QEMU's own words, if it has not even started."""
        if not self.text and self.status is not None:
            with open(os.path.join(self.folder, "qemu.log"), encoding="utf-8", errors="replace") as log:
                return "QEMU said:\n" + "".join("  | " + line for line in log.readlines()[1:])
        last = self.text.rstrip("\n").split("\n")[-lines:]
        return "the last it printed:\n" + "\n".join("  | " + line[:LINE_SHOWN] for line in last)

    # From outside.

    def ask(self, command):
        """A command of QEMU's own monitor; its answer."""
        return qmp.human(os.path.join(self.folder, "qmp"), command, self.pace(10))

    def port(self, guest_port, protocol="TCP"):
        """The host port (on 127.0.0.1) that leads to this port of the guest."""
        for line in self.ask("info usernet").split("\n"):
            word = line.split()
            if len(word) > 5 and word[0] == protocol + "[HOST_FORWARD]" and word[5] == str(guest_port):
                return int(word[3])
        raise Failure("QEMU forwards no %s port to the guest's port %d" % (protocol, guest_port))

    def close(self):
        self.children.finish(self.proc)
        self.reader.join()
        try:
            self.proc.stdin.close()
        except BrokenPipeError:  # something was still to be typed
            pass
        self.proc.stdout.close()


def told(status):
    """A status in words."""
    known = {EXIT_OK: "the guest ended well", EXIT_PANIC: "the guest ended by a panic",
             0: "QEMU ended (a reset or a triple fault?)"}
    return known.get(status, "QEMU ended with status %d (see qemu.log)" % status)
