# SPDX-License-Identifier: MIT
"""Programs that tests start on the host. Each leads a process group of its own, and dies with it by number."""
import os
import signal
import subprocess
import threading

from .suite import Failure


class Interrupted(Exception):
    """The run is being ended from outside: nothing may be started any more."""


class Children:
    def __init__(self, warden):
        self.warden = warden
        self.lock = threading.Lock()
        self.alive = set()
        self.closed = False

    def start(self, argv, **popen):
        """Start a program; who starts one calls finish()."""
        with self.lock:
            if self.closed:
                raise Interrupted()
            proc = subprocess.Popen(argv, start_new_session=True, **popen)
            self.alive.add(proc)
            self.warden.promise(str(proc.pid), ["kill", "-KILL", "--", "-%d" % proc.pid])
        return proc

    def finish(self, proc):
        """Kill what is left of the program and its children, and collect its status."""
        kill_group(proc)
        status = proc.wait()
        with self.lock:
            if proc in self.alive:
                self.alive.remove(proc)
                self.warden.release(str(proc.pid))
        return status

    def run(self, argv, limit, **popen):
        """Run a program to its end: (status, output with errors). Failure when it takes longer than `limit` seconds."""
        proc = self.start(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **popen)
        try:
            out = proc.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            raise Failure("`%s` was still running after %.0f s" % (" ".join(argv), limit)) from None
        finally:
            self.finish(proc)
        return proc.returncode, out.decode("utf-8", "replace")

    def stop_all(self):
        """End everything, and let nothing new begin."""
        with self.lock:
            self.closed = True
            victims = list(self.alive)
        for proc in victims:
            kill_group(proc)


def kill_group(proc):
    """Its leader has not been waited for as long as returncode is None, so the number cannot be another's."""
    if proc.returncode is None:
        try:
            os.killpg(proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
