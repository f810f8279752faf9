# SPDX-License-Identifier: MIT
"""
The measuring itself: rounds, in each of them every system in turn, in each of those every step. The order of systems
turns with each round, so that none is always the one that runs when the host gets busy.

A step that fails is noted and not measured for that round; the machine is started anew for the next one.
"""
import time

import works
from figures import SPEED_OF_HOST, Samples
from harness.suite import Failure
from session import Target

BOOT_SECONDS = 3


class Rounds:
    """`problems`: what went wrong, in words, with how often."""

    def __init__(self, session, systems, options, progress_of):
        self.session, self.systems, self.count = session, systems, options.rounds
        self.steps = works.steps(options.scale, session.most_conns)
        self.samples = Samples()
        self.problems = {}
        self.progress = progress_of(self.planned_seconds())

    def planned_seconds(self):
        return self.count * sum(
            BOOT_SECONDS * len({how(s) for s in self.mine(system)}) + sum(s.seconds for s in self.mine(system))
            for system in self.systems)

    def mine(self, system):
        return [s for s in self.steps if system.serves(s)]

    def run(self):
        for turn in range(self.count):
            shift = turn % len(self.systems)
            for system in self.systems[shift:] + self.systems[:shift]:
                self.progress.milestone("round %d of %d: %s" % (turn + 1, self.count, system.title))
                self.visit(system, turn)
        self.progress.end()

    def visit(self, system, turn):
        """All steps of one system in one round."""
        self.samples.add(system.name, turn, {SPEED_OF_HOST: speed_of_host()})
        server = Server(self.session, system)
        try:
            for step in self.mine(system):
                self.progress.show("round %d of %d, %s: %s" % (turn + 1, self.count, system.title, step.words))
                try:
                    self.samples.add(system.name, turn, step.run(server.started(step)))
                except Failure as e:
                    self.note(system, step, e)
                    server.stop()
                self.progress.advance(step.seconds)
        finally:
            server.stop()

    def note(self, system, step, failure):
        words = "%s, %s: %s" % (system.title, step.words, str(failure).strip().split("\n")[0])
        self.problems[words] = self.problems.get(words, 0) + 1


def how(step):
    """How the machine is started for a step; steps for which that is the same share a machine."""
    return step.role, tuple(sorted(step.boot.items()))


class Server:
    """A system's machine, as the steps of a round want it. One that did not come up is not tried again in this round."""

    def __init__(self, session, system):
        self.session, self.system = session, system
        self.target, self.how, self.hopeless = None, None, set()

    def started(self, step):
        """The target for this step, started now if need be."""
        wanted = how(step)
        if wanted in self.hopeless:
            raise Failure("the server does not start")
        if wanted != self.how:
            self.stop()
            self.hopeless.add(wanted)
            self.target = Target(self.session, self.system, step.role, **step.boot)
            self.hopeless.remove(wanted)
            self.how = wanted
        return self.target

    def stop(self):
        if self.target:
            self.target.close()
        self.target = self.how = None


def speed_of_host():
    """Microseconds for a fixed loop, the best of a few: how busy or throttled the host is while no server runs."""
    best = None
    for _ in range(5):
        began = time.perf_counter()
        sum(range(200000))
        took = (time.perf_counter() - began) * 1e6
        best = took if best is None else min(best, took)
    return best
