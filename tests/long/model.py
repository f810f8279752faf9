# SPDX-License-Identifier: MIT
"""The models of tests/model with larger bounds than in the short tier."""
import os

from gradelib import ROOT
from grade.model import NEEDS, holds

BOUNDS = {"mailbox": "-DENTRIES=2", "migrate": "-DCHANGES=3"}


def add_to(suite):
    suite.part("model")
    for name, define in BOUNDS.items():
        suite.add("model-" + name, "every interleaving of the model `%s`, %s" % (name, define), 5,
                  holds(os.path.join(ROOT, "tests", "model", name + ".pml"), define), unless=NEEDS)
