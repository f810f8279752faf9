# SPDX-License-Identifier: MIT
"""What came out of the cage, made into a result. None of it is trusted: not its form, and not what it says of points."""
import io
import json
import re
import tarfile

ANSWERS = ("stage", "build.log", "suspects.json", "report.txt", "grade.json")
STATUSES = ("passed", "failed", "skipped")
SHOWN = 20000  # bytes of a log
WORDS = 4000   # characters of a reason
NOT_RUN = {"status": "not run", "reason": "there was no time left", "seconds": 0}


def blank(verdict, most=0, notes=()):
    """A result without points."""
    return {"verdict": verdict, "score": 0, "max_score": most, "passed": 0, "failed": 0, "seconds": 0, "notes": list(notes), "tests": []}


def unpacked(data):
    """{name: content} of the answer, as far as it goes."""
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|") as tar:
            for member in tar:
                if member.isreg() and member.name in ANSWERS and member.name not in found:
                    found[member.name] = tar.extractfile(member).read()
    except (tarfile.TarError, EOFError, ValueError, RecursionError):
        pass
    return found


def judged(result, trusted, outcome):
    """The result, with what was found out."""
    answer = unpacked(outcome.out)
    stage = answer.get("stage", b"").decode("ascii", "replace")
    result["log"] = (answer.get("report.txt") or answer.get("build.log") or outcome.out)[-SHOWN:].decode("utf-8", "replace")
    if outcome.why:
        return dict(result, verdict="stopped", notes=result["notes"] + [outcome.why])
    if stage == "build":
        return dict(result, verdict="does not build")
    try:
        told = tests_of(json.loads(answer["grade.json"]))
        suspects = [text(found) for found in json.loads(answer["suspects.json"])]
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
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


def tests_of(told):
    """{name: what is said of a test}, each of the form that a table can show."""
    return {text(test["name"]): {"status": test["status"] if test["status"] in STATUSES else "failed",
                                 "reason": text(test["reason"]), "seconds": duration(test["seconds"])} for test in told["tests"]}


def text(value):
    """Also what no file can hold: half a character of JSON's, say."""
    return str(value)[:WORDS].encode("utf-8", "replace").decode("utf-8")


def duration(value):
    return value if isinstance(value, (int, float)) and 0 <= value < 1e6 else 0


def add_up(result, trusted, told):
    """Points by the trusted list of tests, whatever the results say they are worth."""
    for name, points in trusted["tests"]:
        test = told.get(name, NOT_RUN)
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
