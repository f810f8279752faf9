# SPDX-License-Identifier: MIT
"""The results as services for courses want them: Gradescope's results.json, and notices for GitHub Classroom."""
import json
import os

from .results import printable
from .suite import Result, tally

MOST_SHOWN = 20000  # characters of a log


def write_gradescope(path, suite, results, seconds):
    """
    results.json as Gradescope's autograder specification describes it. The leaderboard has the score and each count
    that a test found; times are not in it, as they say more about the machine than about the work.
    """
    told = {
        "score": float(tally(results)[0]), "execution_time": round(seconds, 1), "output": suite.title,
        "stdout_visibility": "hidden", "visibility": "visible",
        "tests": [gradescope_test(r) for r in results],
        "leaderboard": leaderboard(results),
    }
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(json.dumps(told, indent=1) + "\n")


def gradescope_test(r):
    words = {Result.SKIP: "skipped: %s" % r.reason, Result.PASS: ""}.get(r.status, r.reason)
    if r.status == Result.FAIL and r.log:
        words += "\n\nserial output:\n" + r.log[-MOST_SHOWN:]
    return {
        "name": r.test.title, "number": r.test.name, "score": float(r.points), "max_score": float(r.most_points),
        "status": "failed" if r.status == Result.FAIL else "passed", "output": printable(words),
        "tags": [r.test.part], "visibility": "visible",
    }


def leaderboard(results):
    score, most = tally(results)[:2]
    rows = [{"name": "Score", "value": score, "order": "desc"}] if most else []
    for r in results:
        for name, value, more_is_better in r.figures:
            rows.append({"name": name, "value": value, "order": "desc" if more_is_better else "asc"})
    return rows


def write_step_summary(path, suite, results):
    """For the file that GitHub names in GITHUB_STEP_SUMMARY: a table of what did not pass, in Markdown."""
    score, most, passed, failed, skipped = tally(results)
    lines = ["### %s: %d/%d" % (suite.title, score, most), "", "%d passed, %d failed, %d skipped" % (passed, failed, skipped)]
    bad = [r for r in results if r.status == Result.FAIL]
    if bad:
        lines += ["", "| failed | points | why |", "|---|--:|---|"]
        lines += ["| `%s` | %d | %s |" % (r.test.name, r.test.points, in_a_cell(r.reason)) for r in bad]
    with open(path, "a", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")


def in_a_cell(text):
    return printable(text.split("\n")[0]).replace("|", "\\|").replace("<", "&lt;")[:200]


def notices(results):
    """The two lines by which GitHub Classroom learns the points of a workflow's job."""
    score, most = tally(results)[:2]
    return ["::notice title=Autograding complete::Points %d/%d" % (score, most),
            "::notice title=Autograding report::" + json.dumps({"totalPoints": score, "maxPoints": most})]
