# SPDX-License-Identifier: MIT
"""The control plane: who may pull which lever, CPUs that come and go under load, and programs beside each other."""
import re
import threading
import time

from gradelib import Failure, check_output
from grade import suite
from grade.programs import NO_PANIC
from grade.kv import PORT
from grade.webserver import levels
from harness.http import Connection

suite.part("control")

GROUPS = ("nobody holds the right", "no dataplane", "limits", "CPUs and groups", "memory", "another holds the right",
          "nobody holds it again")
CONNECTIONS, BATCH = 16, 8


@suite.test(10, "each misuse of sys_dp_ctl gives the error that inc/ix.h names")
def ctl_misuse(t):
    machine = t.boot("ixctlmisuse", cpus=3, nic="e1000e", ports=(7,))
    machine.finish(limit=40)
    missing = [name for name in GROUPS if not re.search("^ixctlmisuse: OK %s: [1-9]" % name, machine.text, re.M)]
    if missing:
        raise Failure("no good word of: %s\n%s" % (", ".join(missing), machine.tail(40)))
    check_output(machine.text, ["ixctlmisuse: everything gave what inc/ix.h says"], [NO_PANIC, "FAILED"])


class Asker(threading.Thread):
    """
    One connection to the key-value store, on which requests follow each other without a pause, several at a time. Each sets
    a key of its own to the request's number and gets it back: an answer that is lost, doubled or overtaken shows.
    """

    def __init__(self, port, number, stop):
        super().__init__(daemon=True)
        self.connection = Connection(port, limit=60)
        self.number, self.stop, self.done, self.error = number, stop, 0, None

    def batch(self):
        names = [(b"k%d-%d" % (self.number, i), b"%d" % (self.done + i)) for i in range(BATCH)]
        self.connection.send(b"".join(b"set %s 0 0 %d noreply\r\n%s\r\nget %s\r\n" % (k, len(v), v, k) for k, v in names))
        want = b"".join(b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (k, len(v), v) for k, v in names)
        while len(self.connection.rest) < len(want):
            self.connection.more()
        got, self.connection.rest = self.connection.rest[:len(want)], self.connection.rest[len(want):]
        if got != want:
            raise Failure("connection %d, after %d requests: %r came, not %r" % (self.number, self.done, got, want))
        self.done += BATCH

    def run(self):
        try:
            while not self.stop.is_set():
                self.batch()
        except Exception as e:  # it is raised where the test waits
            self.error = e


def swing(rounds, pause_ms, limit):
    """CPUs come and go, and clients ask: nothing is lost, nothing is out of order, nothing leaks."""
    def play(t):
        machine = t.boot("ixswing", args=[str(rounds), str(pause_ms), "/ixkv", "-t", "2"], cpus=3, nic="e1000e", ports=(PORT,))
        machine.expect("^ixswing: ready", limit=60)
        before, stop = levels(machine), threading.Event()
        askers = [Asker(machine.port(PORT), i, stop) for i in range(CONNECTIONS)]
        for asker in askers:
            asker.start()
        machine.expect("^ixswing: %d rounds are over" % rounds, limit=limit)
        stop.set()
        for asker in askers:
            asker.join(60)
            if asker.error or asker.is_alive():
                raise Failure("connection %d: %s" % (asker.number, asker.error or "no answer"))
        if min(asker.done for asker in askers) < BATCH * 2:
            raise Failure("hardly any load: %s" % [asker.done for asker in askers])
        check_output(machine.text, never=[NO_PANIC])
        for asker in askers:
            asker.connection.sock.close()
        wait_for_levels(machine, before)
    return play


def wait_for_levels(machine, before):
    """Memory of connections that are gone is given back after a while."""
    deadline = time.monotonic() + 30
    while True:
        after = levels(machine)
        wrong = [n for n in ("free_pages", "bufs_free") if after[n] < before[n]]
        wrong += [n for n in ("flows", "bufs_app", "bufs_stack") if after[n] > before[n]]
        if not wrong:
            return
        if time.monotonic() > deadline:
            raise Failure("not as before: %s\nbefore %s\nafter %s" % (wrong, before, after))
        time.sleep(1)


suite.add("cpus-come-and-go", "a CPU is added and removed 10 times under load: no request lost, no answer out of order", 10,
          swing(10, 100, 120))
