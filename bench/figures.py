# SPDX-License-Identifier: MIT
"""
The figures that are measured: names, units, which way is better, and where all samples are kept.

A figure's name is a path: what was done, at which point of the work, and what was measured there, such as
`kept/64/rate` or `latency/p99`.
"""
from collections import defaultdict

import stats

UNITS = {  # the last word of a name -> (unit, which way is better)
    "rate": ("requests/s", "higher"),
    "goodput": ("MB/s", "higher"),
    "answered": ("requests/s", "higher"),
    "first_answer": ("s", "lower"),
}
TIME = ("us", "lower")
SPEED_OF_HOST = "host/loop"  # not of a system, but of the host while that system ran

WORKS = {  # the first word of a name -> words for it
    "boot": "boot to first answer",
    "latency": "one kept connection, round trip",
    "kept": "kept connections",
    "connect": "a connection for each request",
    "size": "response size",
    "load": "offered load",
    "echo": "echo of one message",
    "batch": "batch bound",
    "idle": "idle policy",
    "cpus": "CPUs",
    SPEED_OF_HOST.split("/", maxsplit=1)[0]: "a fixed loop on the host",
}

HEADLINES = [  # (figure, words): the table in the terminal, and the report's first picture
    ("latency/p50", "round trip, median"),
    ("latency/p99", "round trip, p99"),
    ("latency/p99.9", "round trip, p99.9"),
    ("kept/1/rate", "1 kept connection"),
    ("kept/16/rate", "16 kept connections"),
    ("kept/64/rate", "64 kept connections"),
    ("kept/256/rate", "256 kept connections"),
    ("connect/16/rate", "a connection each, 16 clients"),
    ("connect/4/rate", "a connection each, 4 clients"),
    ("size/65536/goodput", "64 KB pages"),
    ("size/1048576/goodput", "1 MB pages"),
    ("echo/64/p50", "echo of 64 bytes, median"),
    ("echo/65536/goodput", "echo of 64 KB"),
    ("boot/first_answer", "boot to first answer"),
]


def unit(name):
    return UNITS.get(name.rsplit("/", 1)[1], TIME)[0]


def better(name):
    return UNITS.get(name.rsplit("/", 1)[1], TIME)[1]


class Samples:
    """samples[system][figure][round] -> number"""

    def __init__(self):
        self.of = defaultdict(lambda: defaultdict(dict))

    def add(self, system, turn, figures):
        for name, value in figures.items():
            self.of[system][name][turn] = value

    def names(self):
        """All figures of all systems, in the order in which they first came."""
        found = {}
        for figures in self.of.values():
            found.update(dict.fromkeys(figures))
        return list(found)

    def summary(self, system, name):
        """Median, range and samples, or None when there is no such figure."""
        rounds = self.of[system].get(name) if system in self.of else None
        return stats.summary([rounds[r] for r in sorted(rounds)]) if rounds else None

    def compare(self, ours, theirs, name):
        """The ratio of a figure of two systems, with its verdict, or None when one of them has no such figure."""
        a, b = self.of[ours].get(name, {}), self.of[theirs].get(name, {})
        found = stats.ratios(a, b)
        if not found:
            return None
        return dict(stats.summary(found), better=better(name), verdict=stats.verdict(a, b, better(name)))
