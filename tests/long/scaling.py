# SPDX-License-Identifier: MIT
"""Several CPUs serve: each request costs what it costs one CPU, and all have the same share (bench/scale.py)."""
import os
import sys

from gradelib import ROOT, Failure
from grade.nics import igb_qemu, needs_igb
from grade.sharing import build

sys.path.append(os.path.join(ROOT, "bench"))
import hub  # noqa: E402
import scale  # noqa: E402


def scaling(server, threads, nic, needs_own_qemu):
    def play(t):
        qemu = igb_qemu() if needs_own_qemu else None
        build(t, *(os.path.relpath(path, ROOT) for path in (hub.plugin_file("counter", qemu or t.host.qemu), hub.image(hub.LOAD, True))))
        one, many = (scale.measure(t.host, server, n, nic, qemu) for n in (1, threads))
        words, good = scale.words(server, one, many)
        t.figure("%s on %d CPUs: instructions a request" % (server, threads), round(many.sum))
        if not good:
            raise Failure(words)
    return play


def add_to(suite):
    suite.part("scaling")
    for server in scale.SERVERS:
        suite.add("scaling-%s-2" % server, "%s on 2 CPUs (e1000e): at most 1.10 of one CPU's instructions a request" % server, 10,
                  scaling(server, 2, "e1000e", False))
        suite.add("scaling-%s-4" % server, "%s on 4 CPUs (igb): at most 1.10 of one CPU's instructions a request" % server, 10,
                  scaling(server, 4, "igb", True), unless=[needs_igb])
