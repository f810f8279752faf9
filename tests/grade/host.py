# SPDX-License-Identifier: MIT
"""What can be tested without a machine: the grader, and the parts of the kernel that compile on the host."""
import glob
import os
import re
import signal
import subprocess
import sys
import threading

from gradelib import ROOT, Failure, needs_header
from grade import suite
from harness.cmdline import objdir

suite.part("host")


@suite.test(5, "the grader's own tests")
def grader(t):
    """
    Runs tests/gradelib_selftest.py: the grader's parts alone, and whole runs against a program that pretends to be QEMU.
    Why: a grader that says OK too easily makes all else worthless.
    """
    t.run(sys.executable, t.path("tests", "gradelib_selftest.py"), limit=120)


OLDEST = (3, 8)
QUICK = ("RegistryTest", "MatchTest", "DecodeTest", "RunTest.test_files", "RunTest.test_pass", "RunTest.test_explain")


def interpreters():
    """The Pythons of this machine, one of each 3.x from OLDEST on: {(3, x): path}; from the PATH, Debian's, and pyenv's."""
    folders = os.environ.get("PATH", "").split(os.pathsep) + ["/usr/bin", "/usr/local/bin"]
    folders += glob.glob(os.path.join(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions", "*", "bin"))
    found = {}
    for folder in folders:
        for path in glob.glob(os.path.join(folder, "python3*")):
            version = version_of(path) if re.search(r"python3(\.\d+)?$", path) else None
            if version and version >= OLDEST:
                found.setdefault(version, path)
    return found


def version_of(path):
    """(3, 11), or None if it does not start."""
    tried = subprocess.run([path, "-c", "import sys; print(*sys.version_info[:2])"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, check=False)
    words = tried.stdout.split()
    return tuple(map(int, words)) if tried.returncode == 0 and len(words) == 2 else None


@suite.test(2, "the grader works on every Python of this machine")
def pythons(t):
    """
    Runs a part of tests/gradelib_selftest.py with each Python 3.8 or newer that is installed here.
    Why: students bring what they have. The grader needs the standard library only, and nothing newer than 3.8.
    """
    for version, path in sorted(interpreters().items()):
        status, out = t.attempt(path, t.path("tests", "gradelib_selftest.py"), *QUICK, limit=60)
        if status:
            raise Failure("Python %s, %s:\n%s" % (".".join(map(str, version)), path, out))


HOST_SECONDS = 90  # of computing: three times what the longest needs

one_make = threading.Lock()  # host tests share objects: two makes at once would write them twice


def bounded(seconds, *argv):
    """The same program, ended when it has computed for so long: an endless loop shows, however busy the host is."""
    return ("sh", "-c", "ulimit -S -t %d; exec \"$@\"" % seconds, "sh") + argv


def loops(status):
    """Did that end it? (128 more: in a cage)"""
    return status in (-signal.SIGXCPU, 128 + signal.SIGXCPU)


def host_test(name):
    """A cmocka program of tests/, built by `make obj/tests/NAME`."""
    program = objdir("tests", name)

    def play(t):
        with one_make:
            status, out = t.host.make("-s", program)
        if status:
            raise Failure("it does not build:\n" + out)
        status, out = t.attempt(*bounded(HOST_SECONDS, t.path(program)), limit=2 * HOST_SECONDS)
        if status:
            raise Failure(out + ("still running after %d s of computing" % HOST_SECONDS if loops(status) else "status %d" % status))
    return play


DOC = """Builds tests/%s.c with the kernel's sources that tests/Makefrag names, for this host and with the address and
undefined-behaviour sanitizers, and runs it: each of its cases must pass.
Why: what needs no machine is tested without one, against fake ones that forget nothing and forgive nothing.
Often: a sanitizer's report comes first, and names the line; cases after it are not run.
Look: host.log, which has all it said; gdb works on the program, obj/tests/, as on any other. tests/fake_*.c and tests/dp_*.c say
what the fake machine expects.
"""

for _path in sorted(glob.glob(os.path.join(ROOT, "tests", "*_test.c"))):
    _name = os.path.basename(_path)[:-len(".c")]
    _title = "on the host: " + _name.replace("_test", "").replace("_", " ")
    suite.add(_name.replace("_", "-"), _title, 5, host_test(_name), unless=[needs_header("cmocka.h")], doc=DOC % _name)
