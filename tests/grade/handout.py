# SPDX-License-Identifier: MIT
"""The students' tree: what it holds, and that each exercise gains exactly its own points."""
import os
import re
import shutil

from exercises import EXERCISES
from gradelib import Failure
from grade import lab, suite
from handout import ALL, Workshop, leaks

suite.part("handout")


def needs_unifdef():
    return None if shutil.which("unifdef") else "`unifdef` is not installed"


def marks_of(t, path):
    with open(t.path(path), encoding="utf-8") as f:
        return {int(n) for n in re.findall(r"#ifndef EXERCISE_(\d+)", f.read())}


@suite.test(5, "the table of exercises names the files that have gaps, and each gap has its comment")
def exercises_table(t):
    marked = t.run("git", "grep", "-lE", "^#ifndef EXERCISE_").split()
    said = {(path, e.number) for e in EXERCISES for path in e.files}
    real = {(path, n) for path in marked for n in marks_of(t, path)}
    if said != real:
        raise Failure("tests/exercises.py says too much: %s\nand too little: %s" % (sorted(said - real), sorted(real - said)))
    for e in EXERCISES:
        if not any(name.startswith("ex%d-" % e.number) for name in lab.RESTS_ON):
            raise Failure("exercise %d has no test" % e.number)


@suite.test(20, "skeleton: its floor; each exercise: its own points; solution: all", unless=[needs_unifdef])
def ladder(t):
    shop = Workshop(t, "ladder")
    shutil.rmtree(os.path.join(shop.place, ".git"), ignore_errors=True)
    faults = []
    for n in [0] + sorted(ALL):
        shop.fill(range(1, n + 1))
        if n == 0:
            faults += leaks(t, shop.place)
            if t.run("git", "-C", shop.place, "rev-list", "--count", "HEAD").strip() != "1":
                faults.append("the students' tree has more than one commit")
        whole = n == 0 or n == max(ALL)
        faults += shop.faults(shop.grade(*([] if whole else ["ex%d" % n, "ex%d" % (n + 1)])))
    if faults:
        raise Failure("\n".join(faults))
