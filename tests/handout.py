# SPDX-License-Identifier: MIT
"""Proof that the students' tree (conf/handout) is what it should be: used by tests/grade/handout.py, tests/long/handout.py.

A Workshop holds one such tree and changes which exercises are filled in. It begins with what was built of this tree, so
that only what an exercise touches is built again.
"""
import json
import os
import re
import shutil
import subprocess
import sys

from exercises import EXERCISES
from gradelib import Failure
from grade import lab, lab_a, lab_b, lab_c, lab_d, lab_e, lab_f  # noqa: F401
from grade.host import one_make
from harness.cmdline import objdir

ALL = {e.number for e in EXERCISES}
NOT_SHARED = {"grade", "handout", "workshops", "warnings", "fuzz", "long"}  # of obj/: they belong to this tree alone


def span(numbers):
    return ",".join(map(str, sorted(numbers)))


class Workshop:
    def __init__(self, t, name, fresh=False):
        self.t = t
        self.place = t.path(objdir("workshops", name))
        self.filled = None
        if not os.path.exists(self.place):
            with one_make:  # what another test built of this tree meanwhile would be newer than the students' source
                self.begin(fresh)

    def begin(self, fresh):
        """The students' tree, with what was built of this one, or fresh. The files that they share are equally old."""
        self.t.run(sys.executable, self.t.path("conf", "handout"), self.place)
        shutil.copytree(self.t.path(".deps"), os.path.join(self.place, ".deps"), symlinks=True)
        os.makedirs(os.path.join(self.place, "obj"))
        for name in () if fresh else sorted(set(os.listdir(self.t.path(objdir()))) - NOT_SHARED):
            self.t.run("cp", "-a", "--reflink=auto", self.t.path(objdir(name)), os.path.join(self.place, "obj"))

    def fill(self, numbers):
        """Make and build the tree with these exercises filled in. It takes no warning."""
        self.filled = set(numbers)
        self.t.run(sys.executable, self.t.path("conf", "handout"), self.place, span(numbers))
        out = self.t.run("env", "-u", "MAKEFLAGS", "-u", "OBJDIR", "make", "-s", "-j2", "-C", self.place, "all", limit=900)
        if "warning:" in out:
            raise Failure("with %s, it builds with a warning:\n%s" % (span(numbers) or "none", out))

    def grade(self, *filters):
        """Run its tests: {name: points earned, or None if it failed}. Skipped ones are left out."""
        report = os.path.join(self.t.folder, "results.json")
        status, out = self.t.attempt("env", "-u", "OBJDIR", os.path.join(self.place, "grade-lab-ix"), "--no-build", "-j2",
                                     "--json", report, *filters, limit=1800)
        if status not in (0, 1):
            raise Failure("grade-lab-ix ended with status %d:\n%s" % (status, out))
        with open(report, encoding="utf-8") as f:
            tests = json.load(f)["tests"]
        self.score = re.search(r"^Score: .*", out, re.M).group()
        return {test["name"]: test["score"] if test["status"] == "passed" else None
                for test in tests if test["status"] != "skipped"}

    def faults(self, results):
        """Where it is not so that exactly those tests passed that rest on nothing but what is filled in."""
        wrong = []
        for name, points in results.items():
            missing = lab.RESTS_ON.get(name, set()) - self.filled
            if missing and points is not None:
                wrong.append("with %s: %s passes without exercise %s" % (span(self.filled) or "none", name, span(missing)))
            elif not missing and points is None:
                wrong.append("with %s: %s fails, though it rests on %s only" % (
                    span(self.filled) or "none", name, span(lab.RESTS_ON.get(name, set())) or "nothing"))
        return wrong

    def check(self, results):
        wrong = self.faults(results)
        if wrong:
            raise Failure("\n".join(wrong))

    def gain(self, numbers):
        """
        Fill in one more exercise after the other: each one's tests fail before it is filled in, with all before it there,
        and pass after. What is wrong.
        """
        wrong = []
        for n in numbers:
            if self.filled is None:
                wrong += self.step(n - 1, [n])
            wrong += self.step(n, [n, n + 1])
        return wrong

    def step(self, upto, exercises):
        self.fill(range(1, upto + 1))
        return self.faults(self.grade(*("ex%d" % n for n in exercises if n in ALL)))


# No line of a solution.

def significant(text):
    """Lines that say something, without their indentation."""
    lines = (line.strip() for line in text.split("\n"))
    return [line for line in lines if re.search(r"\w", line) and line not in ("else", "do")]


def solution(path):
    """The lines of a source with all exercises filled in."""
    flags = ["-t"] * path.endswith(".txt") + ["-UEXERCISE_%d" % n for n in ALL]
    done = subprocess.run(["unifdef"] + flags + [path], stdout=subprocess.PIPE, check=False)
    return significant(done.stdout.decode())


def solution_runs(lines, kept):
    """Pairs of lines that follow each other in a solution, neither of which is handed out with the source."""
    return {pair for pair in zip(lines, lines[1:]) if not kept & set(pair) and sum(map(len, pair)) > 40}


def words(text):
    """As one line, so that code is the same in a string of Python's, where its ends of lines are escapes."""
    return " ".join(re.sub(r"\\[nt]", " ", text).split())


def handed_out(place):
    """{name: text} of a tree that was made"""
    with open(os.path.join(place, ".handout"), encoding="utf-8") as f:
        names = f.read().split()
    found = {}
    for name in names:
        with open(os.path.join(place, name), encoding="utf-8", errors="replace") as f:
            found[name] = f.read()
    return found


TELLING = 25  # characters, of a line that says what a solution does; heads of loops do not


def leaks(t, place):
    """
    Where the tree without solutions has something of one: two lines anywhere, or a single one outside of the kernel, within
    a line even, unless the kernel that is handed out has it elsewhere: then it is how things are said here.
    """
    tree = handed_out(place)
    paths = sorted({path for e in EXERCISES for path in e.files})
    runs, single = {}, {}
    kernel = words("\n".join(text for name, text in tree.items() if name.startswith("kern/")))
    for path in paths:
        lines, kept = solution(t.path(path)), set(significant(tree[path]))
        runs.update((pair, path) for pair in solution_runs(lines, kept))
        single.update((words(line), path) for line in lines
                      if len(words(line)) >= TELLING and words(line) not in kernel and not line.startswith("for ("))
    if min(len(runs), len(single)) < 10 * len(EXERCISES):
        raise Failure("only %d pairs of lines of solutions were found, and %d lines" % (len(runs), len(single)))
    found = []
    for name, text in tree.items():
        lines = significant(text)
        found += ["%s has two lines of %s:\n    %s\n    %s" % (name, runs[pair], *pair) for pair in zip(lines, lines[1:]) if pair in runs]
        if not name.startswith("kern/") and name not in paths:
            whole = words(text)
            found += ["%s has a line of %s:\n    %s" % (name, path, line) for line, path in single.items() if line in whole]
    return found
