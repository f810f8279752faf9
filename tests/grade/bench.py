# SPDX-License-Identifier: MIT
"""`make bench` as a tool: that it judges rightly, and that it leads to a report. How fast anything is, is not asked here."""
import csv
import json
import os
import re
import sys

from gradelib import Failure
from grade import suite
from grade.host import one_make

suite.part("bench")

WORKS = {"boot", "latency", "kept", "connect", "size", "load", "echo"}


@suite.test(3, "what the bench says about samples is right")
def bench_judge(t):
    """
    Runs tests/bench_selftest.py: verdicts on samples whose meaning is known, noise that must not get one, the comparison of
    two reports.
    """
    t.run(sys.executable, t.path("tests", "bench_selftest.py"), limit=60)


@suite.test(5, "make bench: a report of one short round")
def bench_report(t):
    """
    Runs `make bench` for one round of the dataplane alone: all work is measured, nothing is noted as a problem, and the
    three files agree and need nothing from elsewhere.
    """
    with one_make:
        status, out = t.host.make("-s", "bench", "QUICK=1", "ROUNDS=1", "SYSTEMS=ix", "PEERS=", "BENCH_OUT=" + t.folder, limit=900)
    if status:
        raise Failure("make bench ended with status %d:\n%s" % (status, out[-2000:]))
    with open(os.path.join(t.folder, "report.json"), encoding="utf-8") as f:
        found = json.load(f)
    if found["problems"]:
        raise Failure("not measured: " + "; ".join(found["problems"]))
    figures = found["systems"]["ix"]["figures"]
    absent = WORKS - {name.split("/")[0] for name in figures}
    if absent:
        raise Failure("nothing was measured of: " + ", ".join(sorted(absent)))
    with open(os.path.join(t.folder, "report.csv"), encoding="utf-8", newline="") as f:
        lines = {row["figure"]: float(row["sample"]) for row in csv.DictReader(f)}
    wrong = [name for name in figures if abs(lines.get(name, 0) - figures[name]["median"]) > 1e-4 * figures[name]["median"]]
    if wrong or len(lines) != len(figures):
        raise Failure("report.csv and report.json differ: %s" % (wrong or sorted(set(lines) ^ set(figures))))
    self_contained(os.path.join(t.folder, "report.html"))


def self_contained(path):
    with open(path, encoding="utf-8") as f:
        page = f.read()
    sources = re.findall(r"(?:src|href)=['\"]?([^'\" >]{0,40})", page)
    if len(sources) < 5 or not all(source.startswith("data:") for source in sources):
        raise Failure("report.html wants something from elsewhere, or has no pictures: %s" % sources)
