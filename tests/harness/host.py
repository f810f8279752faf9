# SPDX-License-Identifier: MIT
"""What all tests of a run share: the tree, the build, how QEMU is called, this machine's speed, the children."""
import os
import shutil
import tempfile

from . import cmdline
from .children import Children
from .machine import Machine
from .speed import Pace
from .warden import Warden

BUILD_LIMIT = 1800


class Host:
    def __init__(self, root):
        self.root = root
        self.warden = Warden()
        self.children = Children(self.warden)
        self.scratch = tempfile.mkdtemp(prefix="josix-grade-")  # short paths, for sockets
        self.warden.promise(self.scratch, ["rm", "-rf", self.scratch])
        self.qemu = [cmdline.FALLBACK_QEMU]
        self.pace = Pace(self.short_boot)

    def make(self, *words, limit=BUILD_LIMIT):
        """Run make in the tree: (status, output)."""
        env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        return self.children.run(["make", "--no-print-directory"] + list(words), limit, cwd=self.root, env=env)

    def build(self, jobs, make):
        """Build everything that tests boot, or (without `make`) see that it is there. None, or what is wrong."""
        if not make:
            image = os.path.join(self.root, cmdline.objdir("kern", "kernel.img"))
            return None if os.path.exists(image) else image + " is not there"
        status, out = self.make("-s", "-j%d" % jobs, "all")
        return None if status == 0 else "\n".join(out.rstrip().split("\n")[-30:])

    def ask_make(self):
        """Learn from the makefile which QEMU to run."""
        status, out = self.make("-s", "print-qemu")
        lines = out.strip().split("\n")
        if status == 0 and lines[-1]:
            self.qemu = [lines[-1]]

    def short_boot(self):
        folder = tempfile.mkdtemp(dir=self.scratch)
        argv = cmdline.compose(self.qemu, self.root, folder, "user_hello", fs=False)
        machine = Machine(self.children, argv, folder, pace=lambda seconds: seconds)
        try:
            machine.finish(limit=60)
        finally:
            machine.close()

    def close(self):
        self.children.stop_all()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.warden.close()
