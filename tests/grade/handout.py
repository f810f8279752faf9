# SPDX-License-Identifier: MIT
"""The students' tree: what it holds."""
import os
import re
import shutil

from exercises import EXERCISES
from gradelib import Failure
from grade import lab, suite
from handout import ALL, Workshop, leaks

suite.part("handout")

FLOOR = 13  # points, of labs 3 to 6 (conf/handout.d/tree/grade-lab-ix)


def needs_unifdef():
    return None if shutil.which("unifdef") else "`unifdef` is not installed"


def marks_of(t, path):
    with open(t.path(path), encoding="utf-8") as f:
        return {int(n) for n in re.findall(r"#ifndef EXERCISE_(\d+)", f.read())}


def bare_gaps(t, path):
    """Gaps that do not say whose they are, or whose function has no comment right above it."""
    with open(t.path(path), encoding="utf-8") as f:
        text = f.read()
    if path.endswith(".txt"):
        return []  # what is above is the question
    said, faults = set(), []
    for gap in re.finditer(r"/\* LAB IX: Your code here\. \(Exercise (\d+)\)", text):
        head = text[:text.rindex("\n{\n", 0, gap.start())].split("\n\n")[-1]
        said.add(int(gap.group(1)))
        if not head.startswith("/*"):
            faults.append("%s: %s has a gap of exercise %s, and no comment" % (path, head.split("\n")[-1], gap.group(1)))
    missing = marks_of(t, path) - said
    return faults + ["%s: no gap says that it is exercise %d's" % (path, n) for n in missing]


@suite.test(5, "the table of exercises names the files that have gaps, and each gap has its comment")
def exercises_table(t):
    marked = t.run("git", "grep", "-lE", "^#ifndef EXERCISE_").split()
    said = {(path, e.number) for e in EXERCISES for path in e.files}
    real = {(path, n) for path in marked for n in marks_of(t, path)}
    if said != real:
        raise Failure("tests/exercises.py says too much: %s\nand too little: %s" % (sorted(said - real), sorted(real - said)))
    faults = [fault for path in marked for fault in bare_gaps(t, path)]
    if faults:
        raise Failure("\n".join(faults))
    for e in EXERCISES:
        if not any(name.startswith("ex%d-" % e.number) for name in lab.RESTS_ON):
            raise Failure("exercise %d has no test" % e.number)


@suite.test(10, "the students' tree builds without a warning, scores its floor, and holds no line of a solution",
            unless=[needs_unifdef])
def skeleton(t):
    """
    Makes the hand-out, builds it, and runs all of its tests: those of the floor pass, and no other. The tree itself has all
    points: the parts named `lab` say so.
    """
    shop = Workshop(t, "skeleton")
    shop.fill([])
    t.run(os.path.join(shop.place, "tests", "check-long"), "--list")
    faults = leaks(t, shop.place) + shop.faults(shop.grade())
    words = t.run(os.path.join(shop.place, "grade-lab-ix"), "--explain", "ex3-testinput")
    if not re.search(r"tests/grade/lab_a\.py:.*What it checks.*What usually goes wrong.*What it needs", words, re.S):
        faults.append("make explain is short of words there:\n" + words)
    if not re.match(r"Score: %d/\d+$" % FLOOR, shop.score):
        faults.append("it does not score its floor, %d: %s" % (FLOOR, shop.score))
    if t.run("git", "-C", shop.place, "rev-list", "--count", "HEAD").strip() != "1":
        faults.append("the students' tree has more than one commit")
    if faults:
        raise Failure("\n".join(faults))


def ladder(first, last):
    def play(t):
        faults = Workshop(t, "ladder-%d" % first).gain(range(first, last + 1))
        if faults:
            raise Failure("\n".join(faults))
    return play


LADDER_DOC = """
Fills in one exercise after the other. The tests of each fail with all exercises before it there, and pass with itself: so
it gains its own points. All tests after each step, and what is lost without one exercise, take their time:
make check-long PART=ladder, PART=handout.
Look: RESTS_ON, what each test of the lab says that it rests on (tests/grade/lab.py).
"""
RUNGS = (0, 6, 9, 12, max(ALL))
for _before, _last in zip(RUNGS, RUNGS[1:]):
    suite.add("ladder-%d" % (_before + 1), "exercises %d to %d, one after the other, gain their own points" % (_before + 1, _last), 5,
              ladder(_before + 1, _last), unless=[needs_unifdef], doc=LADDER_DOC)
