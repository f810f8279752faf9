# SPDX-License-Identifier: MIT
"""A walk through the lab's text in a fresh hand-out: the commands that doc/lab-ix.md prints, each after its exercise."""
import os
import re
import shutil

from exercises import EXERCISES
from gradelib import Failure
from handout import Workshop
from harness.cmdline import objdir

# What a program says when it does what the text promises. The first is followed by the end of QEMU, the others by ours.
SAYS = {"net_testoutput": "Transmitting packet 9", "httpd": "Waiting for http connections", "ixecho": "ixecho: port 7",
        "ixhttpd": "ixhttpd: ready at", "ixhttpd,-t,2": "ixhttpd: ready at"}
BEFORE = ("make doctor", "make -j2", "make grade", "make explain TEST=ex3-testinput", "make hint-3", "make hint-3 MORE=1", "make help")
FLOOR = "Score: 13/"


def commands(t):
    """{exercise: the commands in its section, as they are printed}"""
    with open(t.path("doc", "lab-ix.md"), encoding="utf-8") as f:
        parts = re.split(r"^### Exercise (\d+): .*$", f.read(), flags=re.M)
    return {int(n): [" ".join(c.split()) for c in re.findall(r"`(make [^`]*)`", text.split("\n# ")[0].split("\n---")[0])]
            for n, text in zip(parts[1::2], parts[2::2])}


def in_tree(t, place, command, limit):
    return t.attempt("env", "-u", "MAKEFLAGS", "-u", "OBJDIR", "-C", place, "timeout", "-s", "INT", "-k", "10", str(limit), "bash", "-c",
                     command, limit=limit + 30)


def follow(t, place, command):
    """What is wrong with it, or None."""
    program = re.match(r"make run-(\S+)-nox", command)
    status, out = in_tree(t, place, command + (" </dev/null" if program else ""), int(t.host.pace(20)) if program else 900)
    if program:
        return None if SAYS[program.group(1)] in out and "panic" not in out else "%s:\n%s" % (command, out[-1500:])
    return "%s: status %d:\n%s" % (command, status, out[-1500:]) if status else None


def begin(t):
    """Nothing is built in it; only lwIP's source is there."""
    shutil.rmtree(t.path(objdir("workshops", "walk")), ignore_errors=True)
    shop = Workshop(t, "walk", fresh=True)
    for command in BEFORE:
        status, out = in_tree(t, shop.place, command, 1200)
        if status and command != "make grade" or command == "make grade" and FLOOR not in out:
            raise Failure("%s: status %d:\n%s" % (command, status, out))
        if command == "make help" and re.search(r"grade-all|grade-check|handout|instructor", out):
            raise Failure("make help names what is not in there:\n" + out)
    return shop


def walk(t):
    """
    Makes a hand-out, follows the text's set-up, then fills in one exercise after the other, and runs what the text prints for it:
    each `make grade GRADEFLAGS=exN` passes, and each program says what it is said to say.
    """
    shop, told, wrong = begin(t), commands(t), []
    for e in EXERCISES:
        shop.fill(range(1, e.number + 1))
        if "make grade GRADEFLAGS=ex%d" % e.number not in told.get(e.number, ()):
            wrong.append("the text does not say how exercise %d is tested" % e.number)
        wrong += filter(None, (follow(t, shop.place, command) for command in told.get(e.number, ())))
    status, out = in_tree(t, shop.place, "git add -A && git -c user.name=I -c user.email=i@example.invalid commit -qm done && make handin", 60)
    if status or not os.path.exists(os.path.join(shop.place, "labix-handin.tar.gz")):
        wrong.append("make handin: " + out)
    if wrong:
        raise Failure("\n".join(wrong))


def add_to(suite):
    suite.part("walk")
    suite.add("walk", "from a fresh hand-out to the whole lab, by the commands that its text prints", 1, walk)
