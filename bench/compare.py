#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Do two runs of `make bench` say the same?

    bench/compare.py ONE/report.json ANOTHER/report.json

Prints each figure of both with its two ratios and verdicts. Opposite verdicts are `better` in one run and `worse` in the
other; `noisy` contradicts nothing. `better` beside `the same` is printed, too, but as a matter of degree. Exit status: 0
when no figure got opposite verdicts, 1 when one did, 2 when there is nothing to compare.
"""
import json
import sys

sys.dont_write_bytecode = True  # nothing is left in the tree

import words  # noqa: E402
from stats import EQUAL, FASTER, SLOWER, advantage  # noqa: E402

AGREE, OPPOSITE, UNABLE = 0, 1, 2


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)["ratios"]


def relation(one, other):
    """Words for two verdicts, where they need any."""
    if {one, other} == {FASTER, SLOWER}:
        return "OPPOSITE"
    return "differ in degree" if EQUAL in (one, other) and one != other and {one, other} & {FASTER, SLOWER} else ""


def told(ratio):
    return "%8s %-18s" % (words.times(advantage(ratio["median"], ratio["better"])), ratio["verdict"])


def compare(one, other):
    """[(pair, figure, its two ratios, words)] of what both runs have."""
    return [(pair, figure, (one[pair][figure], other[pair][figure]),
             relation(one[pair][figure]["verdict"], other[pair][figure]["verdict"]))
            for pair in one if pair in other for figure in one[pair] if figure in other[pair]]


def main(argv):
    if len(argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return UNABLE
    try:
        found = compare(load(argv[1]), load(argv[2]))
    except (OSError, ValueError, KeyError) as e:
        print("compare: %s" % e, file=sys.stderr)
        return UNABLE
    if not found:
        print("compare: the two have no figure in common", file=sys.stderr)
        return UNABLE
    for pair, figure, both, relation_ in found:
        print("%-8s %-24s %s %s %s" % (pair, figure, told(both[0]), told(both[1]), relation_))
    opposite = sum(relation_ == "OPPOSITE" for _, _, _, relation_ in found)
    print("%d figures, opposite verdicts: %d" % (len(found), opposite))
    return OPPOSITE if opposite else AGREE


if __name__ == "__main__":
    sys.exit(main(sys.argv))
