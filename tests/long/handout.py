# SPDX-License-Identifier: MIT
"""The students' tree, in full: every test of the lab after each exercise, and without each."""
from handout import ALL, Workshop


def up_to(n):
    def play(t):
        shop = Workshop(t, "ladder")
        shop.fill(range(1, n + 1))
        shop.check(shop.grade())
    return play


def without(n):
    def play(t):
        shop = Workshop(t, "ladder")
        shop.fill(ALL - {n})
        shop.check(shop.grade("ex*"))
    return play


def add_to(suite):
    """One after the other, in one tree."""
    suite.part("handout")
    for name, title, play in ([("up-to-%d" % n, "with exercises 1 to %d, exactly their points" % n, up_to(n)) for n in [0] + sorted(ALL)] +
                              [("without-%d" % n, "without exercise %d, its points are lost, and those that rest on it" % n,
                                without(n)) for n in sorted(ALL)]):
        suite.add("handout-" + name, title, 1, play)
