# SPDX-License-Identifier: MIT
"""The models of tests/model, which the model checker spin explores as a whole; and each error planted in them is found."""
import glob
import os
import re
import tempfile

from gradelib import ROOT, Failure, needs_header, needs_program
from grade import suite

suite.part("model")

CFLAGS = ("-O1", "-w", "-DSAFETY", "-DMEMLIM=900")  # megabytes
DEPTH = 20000
VERDICT = re.compile(r"errors: (\d+)")
INCOMPLETE = ("Search not completed", "max search depth too small", "out of memory", "MEMLIM")


def search(t, path, *defines):
    """How many errors spin finds, and what it said. A model that was not explored as a whole has failed, unless it erred."""
    with tempfile.TemporaryDirectory(dir=t.folder) as folder:
        t.run("spin", *defines, "-a", path, limit=60, cwd=folder)
        t.run(os.environ.get("HOSTCC") or "cc", *CFLAGS, "-o", "pan", "pan.c", limit=120, cwd=folder)
        _, out = t.attempt("./pan", "-m%d" % DEPTH, "-w22", limit=600, cwd=folder)
    found = VERDICT.search(out)
    if not found or (found.group(1) == "0" and any(words in out for words in INCOMPLETE)):
        raise Failure("the search did not end:\n" + out)
    return int(found.group(1)), out


def planted(path):
    """The errors that the model's header lists."""
    with open(path, encoding="utf-8") as f:
        return re.findall(r"^ \* +planted: (\w+)", f.read(), re.M)


def holds(path, *defines):
    def play(t):
        errors, out = search(t, path, *defines)
        if errors or "unreached" not in out:
            raise Failure(out)
    return play


def finds_planted(path):
    def play(t):
        overlooked = [name for name in planted(path) if not search(t, path, "-D" + name)[0]]
        if overlooked or not planted(path):
            raise Failure("planted, and not found: %s" % (" ".join(overlooked) or "no error at all"))
    return play


NEEDS = [needs_program("spin"), needs_header("stdio.h")]
for _path in sorted(glob.glob(os.path.join(ROOT, "tests", "model", "*.pml"))):
    _name = os.path.basename(_path)[:-len(".pml")]
    suite.add("model-" + _name, "every interleaving of the model `%s` keeps its promises" % _name, 10, holds(_path), unless=NEEDS)
    suite.add("model-%s-errors" % _name, "each error planted in the model `%s` is found" % _name, 5, finds_planted(_path),
              unless=NEEDS)
