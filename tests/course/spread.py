# SPDX-License-Identifier: MIT
"""Spreads the work over this machine, or over several by ssh: GNU parallel calls grade_one.py for each submission. A job is a
number, so that what a submission is called names no file but its own."""
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import zipapp

HERE = os.path.dirname(os.path.abspath(__file__))
# In the folder of results, and in the one on another machine: what is needed to grade one, and N.json, how that went. No
# submission begins with a dot, so none can be called like it.
PLACE = ".run"


def pack_program(out):
    """grade.pyz: all that a machine needs to grade one."""
    with tempfile.TemporaryDirectory() as stage:
        shutil.copytree(HERE, os.path.join(stage, "course"), ignore=shutil.ignore_patterns("__pycache__"))
        with open(os.path.join(stage, "__main__.py"), "w", encoding="utf-8") as f:
            f.write("import sys\nfrom course.grade_one import main\nmain(sys.argv)\n")
        zipapp.create_archive(stage, os.path.join(out, PLACE, "grade.pyz"))


def run(out, paths, seconds, jobs, machines=()):
    """
    The Nth path's result is in PLACE/N.json, counted from 0. What parallel itself says goes to jobs.log and standard error. On
    another machine all happens in a folder of this run's own, which is gone afterwards: what follows /./ in a path is its
    name there.
    """
    words = ["parallel", "--will-cite", "--jobs", str(jobs), "--joblog", "jobs.log", "--colsep", "\t", "--trim", "n", "--plain"]
    python, path = shutil.which("python3") or sys.executable, "{2}{3}"
    logins = [word for machine in machines for word in ("--sshlogin", machine)]
    folder = "grade-all-" + secrets.token_hex(6)
    if machines:
        words += logins + ["--workdir", folder, "--cleanup", "--transferfile", "{2}./{3}", "--return", PLACE + "/{1}.json"]
        for name in ("grade.pyz", "trusted.tar", "trusted.json"):
            words += ["--basefile", os.path.join(PLACE, name)]
        python, path = "python3", "{3}"
    words += [python, os.path.join(PLACE, "grade.pyz"), PLACE, path, PLACE + "/{1}.json", str(seconds)]
    try:
        subprocess.run(words, cwd=out, input=os.fsencode(lines(paths)), check=False)
    finally:  # also after an interrupt, and where a job died
        if machines:
            subprocess.run(["parallel", "--will-cite", "--nonall", *logins, "rm", "-rf", folder], stdin=subprocess.DEVNULL, check=False)


def lines(paths):
    """What parallel reads: number, folder and name."""
    return "".join("%d\t%s/\t%s\n" % (number, *os.path.split(path)) for number, path in enumerate(paths))
