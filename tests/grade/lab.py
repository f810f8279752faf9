# SPDX-License-Identifier: MIT
"""How the lab's tests are written. Each belongs to an exercise (tests/exercises.py) and says which others it rests on:
with all of those filled in it passes, and without any one of them it fails. tests/handout.py proves both.

A test's docstring is what `make explain` prints: what is checked, why, what usually goes wrong, where to look.
"""
import re
import socket

from exercises import BY_NUMBER, PARTS
from gradelib import Failure, needs_header
from grade import suite
from grade.host import one_make
from harness.cmdline import objdir

RESTS_ON = {}  # {test's name: numbers of exercises, its own included}


def part(letter):
    suite.part("lab %s: %s" % (letter, PARTS[letter]))


def exercise(number, points, title, rests_on=(), unless=()):
    """Decorator: the function below tests this exercise. `make grade GRADEFLAGS=ex3` runs all tests of exercise 3."""
    def register(func):
        name = "ex%d-%s" % (number, func.__name__.replace("_", "-"))
        RESTS_ON[name] = {number} | set(rests_on)
        assert all(other in BY_NUMBER for other in RESTS_ON[name]), name
        suite.add(name, title, points, func, unless=unless)
        return func
    return register


def on_the_host(t, program, cases):
    """Run these cases of a cmocka program of tests/, each by itself, so that one which crashes hides no other."""
    with one_make:
        status, out = t.host.make("-s", objdir("tests", program))
    if status:
        raise Failure("obj/tests/%s does not build:\n%s" % (program, out))
    for case in cases:
        status, out = t.attempt("env", "CASES=" + case, t.built("tests", program), limit=60)
        if status:
            raise Failure("tests/%s.c, %s:\n%s" % (program, case, told(out)))
        if not re.search(r"^\[  PASSED  \] [1-9]", out, re.M):
            raise Failure("tests/%s.c has no case %s" % (program, case))


def told(out):
    """What a program of cmocka says of its failure, or an address sanitizer of a crash."""
    lines = re.findall(r"^(?:\[  ERROR   \] --- |\[   LINE   \] --- |SUMMARY: |.*runtime error: )(.*)", out, re.M)
    return "\n".join("  " + line for line in lines) or out


def echo_over_tcp(machine, text, limit=5):
    """Connect to port 7 of the machine, send the text, and want it back."""
    try:
        with socket.create_connection(("127.0.0.1", machine.port(7)), machine.pace(limit)) as s:
            s.sendall(text)
            got = s.recv(len(text), socket.MSG_WAITALL)
    except OSError as e:
        raise Failure("no echo over TCP: %s\n%s" % (e, machine.tail())) from None
    if got != text:
        raise Failure("%d bytes came back, and are not the %d that were sent" % (len(got), len(text)))


needs_cmocka = needs_header("cmocka.h")
