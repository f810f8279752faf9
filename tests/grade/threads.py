# SPDX-License-Identifier: MIT
"""Threads: what they share, how they begin and end, and what happens when they do it all at once on several CPUs."""
import re

from gradelib import Failure
from grade import suite
from grade.hostile import on_cpus

suite.part("threads")

on_cpus("threads", "threads share memory and not stacks, end one by one or all together, and fork", 60, (1, 2, 4))
on_cpus("threadstorm", "programs of many threads end at any moment, by whoever is first, and leave nothing", 90, (1, 2, 4))
on_cpus("dpthreads", "a thread has a dataplane, and its siblings take its pages and its life", 60, (2, 4), ports=(80,))


@suite.test(5, "descriptors depend on who opens first")
def fdorder(t):
    """
    Two threads on two CPUs each open a pipe, one after the other, in both orders: each time whoever is first gets the lower
    numbers. Why: it is what the dataplane's handles must not do, if calls of several CPUs are to commute (doc/ABI.md).
    """
    machine = t.boot("fdorder", cpus=3)
    machine.expect(r"^fdorder: all done$", limit=30)
    got = re.findall(r"^fdorder: thread (\d) first: thread 0 gets (\d+), thread 1 gets (\d+)$", machine.text, re.M)
    orders = {first: (int(a), int(b)) for first, a, b in got}
    if set(orders) != {"0", "1"} or orders["0"] != tuple(reversed(orders["1"])) or orders["0"][0] >= orders["0"][1]:
        raise Failure("it printed %s" % (got,))
