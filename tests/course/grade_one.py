# SPDX-License-Identifier: MIT
"""Grades one submission, and says how it went, as JSON. Whatever it contains, this ends, and harms nothing.

usage: grade_one.py FOLDER SUBMISSION RESULT.json [SECONDS]
FOLDER holds what trusted.py made. SECONDS bounds the tests; the build has a bound of its own.
"""
import io
import json
import os
import pkgutil
import shutil
import sys
import tarfile
import tempfile
import time
import traceback

from . import cage, submission, verdict
from .inside import BUILD_SECONDS


def grade(folder, path, seconds):
    """What goes into the result file, less the name."""
    with open(os.path.join(folder, "trusted.json"), encoding="utf-8") as f:
        trusted = json.load(f)
    most = sum(points for _, points in trusted["tests"])
    try:
        files = submission.take(path, trusted["files"])
    except submission.Refused as e:
        return verdict.blank("refused", most, [str(e)])
    absent = ["%s is not there: taken as handed out" % name for name in trusted["files"] if name not in files]
    with tempfile.TemporaryFile() as bundle:
        pack(bundle, os.path.join(folder, "trusted.tar"), files)
        argv = ["python3", "-c", inside_source(), "1", str(seconds)] + trusted["patterns"]
        outcome = cage.run(argv, bundle, seconds + BUILD_SECONDS + 120)
    return verdict.judged(verdict.blank("graded", most, absent), trusted, outcome)


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


def graded(folder, path, seconds):
    """The same, whatever happens: also what nobody thought of is a result, and no end without one."""
    try:
        return grade(folder, path, seconds)
    except Exception as e:
        return dict(verdict.blank("not graded", notes=["%s: %s" % (type(e).__name__, e)]), log=traceback.format_exc())


def main(argv):
    folder, path, target = argv[1:4]
    began = time.monotonic()
    result = graded(folder, path, float(argv[4]) if len(argv) > 4 else 1800)
    result.update(submission=os.path.basename(path.rstrip("/")), seconds=round(time.monotonic() - began, 1))
    with open(target, "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)


if __name__ == "__main__":
    main(sys.argv)
