# SPDX-License-Identifier: MIT
"""The grader itself: every planted fault is found; a class of twenty gets its table."""
import glob
import os
import re
import sys

from gradelib import Failure
from grade.course import TOOLS, faulty, grade_all, grade_class, solution
from course.trusted import exercise_files
from long import alone


def mutants(t):
    """Plants each fault of tests/mutants, and wants exactly the tests of its .expect file to fail."""
    t.run(sys.executable, t.path("tests", "grade-check"), "-j2", limit=4500)


def broken(t):
    """Faults that change nothing but what students write, and that the lab's tests see."""
    names = set(exercise_files())
    for path in sorted(glob.glob(t.path("tests", "mutants", "*.patch"))):
        with open(path, encoding="utf-8") as f:
            theirs = set(re.findall(r"^\+\+\+ b/(\S+)", f.read(), re.M)) <= names
        with open(path.replace(".patch", ".expect"), encoding="utf-8") as f:
            if theirs and re.search(r"^ex\d", f.read(), re.M):
                yield os.path.basename(path)[:-len(".patch")]


def whole_class(t):
    """Grades ten copies of the solution and ten broken ones: all points for those, not all for these."""
    faults = list(broken(t))[:10]
    members = [("solution-%d" % i, solution, "graded", True, "") for i in range(10)]
    members += [("broken-%d-%s" % (i, faults[i % len(faults)]), lambda t, f, name=faults[i % len(faults)]: faulty(t, f, name),
                 "graded", False, "") for i in range(10)]
    grade_class(t, members, ["floor*", "ex[1-9]-*", "ex1[0-7]-*"], 900, 4200)  # what a request costs takes a minute by itself


def add_to(suite):
    suite.part("mutants")
    suite.add("mutants", "every planted fault is found by the tests that must find it", 1, alone(mutants))
    suite.part("class")
    suite.add("class", "ten copies of the solution and ten broken ones get the right table", 1, alone(whole_class), unless=TOOLS)
    suite.add("hostile-class", "five honest and eight hostile submissions get the right table", 1, alone(grade_all), unless=TOOLS)
