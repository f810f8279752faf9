# SPDX-License-Identifier: MIT
"""The tests of a grade script: what each is called, what it is worth, what must hold before it can run."""
import fnmatch
import inspect
import os
import re
import sys


class Failure(Exception):
    """A test did not pass. The text says why, and may have several lines."""


class Skip(Exception):
    """A test cannot run on this host. The text says what is missing."""


class Test:
    """One check. `name` is for the command line and for file names, `title` for people."""

    def __init__(self, name, title, points, part, func, needs=(), unless=(), doc=None):
        self.name, self.title, self.points, self.part, self.func = name, title, points, part, func
        self.needs = tuple(needs)    # names of tests without which this one has no meaning
        self.unless = tuple(unless)  # functions that return why the host cannot run it, or None
        self.place = written_at(func)
        self.doc = inspect.cleandoc(doc or func.__doc__ or "")  # for --explain (explain.py says what belongs there)

    def obstacle(self):
        """Why it cannot run on this host, or None."""
        return next((why for why in (probe() for probe in self.unless) if why), None)

    def wanted(self, pattern):
        """Does a filter from the command line mean this test? (A test's whole name means that test alone: select.)"""
        if re.fullmatch(r"ex\d+", pattern):  # an exercise of the lab: ex1 is not ex10
            return self.name.startswith(pattern + "-")
        glob = pattern.lower() if any(c in pattern for c in "*?[") else "*%s*" % pattern.lower()
        return any(fnmatch.fnmatch(text.lower(), glob) for text in (self.name, self.title, self.part))


def written_at(func):
    """File and line: of the function that explains itself, or else of the module that is just adding a test."""
    if getattr(func, "__code__", None) and func.__doc__:
        return func.__code__.co_filename, func.__code__.co_firstlineno
    frame = sys._getframe()
    while frame.f_back and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return os.path.abspath(frame.f_code.co_filename), frame.f_lineno


class Suite:
    """Tests in the order in which they are reported."""

    def __init__(self, title=""):
        self.title = title
        self.tests = []
        self.by_name = {}
        self.current_part = ""

    def part(self, name):
        """Tests added from now on belong to this part."""
        self.current_part = name

    def add(self, name, title, points, func, needs=(), unless=(), doc=None):
        """
        Add a test; what it needs must have been added before, which rules out cycles. `doc` explains it, where the
        function's own words do not.
        """
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name):
            raise ValueError("test name %r: lower-case letters, digits, dots and dashes only" % name)
        if name in self.by_name:
            raise ValueError("two tests are called %s" % name)
        for other in needs:
            if other not in self.by_name:
                raise ValueError("%s needs %s, which is not a test before it" % (name, other))
        test = Test(name, title, points, self.current_part, func, needs, unless, doc)
        self.tests.append(test)
        self.by_name[name] = test
        return test

    def take(self, other, points):
        """Add a test of another suite: it keeps its words and its place, but needs no test of that suite."""
        test = self.add(other.name, other.title, points, other.func, unless=other.unless, doc=other.doc)
        test.place = other.place

    def test(self, points, title, needs=(), unless=()):
        """Decorator: the function below is a test, and its name with dashes is the test's."""
        def register(func):
            self.add(func.__name__.replace("_", "-"), title, points, func, needs, unless)
            return func
        return register

    def select(self, patterns):
        """The tests that any of the patterns means, or all; ValueError for a pattern that means none."""
        if not patterns:
            return list(self.tests)
        chosen = set()
        for pattern in patterns:
            meant = {pattern} & set(self.by_name) or {test.name for test in self.tests if test.wanted(pattern)}
            if not meant:
                raise ValueError("no test matches '%s' (--list shows them all)" % pattern)
            chosen |= meant
        return [test for test in self.tests if test.name in chosen]


class Result:
    """How a test ended."""

    PASS, FAIL, SKIP = "passed", "failed", "skipped"

    def __init__(self, test, status, seconds=0.0, reason="", folder=None, log="", figures=()):
        self.test, self.status, self.seconds, self.reason = test, status, seconds, reason
        self.folder = folder  # where logs and captures were kept, or None
        self.log = log        # what the machines printed
        self.figures = tuple(figures)  # counts that it found, as (name, value, True if more is better)

    @property
    def points(self):
        return self.test.points if self.status == self.PASS else 0

    @property
    def most_points(self):
        """A skipped test is not part of the score."""
        return 0 if self.status == self.SKIP else self.test.points


def tally(results):
    """(points, most points, passed, failed, skipped)"""
    count = {status: 0 for status in (Result.PASS, Result.FAIL, Result.SKIP)}
    for result in results:
        count[result.status] += 1
    return (sum(r.points for r in results), sum(r.most_points for r in results),
            count[Result.PASS], count[Result.FAIL], count[Result.SKIP])
