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
# Beside a program that runs in the foreground of the same shell, in "another terminal": until what was said comes back.
TALK = ('while kill -0 $$; do timeout 5 grep -qx hello < <(echo hello | %s) && echo "came back: hello" && break; sleep 1; done '
        '2>/dev/null & ')
BEFORE = ("make doctor", "make -j2", "make grade", "make explain TEST=ex3-testinput", "make hint-3", "make hint-3 MORE=1", "make help")
FLOOR = "Score: 13/"


def commands(t):
    """{exercise: the commands in its section, as they are printed}"""
    with open(t.path("doc", "lab-ix.md"), encoding="utf-8") as f:
        parts = re.split(r"^### Exercise (\d+): .*$", f.read(), flags=re.M)
    return {int(n): [" ".join(c.split()) for c in re.findall(r"`(make [^`]*)`", text.split("\n# ")[0].split("\n---")[0])]
            for n, text in zip(parts[1::2], parts[2::2])}


def in_tree(t, place, command, limit):
    return t.attempt("env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "OBJDIR", "-C", place,
                     "timeout", "-s", "INT", "-k", "10", str(limit), "bash", "-c", command, limit=limit + 30)


def steps(commands):
    """[(command, those that talk to the machine that it starts)]"""
    found = []
    for command in commands:
        if command.startswith("make nc-"):
            found[-1][1].append(command)
        else:
            found.append((command, []))
    return found


def follow(t, place, command, talks):
    """What is wrong with it, or None."""
    program = re.match(r"make run-(\S+)-nox", command)
    if talks and not program:
        return "%s: nothing runs that it could talk to" % talks[0]
    if not program:
        status, out = in_tree(t, place, command, 900)
        return "%s: status %d:\n%s" % (command, status, out[-1500:]) if status else None
    status, out = in_tree(t, place, "".join(TALK % talk for talk in talks) + command + " </dev/null", int(t.host.pace(20)))
    said = SAYS[program.group(1)] in out and out.count("came back: hello") == len(talks)
    return None if said and "panic" not in out else "%s:\n%s" % (" | ".join([command] + talks), out[-1500:])


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
        wrong += filter(None, (follow(t, shop.place, *step) for step in steps(told.get(e.number, ()))))
    status, out = in_tree(t, shop.place, "git add -A && git -c user.name=I -c user.email=i@example.invalid commit -qm done && make handin", 60)
    if status or not os.path.exists(os.path.join(shop.place, "labix-handin.tar.gz")):
        wrong.append("make handin: " + out)
    if wrong:
        raise Failure("\n".join(wrong))


def add_to(suite):
    suite.part("walk")
    suite.add("walk", "from a fresh hand-out to the whole lab, by the commands that its text prints", 1, walk)
