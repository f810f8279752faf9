# SPDX-License-Identifier: MIT
"""Part F: measure, and explain. A person reads the answers; here only that there are some."""
import re

from gradelib import Failure
from grade import lab
from grade.lab import exercise

lab.part("F")

WORDS = 25


@exercise(17, 3, "answers-lab-ix.txt: every question has an answer")
def answers(t):
    """Reads answers-lab-ix.txt: each question is answered in 25 words or more, and no answer is there twice.

    Look: make bench-count for the figures; doc/lab-ix.md for the questions in their places."""
    with open(t.path("answers-lab-ix.txt"), encoding="utf-8") as f:
        parts = re.split(r"^== (\d+)\. (.*)$", f.read(), flags=re.M)[1:]
    answered = {number: " ".join(text.split()) for number, text in zip(parts[::3], parts[2::3])}
    short = [number for number, text in answered.items() if len(text.split()) < WORDS]
    if len(answered) < 13:
        raise Failure("only %d questions are left of 13" % len(answered))
    if short:
        raise Failure("no answer of %d words to question %s" % (WORDS, ", ".join(short)))
    if len(set(answered.values())) < len(answered):
        raise Failure("two questions have the same answer")
