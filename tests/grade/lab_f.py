# SPDX-License-Identifier: MIT
"""Part F: measure, and explain. A person reads the answers; here it is only seen that there are some, and that figures are right."""
import re

from gradelib import Failure
from grade import cost, lab
from grade.lab import exercise

lab.part("F")

WORDS, QUESTIONS = 25, 14
MEASURED = ("instructions", "kernel entries", "CR3 loads")
SLACK = 0.25   # another compiler, another version of lwIP
A_LITTLE = 0.5  # for one request
CHEAPER = {"instructions": 2.0, "kernel entries": 3.0}  # so many times less than lab 6


def told(t):
    """The figures in answers-lab-ix.txt: {system: [instructions, kernel entries, CR3 loads]}"""
    with open(t.path("answers-lab-ix.txt"), encoding="utf-8") as f:
        form = "".join(line for line in f if not line.startswith("#"))
    found = {}
    for system, text in re.findall(r"^(lab6|ix): [a-z].*?:(.*?)(?=^ix:|^==)", form.partition("\n== Figures")[2], re.M | re.S):
        found[system] = [float(word.replace(",", "")) for word in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]
        if len(found[system]) != len(MEASURED):
            raise Failure("answers-lab-ix.txt has %d figures for %s, not %d" % (len(found[system]), system, len(MEASURED)))
    if len(found) != 2:
        raise Failure("answers-lab-ix.txt has lost its lines for figures")
    return found


@exercise(18, 3, "answers-lab-ix.txt: every question has an answer")
def answers(t):
    """Reads answers-lab-ix.txt: each question is answered in 25 words or more, and no answer is there twice.

    Look: make bench-count for the figures; doc/lab-ix.md for the questions in their places."""
    with open(t.path("answers-lab-ix.txt"), encoding="utf-8") as f:
        parts = re.split(r"^== (\d+)\. (.*)$", f.read(), flags=re.M)[1:]
    answered = {number: " ".join(text.split()) for number, text in zip(parts[::3], parts[2::3])}
    short = [number for number, text in answered.items() if len(text.split()) < WORDS]
    if len(answered) < QUESTIONS:
        raise Failure("only %d questions are left of %d" % (len(answered), QUESTIONS))
    if short:
        raise Failure("no answer of %d words to question %s" % (WORDS, ", ".join(short)))
    if len(set(answered.values())) < len(answered):
        raise Failure("two questions have the same answer")


@exercise(18, 5, "figures: yours are what your tree costs, which is less than half of lab 6", rests_on=list(range(1, 13)))
def figures(t):
    """Counts instructions, kernel entries and address-space switches for a request on one kept connection, of lab 6's server and of
    yours, in one run each on a machine whose clock is the number of its instructions. What answers-lab-ix.txt says must agree within
    a quarter; yours must be less than half of lab 6's in instructions, and less than a third in kernel entries.

    Why: no figure without the one it is compared with, from the same tree, compiler and day.
    Often: the figures of all requests instead of one's; those of another work of `make bench-count`.
    Look: the first lines of `make bench-count` for each server."""
    said = told(t)
    found = {system: cost.of_request(t, system, "one kept connection") for system in ("lab6", "ix")}
    wrong = []
    for system, values in said.items():
        for name, value in zip(MEASURED, values):
            real = found[system][name]
            if system == "ix":
                t.figure("%s for a request, one connection" % name, real)
            if abs(value - real) > max(SLACK * real, A_LITTLE):
                wrong.append("%s, %s: answers-lab-ix.txt says %g, measured %g" % (system, name, value, real))
    for name, times in CHEAPER.items():
        if found["ix"][name] * times > found["lab6"][name]:
            wrong.append("%s: %g, lab 6 %g: not %g times less" % (name, found["ix"][name], found["lab6"][name], times))
    if found["ix"]["CR3 loads"]:
        wrong.append("address-space switches on the dataplane's way: %g" % found["ix"]["CR3 loads"])
    if wrong:
        raise Failure("\n".join(wrong))
