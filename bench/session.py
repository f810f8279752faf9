# SPDX-License-Identifier: MIT
"""
The stage: the host's network, QEMU on it, and clients against that. Everything goes when it is closed.

The machines and the network are those of the grader (tests/harness); here they are given the bench's disk and clients.
"""
import json
import os
import time

import pinning
import systems
from harness import netns
from harness.context import Context
from harness.suite import Failure

GUEST = "10.0.2.15"
PORTS = {"web": 80, "echo": 7}
USER_CONNS = 8  # more than these at once overflow the queues of QEMU's user network


class Here:
    """What a Context wants to know of a test."""

    name = "bench"


class Session:
    """`tap`: on a tap device in a namespace of its own; else on QEMU's user network."""

    def __init__(self, host, tap):
        self.host = host
        self.context = Context(Here, host)
        self.space = self.context.namespace() if tap else None
        self.commands = {}  # what was run: a dict for its order
        self.disk = self.make_disk()

    def close(self):
        self.context.close()

    @property
    def most_conns(self):
        return 1 << 20 if self.space else USER_CONNS

    def built(self, *names):
        return os.path.join(self.host.root, os.environ.get("OBJDIR") or "obj", *names)

    def make_disk(self):
        folder = os.path.join(self.context.folder, "pages")
        os.makedirs(folder)
        self.pages = systems.make_files(folder)
        image = os.path.join(self.context.folder, "bench.img")
        self.context.run(self.built("fs", "fsformat"), image, "1024", *self.pages)
        return image

    def boot(self, program, **how):
        """Start our kernel with a program; the machine."""
        if not self.space:
            how["ports"] = tuple(PORTS.values())
        machine = self.context.boot(program, tap=self.space, disk=self.disk, **how)
        self.watch(machine)
        return machine

    def watch(self, machine):
        """Note how the machine was started, and give its threads their places."""
        self.note(" ".join(machine.proc.args))
        pinning.pin(machine)

    def inside(self, argv):
        return self.space.inside(argv) if self.space else argv

    def note(self, command):
        for path, name in ((self.context.folder, "$SCRATCH"), (self.host.root, "$TREE")):
            command = command.replace(path, name)
        if self.space:
            command = command.replace(self.space.name, "$NETNS")
        self.commands[command] = None


class Target:
    """A server that answers: where it is, and how clients are run against it."""

    def __init__(self, session, system, role, **how):
        self.session, self.system, self.role = session, system, role
        began = time.monotonic()
        self.machine = system.start(session, role, **how)
        try:
            self.host, self.port = self.address()
            self.wait_until_it_answers()
        except BaseException:
            self.machine.close()
            raise
        self.boot_seconds = time.monotonic() - began

    def address(self):
        if self.session.space:
            return GUEST, PORTS[self.role]
        return "127.0.0.1", self.machine.port(PORTS[self.role])

    def wait_until_it_answers(self, limit=20):
        what = ("http", systems.PAGE) if self.role == "web" else ("echo", "64")
        deadline = time.monotonic() + limit
        while True:
            try:
                self.pingpong(*what, seconds=0.001)
                return
            except Failure:
                if time.monotonic() > deadline or self.machine.ending():
                    raise
                time.sleep(0.02)

    def url(self, page=systems.PAGE):
        return "http://%s:%d%s" % (self.host, self.port, page)

    def client(self, *argv, limit):
        """Run a client; what it printed. Failure when it ends badly, or late."""
        self.session.note(" ".join(argv).replace(":%d/" % self.port, ":$PORT/"))
        status, out = self.session.host.children.run(self.session.inside(list(argv)), limit)
        if status:
            raise Failure("`%s` ended with status %d: %s" % (" ".join(argv), status, out.strip()[-300:]))
        return out

    def own_client(self, name, *words, limit):
        """Run one of our clients; the figures that it printed."""
        out = self.client(self.session.built("bench", name), self.host, str(self.port), *words, limit=limit)
        return json.loads(out)

    def pingpong(self, kind, what, seconds):
        return self.own_client("pingpong", kind, what, str(seconds), limit=seconds + 15)

    def close(self):
        self.machine.close()


def choose_network(wanted):
    """(on a tap device?, words for the report)"""
    obstacle = netns.obstacle() if wanted != "user" else "asked for"
    if wanted == "tap" and obstacle:
        raise Failure("BENCH_NET=tap: " + obstacle)
    if not obstacle:
        return True, "a tap device in a private network namespace"
    return False, "QEMU's user network (%s); it adds delays of its own: at most %d connections, no tails" % (
        obstacle, USER_CONNS)
