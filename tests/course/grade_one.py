# SPDX-License-Identifier: MIT
"""Grades one submission, and says how it went, as JSON. Whatever it contains, this ends, and harms nothing.

usage: grade_one.py FOLDER SUBMISSION RESULT.json [SECONDS]
FOLDER holds what trusted.py made. SECONDS bounds the tests; the build has a bound of its own.
"""
import io
import json
import os
import pkgutil
import re
import shutil
import sys
import tarfile
import tempfile
import time

from . import cage, submission
from .inside import BUILD_SECONDS

ANSWERS = ("stage", "build.log", "suspects.json", "report.txt", "grade.json")
SHOWN = 20000  # bytes of a log


def grade(folder, path, seconds):
    """What goes into the result file, less the name."""
    with open(os.path.join(folder, "trusted.json"), encoding="utf-8") as f:
        trusted = json.load(f)
    result = {"verdict": "graded", "score": 0, "max_score": sum(points for _, points in trusted["tests"]), "passed": 0,
              "failed": 0, "notes": [], "tests": []}
    try:
        files = submission.take(path, trusted["files"])
    except submission.Refused as e:
        return dict(result, verdict="refused", notes=[str(e)])
    result["notes"] += ["%s is not there: taken as handed out" % name for name in trusted["files"] if name not in files]
    with tempfile.TemporaryFile() as bundle:
        pack(bundle, os.path.join(folder, "trusted.tar"), files)
        argv = ["python3", "-c", inside_source(), "1", str(seconds)] + trusted["patterns"]
        outcome = cage.run(argv, bundle, seconds + BUILD_SECONDS + 120)
    return judged(result, trusted, outcome)


def inside_source():
    """The program for the cage, as text: the tree in there is not trusted with its own unpacking."""
    return pkgutil.get_data(__package__, "inside.py").decode()


def pack(bundle, trusted, files):
    """The trusted tree, and behind it the submitted files, which take the place of those in it."""
    with open(trusted, "rb") as f:
        shutil.copyfileobj(f, bundle)
    bundle.seek(0)
    with tarfile.open(fileobj=bundle, mode="a:") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo("./" + name)
            member.size, member.mtime, member.mode = len(content), int(time.time()), 0o644
            tar.addfile(member, io.BytesIO(content))
    bundle.seek(0)


def unpacked(data):
    """{name: content} of the answer, as far as it goes."""
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|") as tar:
            for member in tar:
                if member.isreg() and member.name in ANSWERS and member.name not in found:
                    found[member.name] = tar.extractfile(member).read()
    except (tarfile.TarError, EOFError, ValueError):
        pass
    return found


def judged(result, trusted, outcome):
    answer = unpacked(outcome.out)
    stage = answer.get("stage", b"").decode()
    result["log"] = (answer.get("report.txt") or answer.get("build.log") or outcome.out)[-SHOWN:].decode("utf-8", "replace")
    if outcome.why:
        return dict(result, verdict="stopped", notes=result["notes"] + [outcome.why])
    if stage == "build":
        return dict(result, verdict="does not build")
    try:
        told = {t["name"]: t for t in json.loads(answer["grade.json"])["tests"]}
        suspects = json.loads(answer["suspects.json"])
    except (KeyError, ValueError):
        return dict(result, verdict="not graded", notes=result["notes"] + ["the grader left no results"])
    add_up(result, trusted, told)
    if stage == "late":
        result["verdict"] = "out of time"
    result["notes"] += habits(told.values())
    if suspects:
        result["withheld"], result["score"] = result["score"], 0
        result["verdict"] = "suspect"
        result["notes"] += suspects
    return result


def add_up(result, trusted, told):
    """Points by the trusted list of tests, whatever the results say they are worth."""
    for name, points in trusted["tests"]:
        test = told.get(name, {"status": "not run", "reason": "there was no time left", "seconds": 0})
        status = test["status"]
        result["tests"].append({"name": name, "status": status, "score": points if status == "passed" else 0, "max_score": points,
                                "reason": test["reason"], "seconds": test["seconds"]})
        if status == "skipped":
            result["max_score"] -= points
    result["score"] = sum(t["score"] for t in result["tests"])
    result["passed"] = sum(t["status"] == "passed" for t in result["tests"])
    result["failed"] = sum(t["status"] in ("failed", "not run") for t in result["tests"])


def habits(tests):
    """What failed tests have in common, in words."""
    reasons = [t["reason"] for t in tests if t["status"] == "failed"]
    counted = (("floods the console in", "floods the console"), ("hangs in", r"not within \d+ s|still running after"),
               ("panics in", "kernel panic"), ("resets the machine in", "triple fault"))
    found = [(words, sum(bool(re.search(pattern, reason)) for reason in reasons)) for words, pattern in counted]
    return ["%s %d test%s" % (words, n, "s" if n > 1 else "") for words, n in found if n]


def main(argv):
    folder, path, target = argv[1:4]
    began = time.monotonic()
    result = grade(folder, path, float(argv[4]) if len(argv) > 4 else 1800)
    result.update(submission=os.path.basename(path.rstrip("/")), seconds=round(time.monotonic() - began, 1))
    with open(target, "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)


if __name__ == "__main__":
    main(sys.argv)
