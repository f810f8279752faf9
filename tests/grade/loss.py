# SPDX-License-Identifier: MIT
"""A network that loses, repeats, reorders, delays and damages frames: every byte arrives all the same."""
import os
import subprocess
import sys

from gradelib import Failure, check_output, needs_tap
from grade import suite
from grade.programs import NO_PANIC
from grade.levels import FORGOTTEN, balanced, levels, with_spare_pages
from harness.monitor import Monitor
from harness.netns import TAP

suite.part("loss")


def bad_network(t, seed, connections, at_once=50, most=20000):
    """An echo server behind the shim; that many connections; nothing is left of them."""
    space = t.namespace()
    ours, qemus = os.path.join(t.folder, "shim.sock"), os.path.join(t.folder, "nic.sock")
    machine = t.boot("ixecho", cpus=2, dgram=(qemus, ours))
    machine.expect("ixecho: port 7", limit=20)

    def connect(count):
        numbers = map(str, (seed, count, at_once, most))
        peer = t.path("tests", "peers", "echoes.py")
        status, out = t.attempt(sys.executable, peer, "10.0.2.15", "7", *numbers, limit=1200, tap=space)
        if status:
            with Monitor(machine) as monitor:
                raise Failure(out + monitor.run("flows"))

    argv = [sys.executable, t.path("tests", "peers", "shim.py"), TAP, ours, qemus, str(seed)]
    shim = t.host.children.start(space.inside(argv), stdout=subprocess.PIPE, text=True)
    try:
        if shim.stdout.readline().strip() != "ready":
            raise Failure("the shim did not start")
        connect(10)  # when they are through, the file server has settled, too
        before = with_spare_pages(levels(machine))
        before["flows"] = 0
        connect(connections)
        balanced(machine, before, FORGOTTEN)
    finally:
        t.host.children.finish(shim)
        shim.stdout.close()
    check_output(machine.text, never=[NO_PANIC])


@suite.test(5, "100 connections over a network that loses and reorders: every byte intact (tap)", unless=[needs_tap])
def loss(t):
    bad_network(t, 1, 100)
