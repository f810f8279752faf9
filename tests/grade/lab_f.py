# SPDX-License-Identifier: MIT
"""Part F: measure, and explain. A person reads the answers; here it is only seen that there are some, and that figures are right."""
import re

from gradelib import Failure
from grade import cost, lab
from grade.lab import exercise

lab.part("F")

WORDS, QUESTIONS = 25, 14
# In answers-lab-ix.txt, a line each: name -> (system, work, what of it)
MEASURED = {
    "lab6": ("lab6", "one kept connection", ("instructions", "kernel entries", "CR3 loads")),
    "ix": ("ix", "one kept connection", ("instructions", "kernel entries", "CR3 loads")),
    "ix16": ("ix", "16 kept connections", ("instructions", "kernel entries", "rx doorbells")),
}
SLACK = 0.25    # another compiler, another version of lwIP
A_LITTLE = 0.5  # for one request
TIMES = {"instructions": 2.0, "kernel entries": 3.0}  # so many times less than lab 6, on one connection
MOST = {"ix": {"CR3 loads": 0, "tx copied bytes": 0, "rx copied bytes": 0},  # for a request
        "ix16": {"kernel entries": 0.5, "rx doorbells": 0.125, "tx doorbells": 0.5}}


def written(t):
    """answers-lab-ix.txt. A letter that is no UTF-8 makes no answer worse."""
    with open(t.path("answers-lab-ix.txt"), encoding="utf-8", errors="replace") as f:
        return f.read()


def told(t):
    """
    The figures in answers-lab-ix.txt: {line's name: [numbers]}. Read line by line, so that it ends soon, whatever is written
    there: a pattern over all lines may take for ever, and nothing can interrupt it.
    """
    found, current = {}, []
    for line in written(t).partition("\n== Figures")[2].split("\n")[1:]:
        if line.startswith("=="):
            break
        name = line.partition(": ")[0]
        if name in MEASURED and line.rstrip().endswith(":"):
            current = found[name] = []
        elif not line.startswith("#"):
            current += [float(word.replace(",", "")) for word in re.findall(r"\d[\d,]*(?:\.\d+)?", line)]
    for name, numbers in found.items():
        if len(numbers) != len(MEASURED[name][2]):
            raise Failure("answers-lab-ix.txt has %d figures for %s, not %d" % (len(numbers), name, len(MEASURED[name][2])))
    if len(found) != len(MEASURED):
        raise Failure("answers-lab-ix.txt has lost its lines for figures")
    return found


@exercise(18, 3, "answers-lab-ix.txt: every question has an answer")
def answers(t):
    """Reads answers-lab-ix.txt: each question is answered in 25 words or more, and no answer is there twice.

    Look: make bench-count for the figures; doc/lab-ix.md for the questions in their places."""
    parts = re.split(r"^== (\d+)\. (.*)$", written(t), flags=re.M)[1:]
    answered = {number: " ".join(text.split()) for number, text in zip(parts[::3], parts[2::3])}
    short = [number for number, text in answered.items() if len(text.split()) < WORDS]
    if len(answered) < QUESTIONS:
        raise Failure("only %d questions are left of %d" % (len(answered), QUESTIONS))
    if short:
        raise Failure("no answer of %d words to question %s" % (WORDS, ", ".join(short)))
    if len(set(answered.values())) < len(answered):
        raise Failure("two questions have the same answer")


def too_much(found):
    """What costs more than it may."""
    wrong = ["%s, %s: %g, at most %g" % (line, name, found[line][name], most)
             for line, limits in MOST.items() for name, most in limits.items() if found[line].get(name, 0) > most]
    for name, times in TIMES.items():
        if found["ix"][name] * times > found["lab6"][name]:
            wrong.append("%s: %g, lab 6 %g: not %g times less" % (name, found["ix"][name], found["lab6"][name], times))
    return wrong


@exercise(18, 8, "what a request costs: as you say, and less than half of lab 6", rests_on=list(range(1, 12)) + [13, 15])
def figures(t):
    """Counts what a request costs lab 6's server and yours, with one kept connection and with 16, on a machine whose clock is the number
    of its instructions: the same in every run. Instructions and kernel entries are counted outside, by a plugin of QEMU. What
    answers-lab-ix.txt says must agree within a quarter. With one connection, yours must cost less than half of lab 6's
    instructions and a third of its kernel entries, and copy nothing; with 16, several requests must share a crossing and a doorbell.

    Why: this is the paper's claim. And no figure without the one it is compared with, from the same tree, compiler and day.
    Often: the figures of all requests instead of one's; those of another work of `make bench-count`.
    Look: `make bench-count` prints all of it."""
    said = told(t)
    found = {line: cost.of_request(t, system, work) for line, (system, work, _) in MEASURED.items()}
    for line, (_, work, names) in MEASURED.items():
        for name in names if line != "lab6" else ():
            t.figure("%s for a request, %s" % (name, work), found[line].get(name, 0))
    wrong = ["%s, %s: answers-lab-ix.txt says %g, measured %g" % (line, name, value, found[line].get(name, 0))
             for line, values in said.items() for name, value in zip(MEASURED[line][2], values)
             if abs(value - found[line].get(name, 0)) > max(SLACK * found[line].get(name, 0), A_LITTLE)]
    wrong += too_much(found)
    if wrong:
        raise Failure("\n".join(wrong))
