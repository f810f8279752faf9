# SPDX-License-Identifier: MIT
"""Break each property of tests/properties.py once, in a copy of the tree: its test must fail."""
import os
import shutil

from gradelib import ROOT, Failure, needs_header
from harness.cmdline import objdir
from properties import PROPERTIES

LEFT = {".git", ".gdbinit", "obj"}


class Copy:
    """A tree to break things in, with its objects, so that little is built anew."""

    def __init__(self, t):
        self.t, self.root = t, os.path.join(t.folder, "tree")
        os.mkdir(self.root)
        for name in set(os.listdir(ROOT)) - LEFT - {os.path.normpath(objdir()).split(os.sep)[0]}:
            self.take(name)
        self.take(objdir("tests"), "obj/tests")
        self.passed = {}

    def take(self, name, to=None):
        source, target = os.path.join(ROOT, name), os.path.join(self.root, to or name)
        if os.path.isdir(source):
            shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(".git", "__pycache__"))
        else:
            shutil.copy2(source, target)

    def cases(self, program):
        """The cases of a host test that pass; None: it does not build."""
        target = "obj/tests/" + program
        status, _ = self.t.attempt("make", "-s", "OBJDIR=obj", target, cwd=self.root, limit=600)
        if status:
            return None
        _, out = self.t.attempt("timeout", "120", os.path.join(self.root, target), cwd=self.root, limit=200)
        return {line.split()[-1] for line in out.splitlines() if line.startswith("[       OK ]")}

    def fault(self, p):
        """Why this property's row is no good; None: its test found it broken."""
        path, old, new = p.broken
        program, case = p.tests[0]
        name = os.path.join(self.root, path)
        with open(name, encoding="utf-8") as f:
            whole = f.read()
        if whole.count(old) != 1:
            return "%s has it %d times: %s" % (path, whole.count(old), old.strip())
        if program not in self.passed:
            self.passed[program] = self.cases(program) or set()
        if case not in self.passed[program]:
            return "%s: %s does not pass when nothing is broken" % (program, case)
        self.write(name, whole.replace(old, new))
        found = self.cases(program)
        self.write(name, whole)
        if found is None:
            return "what is broken does not build"
        return "%s: %s passes all the same" % (program, case) if case in found else None

    @staticmethod
    def write(name, whole):
        with open(name, "w", encoding="utf-8") as f:
            f.write(whole)


def properties(t):
    copy = Copy(t)
    faults = [(p, copy.fault(p)) for p in PROPERTIES if p.broken]
    faults = ["%s (%s): %s" % (p.row, p.says, why) for p, why in faults if why]
    shutil.rmtree(copy.root)
    if faults:
        raise Failure("\n".join(faults))


def add_to(suite):
    suite.part("properties")
    suite.add("properties-broken", "each property of the dataplane, when broken, is missed by its test", 10, properties,
              unless=[needs_header("cmocka.h")])
