# SPDX-License-Identifier: MIT
"""The results for programs: JSON, and JUnit's XML."""
import json
import os
import stat
from xml.etree import ElementTree

from .suite import Result, tally


def as_json(suite, results, seconds, pace=1.0):
    """`pace`: by how much time limits were stretched (speed.py)."""
    score, most, passed, failed, skipped = tally(results)
    return {
        "title": suite.title, "score": score, "max_score": most,
        "passed": passed, "failed": failed, "skipped": skipped, "seconds": round(seconds, 1), "pace": round(pace, 2),
        "tests": [{
            "name": r.test.name, "title": r.test.title, "part": r.test.part, "status": r.status,
            "score": r.points, "max_score": r.test.points, "seconds": round(r.seconds, 2),
            "reason": r.reason, "logs": r.folder,
            "figures": {name: value for name, value, _ in r.figures},
        } for r in results],
    }


def write_json(path, suite, results, seconds, pace=1.0):
    text = json.dumps(as_json(suite, results, seconds, pace), indent=1) + "\n"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def keep_json(path, suite, results, seconds, pace=1.0):
    """
    The same of a run that goes on. The file is whole at any time: whoever ends the run finds what it had. What cannot be
    written is no reason to stop; write_json will say so in the end. A terminal or a pipe gets that one only.
    """
    try:
        if not os.path.lexists(path) or stat.S_ISREG(os.lstat(path).st_mode):
            write_json(path + ".new", suite, results, seconds, pace)
            os.replace(path + ".new", path)
    except OSError:
        pass


def write_junit(path, suite, results, seconds):
    _, _, passed, failed, skipped = tally(results)
    root = ElementTree.Element("testsuite", {
        "name": suite.title, "tests": str(passed + failed + skipped), "failures": str(failed),
        "skipped": str(skipped), "time": "%.1f" % seconds})
    for r in results:
        case = ElementTree.SubElement(root, "testcase", {
            "classname": r.test.part, "name": r.test.name, "time": "%.2f" % r.seconds})
        if r.status != Result.PASS:
            child = ElementTree.SubElement(case, "failure" if r.status == Result.FAIL else "skipped")
            child.set("message", printable(r.reason.split("\n")[0]))
            child.text = printable(r.reason)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def printable(text):
    """XML has no place for control characters, not even escaped."""
    return "".join(c if c in "\t\n" or c >= " " else "?" for c in text)
