# SPDX-License-Identifier: MIT
"""Is every promise of the dataplane held by a test? The table is tests/properties.py."""
import os
import re

from gradelib import ROOT, Failure
from grade import suite
from properties import PROPERTIES

suite.part("properties")

ERRORS = ("BAD_HANDLE", "MOVED", "CLOSED", "FAULT", "INVAL", "IN_USE", "NO_MEM", "AGAIN")


def text(*names):
    with open(os.path.join(ROOT, *names), encoding="utf-8") as f:
        return f.read()


def wanted():
    """The rows that there must be: a call or an event cannot be added without one."""
    abi = text("inc", "ix.h")
    calls = re.findall(r"^\tIX_CALL_([A-Z_]+)\b", abi, re.M)
    events = re.findall(r"^\tIX_EV_(?!NONE)([A-Z_]+)\b", abi, re.M)
    return ["call " + name for name in calls] + ["event " + name for name in events] + ["error " + name for name in ERRORS]


def exists(program, case):
    if program == "grade":
        return case in suite.by_name
    path = os.path.join(ROOT, "tests", program + ".c")
    return os.path.exists(path) and re.search(r"[(]%s\b" % re.escape(case), text("tests", program + ".c").partition("int main")[2])


@suite.test(5, "each row of the dataplane's tables has a test")
def properties(t):
    """
    Reads tests/properties.py: for each call, event and error of doc/ABI.md, and each question about isolation, it names the
    tests that fail when the promise is broken. Checks that no row is missing, that the tests are there, and so is the line of
    source that is to be broken.
    Why: a promise without a test is a comment. `make check-long PART=properties` breaks each one and sees its test fail.
    Look: a new call or event in inc/ix.h needs its row; a test that was renamed must be renamed there.
    """
    rows = {p.row for p in PROPERTIES}
    faults = ["no row for: " + name for name in wanted() if name not in rows]
    faults += ["%s: there is no test %s: %s" % (p.row, *test) for p in PROPERTIES for test in p.tests if not exists(*test)]
    faults += ["%s (%s): what is to be broken is not there once" % (p.row, p.says) for p in PROPERTIES
               if p.broken and text(*p.broken[0].split("/")).count(p.broken[1]) != 1]
    if "Dune" not in text("doc", "CAVEATS.md"):
        faults.append("doc/CAVEATS.md does not say what separates control plane and dataplane")
    if faults:
        raise Failure("\n".join(faults))
