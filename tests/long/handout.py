# SPDX-License-Identifier: MIT
"""The students' tree, in full: every test of the lab after each exercise, and without each."""
from handout import ALL, Workshop
from long import alone


def up_to(n):
    def play(t):
        shop = Workshop(t, "up-to")
        shop.fill(range(1, n + 1))
        shop.check(shop.grade())
    return play


def without(n):
    def play(t):
        shop = Workshop(t, "without")
        shop.fill(ALL - {n})
        shop.check(shop.grade("ex*"))
    return play


def add_to(suite):
    """All of one part work in one tree."""
    suite.part("ladder")
    for n in [0] + sorted(ALL):
        suite.add("up-to-%d" % n, "with exercises 1 to %d, exactly their points" % n, 1, alone(up_to(n)))
    suite.part("handout")
    for n in sorted(ALL):
        suite.add("without-%d" % n, "without exercise %d, its points are lost, and those that rest on it" % n, 1, alone(without(n)))
