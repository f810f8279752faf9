# SPDX-License-Identifier: MIT
"""Ten seeded runs of 1,000 connections over a network that loses, repeats, reorders, delays and damages frames."""
from gradelib import needs_tap
from grade.loss import bad_network


def seeded(seed):
    return lambda t: bad_network(t, seed, 1000)


def add_to(suite):
    suite.part("loss")
    for seed in range(1, 11):
        title = "1,000 connections over a bad network, seed %d" % seed
        suite.add("loss-%d" % seed, title, 1, seeded(seed), unless=[needs_tap])
