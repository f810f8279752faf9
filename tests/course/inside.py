# SPDX-License-Identifier: MIT
"""Runs in the cage (cage.py), in /cage: unpacks what comes by standard input, builds, inspects, grades. What is to be known
outside goes to standard output as a tar file: how far it came, build.log, suspects.json, report.txt, grade.json.

usage: python3 -c THIS JOBS SECONDS TEST...
"""
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile

BUILD_SECONDS = 600
# Programs that hold submitted code and run here natively are in a cage of their own, where they can write nothing.
INNER = ["prlimit", "--as=unlimited", "bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev",
         "--size", str(1 << 20), "--tmpfs", "/dev/shm", "--remount-ro", "/dev", "--proc", "/proc",
         "--size", str(64 << 20), "--tmpfs", "/tmp"]
GRACE = 30  # seconds in which the grader reports what it has


def run(argv, seconds, **more):
    """(status or None after that long, output). Its session ends with it: make by itself leaves compilers."""
    proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            start_new_session=True, **more)
    for ending in (None, signal.SIGINT, signal.SIGKILL):
        if ending == signal.SIGINT:
            proc.send_signal(ending)
        elif ending:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(proc.pid, ending)
        try:
            out = proc.communicate(timeout=GRACE if ending else seconds)[0]
            return None if ending else proc.returncode, out
        except subprocess.TimeoutExpired:
            pass
    return None, b""


def stages(jobs, seconds, tests):
    """Yields (name in the answer, content), and stops where it makes no sense to go on."""
    status, out = run(["make", "-s", "-j%d" % jobs, "all"], BUILD_SECONDS)
    if status != 0:
        yield "build.log", out
        yield "stage", b"build"
        return
    sys.path.insert(0, "tests")
    from course import suspects
    run(["make", "-s", "-k", "-j%d" % jobs] + suspects.host_objects("."), BUILD_SECONDS)
    found, seen = suspects.find("."), suspects.fingerprints(".")
    env = dict(os.environ, GRADE_CAGE=" ".join(INNER))
    status, out = run([sys.executable, "./grade-lab-ix", "--no-build", "-j%d" % jobs, "--json", "grade.json"] + tests, seconds, env=env)
    yield "suspects.json", json.dumps(found + suspects.unseen(seen, suspects.fingerprints("."))).encode()
    yield "report.txt", out
    if os.path.exists("grade.json"):
        with open("grade.json", "rb") as f:
            yield "grade.json", f.read()
    yield "stage", b"late" if status is None else b"graded"


def main():
    jobs, seconds, tests = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    subprocess.run(["tar", "-x"], check=True)
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as answer:
        for name, content in stages(jobs, seconds, tests):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            answer.addfile(member, io.BytesIO(content))


if __name__ == "__main__":
    main()
