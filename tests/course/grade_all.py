# SPDX-License-Identifier: MIT
"""Grades every submission in a folder, in parallel, and makes a table.

Each is a tar file or a folder; its name is the student's. Results go to --out: NAME.json for each, and grades.txt,
grades.csv, grades.html. GNU parallel spreads the work over this machine, or over several by ssh; each needs
bubblewrap, what conf/setup installs, and Python.
"""
import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import zipapp

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from course import table, trusted  # noqa: E402

NEEDED = {"parallel": "parallel", "bwrap": "bubblewrap", "prlimit": "util-linux", "setpriv": "util-linux", "objdump": "binutils"}
ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def parse():
    p = argparse.ArgumentParser(prog="grade-all", description=__doc__.split("\n")[0])
    p.add_argument("submissions", help="the folder")
    p.add_argument("--out", default=os.path.join("obj", "class"), help="where results go (default: obj/class)")
    p.add_argument("--jobs", type=int, default=max(1, os.cpu_count() or 1), help="submissions at once on each machine")
    p.add_argument("--seconds", type=float, default=1800, help="longest time for a submission's tests")
    p.add_argument("--sshlogin", action="append", default=[], metavar="MACHINE",
                   help="a machine to use, as GNU parallel wants it (`:` is this one); may be given several times")
    p.add_argument("--tests", nargs="+", default=["lab *"], metavar="TEST", help="patterns of tests (default: the lab's)")
    return p.parse_args()


def submissions(folder):
    """{student: path}, sorted."""
    found = {}
    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry)
        ending = next((e for e in sorted(ENDINGS, key=len, reverse=True) if entry.endswith(e)), None)
        if not entry.startswith(".") and (ending or os.path.isdir(path)):
            found[entry[:-len(ending)] if ending else entry] = os.path.abspath(path)
    return found


def pack_program(out):
    """grade.pyz: all that a machine needs to grade one."""
    with tempfile.TemporaryDirectory() as stage:
        shutil.copytree(HERE, os.path.join(stage, "course"), ignore=shutil.ignore_patterns("__pycache__"))
        with open(os.path.join(stage, "__main__.py"), "w", encoding="utf-8") as f:
            f.write("import sys\nfrom course.grade_one import main\nmain(sys.argv)\n")
        zipapp.create_archive(stage, os.path.join(out, "grade.pyz"))


def run_all(opts, students):
    """
    Each gets NAME.json; what parallel itself says goes to jobs.log and standard error. On another machine all happens in a folder
    of this run's own, which is gone afterwards: what follows /./ in a path is its name there.
    """
    words = ["parallel", "--will-cite", "--jobs", str(opts.jobs), "--joblog", "jobs.log", "--colsep", "\t", "--plain"]
    python = shutil.which("python3") or sys.executable
    submission = "{2}{3}"
    machines = [word for machine in opts.sshlogin for word in ("--sshlogin", machine)]
    if machines:
        folder = "grade-all-" + secrets.token_hex(6)
        words += machines + ["--workdir", folder, "--cleanup", "--transferfile", "{2}./{3}", "--return", "{1}.json"]
        for name in ("grade.pyz", "trusted.tar", "trusted.json"):
            words += ["--basefile", name]
        python, submission = "python3", "{3}"
    words += [python, "grade.pyz", ".", submission, "{1}.json", str(opts.seconds)]
    lines = "".join("%s\t%s/\t%s\n" % (name, *os.path.split(path)) for name, path in students.items())
    try:
        subprocess.run(words, cwd=opts.out, input=lines.encode(), check=False)
    finally:  # also after an interrupt, and where a job died
        if machines:
            subprocess.run(["parallel", "--will-cite", "--nonall", *machines, "rm", "-rf", folder], stdin=subprocess.DEVNULL, check=False)


def results(out, students):
    """In the order of names; whoever has none was not graded, and the table says so."""
    found = []
    for name in students:
        try:
            with open(os.path.join(out, name + ".json"), encoding="utf-8") as f:
                found.append(dict(json.load(f), submission=name))
        except (OSError, ValueError):
            found.append({"submission": name, "verdict": "not graded", "score": 0, "max_score": 0, "passed": 0, "failed": 0,
                          "seconds": 0, "notes": ["see jobs.log"]})
    return found


def main():
    opts = parse()
    missing = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    if missing:
        sys.exit("grade-all: install these packages first: " + " ".join(missing))
    students = submissions(opts.submissions)
    odd = [name for name in students if any(c in name for c in "\t\n/")]
    if not students or odd:
        sys.exit("grade-all: %s" % ("names that cannot be used: %r" % odd if odd else "no submission in " + opts.submissions))
    opts.out = os.path.abspath(opts.out)
    os.makedirs(opts.out, exist_ok=True)
    for name in students:
        if os.path.exists(os.path.join(opts.out, name + ".json")):
            os.remove(os.path.join(opts.out, name + ".json"))
    trusted.build(opts.out, opts.tests)
    pack_program(opts.out)
    run_all(opts, students)
    told = results(opts.out, students)
    table.write_csv(os.path.join(opts.out, "grades.csv"), told)
    table.write_html(os.path.join(opts.out, "grades.html"), told)
    with open(os.path.join(opts.out, "grades.txt"), "w", encoding="utf-8") as f:
        f.write(table.as_text(told))
    print(table.as_text(told), end="")


if __name__ == "__main__":
    main()
