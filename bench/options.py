# SPDX-License-Identifier: MIT
"""What was asked for. make puts it into the environment (bench/Makefrag); conf/help.txt tells what there is."""
import os


class BadOption(Exception):
    """Says what is wrong with what was asked for."""


class Options:
    """
    `quick`, `full`: how much to measure; `rounds`: how often; `systems`: names, in the order of all tables;
    `net`: "tap", "user", or "" for tap where that is possible; `out`: the folder for the report.
    """

    def __init__(self, known, env=os.environ):
        self.quick, self.full = is_on(env, "QUICK"), is_on(env, "FULL")
        if self.quick and self.full:
            raise BadOption("QUICK=1 and FULL=1 exclude each other")
        self.rounds = number(env, "ROUNDS", 2 if self.quick else 5)
        self.systems = names(env, "SYSTEMS", known) or ["lab6", "ix"]
        self.systems += [name for name in names(env, "PEERS", known) if name not in self.systems]
        self.net = env.get("BENCH_NET") or ""
        if self.net not in ("", "tap", "user"):
            raise BadOption("BENCH_NET=%s: tap or user" % self.net)
        self.out = env.get("BENCH_OUT") or os.path.join("bench", "out")

    @property
    def scale(self):
        return "quick" if self.quick else "full" if self.full else "default"


def is_on(env, name):
    return env.get(name, "") not in ("", "0")


def number(env, name, otherwise):
    text = env.get(name) or str(otherwise)
    if not text.isdigit() or int(text) < 1:
        raise BadOption("%s=%s: a number from 1 up" % (name, text))
    return int(text)


def names(env, variable, known):
    found = [word for word in env.get(variable, "").replace(",", " ").split()]
    for word in found:
        if word not in known:
            raise BadOption("%s: there is no system %s; there are %s" % (variable, word, ", ".join(known)))
    return found
