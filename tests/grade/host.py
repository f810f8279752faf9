# SPDX-License-Identifier: MIT
"""What can be tested without a machine: the grader, and the parts of the kernel that compile on the host."""
import glob
import os
import sys
import threading

from gradelib import ROOT, Failure, needs_header
from grade import suite
from harness.cmdline import objdir

suite.part("host")


@suite.test(5, "the grader's own tests")
def grader(t):
    t.run(sys.executable, t.path("tests", "gradelib_selftest.py"), limit=120)


one_make = threading.Lock()  # host tests share objects: two makes at once would write them twice


def host_test(name):
    """A cmocka program of tests/, built by `make obj/tests/NAME`."""
    program = objdir("tests", name)

    def play(t):
        with one_make:
            status, out = t.host.make("-s", program)
        if status:
            raise Failure("it does not build:\n" + out)
        t.run(t.path(program), limit=120)
    return play


for _path in sorted(glob.glob(os.path.join(ROOT, "tests", "*_test.c"))):
    _name = os.path.basename(_path)[:-len(".c")]
    _title = "on the host: " + _name.replace("_test", "").replace("_", " ")
    suite.add(_name.replace("_", "-"), _title, 5, host_test(_name), unless=[needs_header("cmocka.h")])
