# SPDX-License-Identifier: MIT
"""
The systems that are compared, and how each is started. They differ in nothing else: the same QEMU, NIC model, memory,
files and clients.

A system is started in a role: "web" serves FILES on port 80, "echo" sends back what comes on port 7.
"""
import os

MEMORY = 256
SIZES = (64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)
PAGE = "/64.bin"  # the page of all work but that on sizes: a body of 64 bytes


def page_of(size):
    return "/%d.bin" % size


def make_files(folder):
    """The pages that all systems serve; their paths."""
    paths = []
    for size in SIZES:
        path = os.path.join(folder, "%d.bin" % size)
        with open(path, "w", encoding="ascii") as f:
            f.write(("0123456789abcdef" * (size // 16 + 1))[:size])
        paths.append(path)
    return paths


def ready(machine, pattern):
    """The machine, once it has printed that; it is ended if it does not."""
    try:
        machine.expect(pattern, limit=30)
    except BaseException:
        machine.close()
        raise
    return machine


class Role:
    """A program of ours: its name, its words, and what it prints when it is ready."""

    def __init__(self, program, ready, args=()):
        self.program, self.ready, self.args = program, ready, args


class Jos:
    """
    One of our servers on our own kernel. `cpus`: as many as serve it best; `boot`: its own boot arguments; `knobs`: of
    the settings that some steps turn, those that it has; `also`: programs that must be at hand.
    """

    def __init__(self, name, title, cpus, roles, boot=(), knobs=(), also=()):
        self.name, self.title, self.cpus, self.roles = name, title, cpus, roles
        self.boot, self.knobs, self.also = tuple(boot), knobs, also

    def obstacle(self, session):
        """Why it cannot run here, or None."""
        for program in [role.program for role in self.roles.values()] + list(self.also):
            if not os.path.exists(session.built("strip", *program.split("_", 1))):
                return "the program %s is not built" % program
        return None

    def prepare(self, session):
        """Once, before the first start."""

    def serves(self, step):
        """Does this step mean anything to it?"""
        return step.role in self.roles and (not step.knob or step.knob in self.knobs)

    def start(self, session, role, extra=(), cpus=None):
        """Start it; the machine, once the program says that it is ready."""
        how = self.roles[role]
        machine = session.boot(how.program, args=how.args, extra=self.boot + tuple(extra), cpus=cpus or self.cpus,
                               memory=MEMORY, also=self.also)
        return ready(machine, how.ready)


class Dataplane(Jos):
    """`cpus` of a start are those that serve, on a card with as many queues: threads of one dataplane."""

    def start(self, session, role, extra=(), cpus=None):
        how = self.roles[role]
        if cpus is None:
            return super().start(session, role, extra)
        machine = session.boot(how.program, args=how.args + ("-t", str(cpus)), extra=self.boot + tuple(extra), cpus=cpus + 1,
                               nic="e1000e", memory=MEMORY)
        return ready(machine, how.ready)


IX = Dataplane("ix", "IX dataplane", 2, {
    "web": Role("user_ixhttpd", r"^ixhttpd: \d.*on CPU"),
    "echo": Role("user_ixecho", r"^ixecho: port 7 on CPU"),
}, knobs=("batch", "idle", "cpus"))
LAB6 = Jos("lab6", "lab 6", 1, {
    "web": Role("user_httpd", r"^Waiting for http connections", ("-k", "-c", "-w", "256")),
    "echo": Role("user_echosrv", r"^bound"),
}, boot=("nic0=lab6", "ns=on"), knobs=("cpus",), also=("net_ns",))

class Ceiling:
    """Our driver with a responder that remembers nothing: kern/dp/ceiling.c. It has one page, of 64 bytes."""

    name, title, cpus = "ceiling", "ceiling", 2

    def obstacle(self, session):
        return None

    def prepare(self, session):
        pass

    def serves(self, step):
        return not step.knob and not step.many_pages

    def start(self, session, role):
        machine = session.boot(None, extra=("ceiling=1",), cpus=self.cpus, memory=MEMORY)
        return ready(machine, "^ceiling: answering")
