# SPDX-License-Identifier: MIT
"""What a byte of a body costs in instructions: none are spent on it (bench/slope.py says how that is told)."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def slope(t):
    sys.path.append(os.path.join(ROOT, "bench"))
    import slope as bench  # needs what only `make check-long` builds
    print("\n" + bench.check(bench.figures(bench.measure(t.host))))


def add_to(suite):
    suite.part("slope")
    suite.add("slope", "a byte of a body costs under 0.1 instruction, between 64 bytes and 1 MB", 1, slope)
