# SPDX-License-Identifier: MIT
"""Each fuzz target for ten minutes."""
from grade.fuzz import TARGETS, fuzzed, needs_libfuzzer


def add_to(suite):
    suite.part("fuzz")
    for target in TARGETS:
        suite.add("fuzz-" + target, "fuzzing the dataplane's %s for ten minutes" % target, 1, fuzzed(target, 600),
                  unless=[needs_libfuzzer])
