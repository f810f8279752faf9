# SPDX-License-Identifier: MIT
"""Grades every submission in a folder, in parallel, and makes a table.

Each is a tar file or a folder; its name is the student's. Results go to --out: NAME.json for each, and grades.txt,
grades.csv, grades.html. GNU parallel spreads the work over this machine, or over several by ssh; each needs
bubblewrap, what conf/setup installs, and Python.
"""
import argparse
import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from course import spread, table, trusted, verdict  # noqa: E402
from course.entries import entries_of  # noqa: E402

NEEDED = {"parallel": "parallel", "bwrap": "bubblewrap", "prlimit": "util-linux", "setpriv": "util-linux", "objdump": "binutils"}


def parse():
    p = argparse.ArgumentParser(prog="grade-all", description=__doc__.split("\n")[0])
    p.add_argument("submissions", help="the folder")
    p.add_argument("--out", default=os.path.join("obj", "class"), help="where results go (default: obj/class)")
    p.add_argument("--jobs", type=int, default=max(1, os.cpu_count() or 1), help="submissions at once on each machine")
    p.add_argument("--seconds", type=float, default=1800, help="longest time for a submission's tests")
    p.add_argument("--sshlogin", action="append", default=[], metavar="MACHINE",
                   help="a machine to use, as GNU parallel wants it (`:` is this one); may be given several times")
    p.add_argument("--tests", nargs="+", default=[], metavar="TEST", help="patterns of tests (default: all of the hand-out's)")
    opts = p.parse_args()
    opts.submissions, opts.out = os.path.realpath(opts.submissions), os.path.realpath(opts.out)
    return opts


def obstacle(opts, entries):
    """Why nobody can be graded, or None."""
    missing = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    if missing:
        return "install these packages first: " + " ".join(missing)
    if not entries:
        return "no submission in " + opts.submissions
    if (opts.out + "/").startswith(opts.submissions + "/"):
        return "results cannot lie among the submissions, which they would become themselves: choose another --out"
    if not opts.submissions.isprintable():
        return "the folder's name has letters that are none: %r" % opts.submissions
    return None


def clean(out, entries):
    """A place for the machinery; nothing is there of an earlier run that could be taken for a result of this one."""
    shutil.rmtree(os.path.join(out, spread.PLACE), ignore_errors=True)
    os.makedirs(os.path.join(out, spread.PLACE))
    for entry in entries:
        if os.path.lexists(result_file(out, entry)):
            os.remove(result_file(out, entry))


def result_file(out, entry):
    return os.path.join(out, entry.name + ".json")


def result_of(out, number, most):
    """What grade_one said; who has no result was not graded, and the table says so."""
    try:
        with open(os.path.join(out, spread.PLACE, "%d.json" % number), encoding="utf-8") as f:
            return json.load(f)
    except (OSError, ValueError):
        return verdict.blank("not graded", most, ["see jobs.log"])


def results(out, entries, most):
    """Of all, in the order of names; NAME.json for each. `most`: points that there are."""
    found, number = [], 0
    for entry in entries:
        told = verdict.blank("refused", most, [entry.why]) if entry.why else result_of(out, number, most)
        number += not entry.why
        told["submission"] = entry.name
        found.append(told)
        with open(result_file(out, entry), "w", encoding="utf-8") as f:
            json.dump(told, f, indent=1)
    return found


def tell(out, told):
    """The table, in files and on the screen."""
    table.write_csv(os.path.join(out, "grades.csv"), told)
    table.write_html(os.path.join(out, "grades.html"), told)
    table.write_text(os.path.join(out, "grades.txt"), told)
    sys.stdout.reconfigure(errors="backslashreplace")
    print(table.as_text(told), end="")


def main():
    opts = parse()
    entries = entries_of(opts.submissions) if os.path.isdir(opts.submissions) else []
    why = obstacle(opts, entries)
    if why:
        sys.exit("grade-all: " + why)
    clean(opts.out, entries)
    try:
        tests = trusted.build(os.path.join(opts.out, spread.PLACE), opts.tests)
        spread.pack_program(opts.out)
        grade_class(opts, entries, sum(points for _, points in tests))
    finally:
        shutil.rmtree(os.path.join(opts.out, spread.PLACE))


def grade_class(opts, entries, most):
    try:
        spread.run(opts.out, [entry.path for entry in entries if not entry.why], opts.seconds, opts.jobs, opts.sshlogin)
    finally:  # an interrupt costs those only that are not done
        tell(opts.out, results(opts.out, entries, most))


if __name__ == "__main__":
    main()
