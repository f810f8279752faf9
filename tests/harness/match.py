# SPDX-License-Identifier: MIT
"""Does a program's output say what it must, and nothing that it must not?"""
import difflib
import re

from .suite import Failure


SHOWN = 200  # characters of a line


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
            wrong += closest(pattern, lines, place)
        elif in_order:
            place = hit + 1
    return wrong


def closest(pattern, lines, place):
    """The line that may have been meant, and where it goes wrong; or that it is there, but too early."""
    early = next((i for i in range(place) if re.fullmatch(pattern, lines[i].rstrip())), None)
    if early is not None:
        return ["  it is line %d, but must come after line %d: %s" % (early + 1, place, lines[place - 1][:SHOWN])]
    plain = re.sub(r"\\(.)", r"\1", pattern)
    near = difflib.get_close_matches(plain, lines[place:], 1, 0.6)
    if not near:
        return []
    at = next((i for i, (a, b) in enumerate(zip(near[0], plain)) if a != b), min(len(near[0]), len(plain)))
    return ["  line %d: %s" % (lines.index(near[0], place) + 1, near[0][:SHOWN]), "  differs: " + " " * at + "^"]


def excerpt(text, most=15):
    lines = text.rstrip("\n").split("\n")
    return ["the output ended with:"] + ["  | " + line[:SHOWN] for line in lines[-most:]]
