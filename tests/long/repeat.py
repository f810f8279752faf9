# SPDX-License-Identifier: MIT
"""Every test of the grader ten times in a row, a part at a time: `make check-long PART=repeat`, or PART=repeat-lab-a."""
import importlib.machinery
import importlib.util
import json
import os
import re
import sys

from gradelib import ROOT, Failure
from long import alone

ROUNDS = 10
ROUND_LIMIT = 1200  # seconds; whoever needs longer hangs


def graders_tests():
    """{part: names of its tests}, in the grader's order. A skipped test has no result that could differ."""
    loader = importlib.machinery.SourceFileLoader("grade_lab_ix", os.path.join(ROOT, "grade-lab-ix"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    parts = {}
    for test in module.suite.tests:
        parts.setdefault(test.part, []).append(test.name)
    return parts


def one_round(t, names):
    """[(test's name, how it ended, why)]"""
    path = os.path.join(t.folder, "round.json")
    status, out = t.attempt(sys.executable, t.path("grade-lab-ix"), "--no-build", "--json", path, *names, limit=ROUND_LIMIT)
    if status not in (0, 1):
        raise Failure(out)
    with open(path, encoding="utf-8") as f:
        return [(test["name"], test["status"], test["reason"]) for test in json.load(f)["tests"]]


def faults(rounds):
    """Of each test that did not always pass (or was always skipped): how often it failed, and why it did first."""
    ends = {}
    for results in rounds:
        for name, status, reason in results:
            ends.setdefault(name, []).append((status, reason))
    wrong = []
    for name, seen in ends.items():
        reasons = [reason for status, reason in seen if status == "failed"]
        if reasons or len({status for status, _ in seen}) > 1:
            wrong.append("%s failed %d of %d times%s" % (name, len(reasons), len(seen), "".join("; first: " + r for r in reasons[:1])))
    return wrong


def repeat(names):
    def play(t):
        wrong = faults([one_round(t, names) for _ in range(ROUNDS)])
        if wrong:
            raise Failure("\n".join(wrong))
    return play


def add_to(suite):
    suite.part("repeat")
    for part, names in graders_tests().items():
        short = part.split(":")[0]
        suite.add("repeat-" + re.sub(r"[^a-z0-9]+", "-", short.lower()),
                  "each test of part %s passes %d times in a row" % (short, ROUNDS), 1, alone(repeat(names)))
