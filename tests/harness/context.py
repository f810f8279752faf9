# SPDX-License-Identifier: MIT
"""What a running test holds. All of it goes when the test ends; logs stay when it failed."""
import json
import os
import shutil
import stat
import tempfile

from . import capture, cmdline
from .machine import Machine
from .netns import Namespace
from .suite import Failure


class Context:
    def __init__(self, test, host, keep=False):
        self.test, self.host, self.keep = test, host, keep
        self.folder = tempfile.mkdtemp(prefix=test.name + "-", dir=host.scratch)
        self.machines = []
        self.undo = []
        self.figures = []

    # Machines and programs.

    def boot(self, program=None, may_panic=False, tap=None, qemu=None, **how):
        """Start QEMU, or another one; `how` is what cmdline.compose takes. `tap` is a Namespace to run it in."""
        folder = os.path.join(self.folder, str(len(self.machines))) if self.machines else self.folder
        os.makedirs(folder, exist_ok=True)
        if program and "_" not in program:
            program = "user_" + program
        argv = cmdline.compose(qemu or self.host.qemu, self.host.root, folder, program, taps=tap.taps if tap else (), **how)
        machine = Machine(self.host.children, tap.inside(argv) if tap else argv, folder, self.host.pace, may_panic)
        self.machines.append(machine)
        self.undo.append(machine.close)
        return machine

    def namespace(self, ntaps=1):
        """A network namespace with tap devices, for tests that are added with unless=[netns.obstacle]."""
        space = Namespace(self.host.children, ntaps)
        self.undo.append(space.close)
        return space

    def run(self, *argv, limit=60, tap=None, cwd=None):
        """Run a program on the host; its output, or Failure when it ends badly or late."""
        status, out = self.attempt(*argv, limit=limit, tap=tap, cwd=cwd)
        if status:
            raise Failure("`%s` ended with status %d\n%s" % (" ".join(argv), status, out.rstrip()))
        return out

    def attempt(self, *argv, limit=60, tap=None, cwd=None):
        """The same, for programs that may end badly: (status, output)."""
        line = self.caged(argv)
        status, out = self.host.children.run(
            tap.inside(line) if tap else line, self.host.pace(limit), cwd=cwd or self.host.root)
        with open(os.path.join(self.folder, "host.log"), "a", encoding="utf-8") as log:
            log.write("$ %s\n%s(status %d)\n" % (" ".join(argv), out, status))
        return status, out

    def caged(self, argv):
        """When strangers' work is graded, what was built of it for this host may write nowhere."""
        cage = os.environ.get("GRADE_CAGE", "").split()
        built = self.built("tests") + os.sep
        return (cage if any(word.startswith(built) for word in argv) else []) + list(argv)

    def figure(self, name, value, more_is_better=False):
        """A count that this test found, such as instructions for each request: for reports and leaderboards. No times."""
        self.figures.append((name, value, more_is_better))

    def path(self, *names):
        """A path in the tree."""
        return os.path.join(self.host.root, *names)

    def built(self, *names):
        """A path of something that was built."""
        return self.path(cmdline.objdir(*names))

    def copy_of(self, *names):
        """A copy of something that was built, which this test may change."""
        return shutil.copy(self.built(*names), self.folder)

    # The end.

    @property
    def log(self):
        return "\n".join(machine.text for machine in self.machines)

    def close(self):
        while self.undo:
            self.undo.pop()()

    def evidence(self):
        """What the captures of a test that failed show, in words."""
        paths = [os.path.join(machine.folder, "net.pcap") for machine in self.machines]
        return "\n".join(filter(None, map(capture.report, paths)))

    def settle(self, passed, reason=""):
        """Move the logs to where they can be read, or drop them. Returns that place, or None."""
        place = cmdline.objdir("grade", self.test.name)
        shutil.rmtree(self.path(place), ignore_errors=True)
        if passed and not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
            return None
        with open(os.path.join(self.folder, "verdict.json"), "w", encoding="utf-8") as f:
            json.dump({"status": "passed" if passed else "failed", "reason": reason}, f)
        shutil.copytree(self.folder, self.path(place), symlinks=True, ignore=not_to_keep)
        return place


def not_to_keep(folder, names):
    """Sockets, which cannot be copied, and disks."""
    return [name for name in names if name == "files" or name.endswith(".img") or stat.S_ISSOCK(os.lstat(os.path.join(folder, name)).st_mode)]
