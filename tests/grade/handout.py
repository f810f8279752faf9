# SPDX-License-Identifier: MIT
"""The students' tree: what it holds."""
import os
import re
import shutil

from exercises import EXERCISES
from gradelib import Failure
from grade import lab, suite
from handout import Workshop, leaks

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


@suite.test(10, "the students' tree builds without a warning, and holds no line of a solution", unless=[needs_unifdef])
def skeleton(t):
    """Makes the hand-out and builds it. What each exercise gains is for make check-long PART=handout: it takes its time."""
    shop = Workshop(t, "ladder")
    shutil.rmtree(os.path.join(shop.place, ".git"), ignore_errors=True)
    shop.fill([])
    faults = leaks(t, shop.place)
    if t.run("git", "-C", shop.place, "rev-list", "--count", "HEAD").strip() != "1":
        faults.append("the students' tree has more than one commit")
    if faults:
        raise Failure("\n".join(faults))
