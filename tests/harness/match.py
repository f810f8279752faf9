# SPDX-License-Identifier: MIT
"""Does a program's output say what it must, and nothing that it must not?"""
import re

from .suite import Failure


def check_output(text, want=(), never=(), in_order=False):
    """
    Each pattern of `want` must match one line of the text as a whole (with in_order, lines that follow each other,
    not necessarily at once); none of `never` may match anywhere. All that is wrong is told at once.
    """
    wrong = missing(text.split("\n"), want, in_order)
    for pattern in never:
        found = re.search(pattern, text, re.M)
        if found:
            wrong.append("must not appear:  %s" % found.group())
    if wrong:
        raise Failure("\n".join(wrong + excerpt(text)))


def missing(lines, want, in_order):
    wrong, place = [], 0
    for pattern in want:
        regex = re.compile(pattern)
        hits = (i for i in range(place, len(lines)) if regex.fullmatch(lines[i].rstrip()))
        hit = next(hits, None)
        if hit is None:
            wrong.append("missing:  %s" % pattern)
        elif in_order:
            place = hit + 1
    return wrong


def excerpt(text, most=15):
    lines = text.rstrip("\n").split("\n")
    return ["the output ended with:"] + ["  | " + line[:200] for line in lines[-most:]]
