# SPDX-License-Identifier: MIT
"""A class graded on another machine, which is this one behind an ssh server of the test's own; and on one where the job dies."""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from course.cage import descendants
from gradelib import Failure, needs_program
from grade.course import CHOSEN, TOOLS, faulty, grade_class, solution
from long import alone

SSHD = "/usr/sbin/sshd"
EMPTY = "/run/sshd"  # where sshd, begun by root, locks itself in: its service makes it, when it has ever been started
SERVER = """ListenAddress 127.0.0.1
Port %(port)d
HostKey %(folder)s/host
AuthorizedKeysFile %(folder)s/user.pub
PidFile none
StrictModes no
"""
CLIENT = """Host other
HostName 127.0.0.1
Port %(port)d
IdentityFile %(folder)s/user
IdentitiesOnly yes
UserKnownHostsFile %(folder)s/known
StrictHostKeyChecking accept-new
LogLevel ERROR
"""
LEFT = os.path.expanduser("~/grade-all-*")


def needs_sshd():
    return None if os.path.exists(SSHD) else "there is no ssh server here"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Machine:
    """`login` is what grade-all's --sshlogin wants; `pid` the server's."""

    def __init__(self, t):
        names = {"folder": os.path.join(t.folder, "ssh"), "port": free_port()}
        os.makedirs(names["folder"], mode=0o700)
        for key in ("host", "user"):
            t.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(names["folder"], key))
        paths = [os.path.join(names["folder"], name) for name in ("server", "client")]
        for path, text in zip(paths, (SERVER, CLIENT)):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text % names)
        self.login = "ssh -F %s other" % paths[1]
        if os.geteuid() == 0 and not os.path.exists(EMPTY):
            os.mkdir(EMPTY, 0o755)
            t.undo.append(lambda: os.rmdir(EMPTY))
        with open(os.path.join(names["folder"], "log"), "wb") as log:
            proc = t.host.children.start([SSHD, "-D", "-e", "-f", paths[0]], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = proc.pid
        t.undo.append(lambda: t.host.children.finish(proc))
        self.wait_for(t, names)

    def wait_for(self, t, names):
        deadline = time.monotonic() + t.host.pace(10)
        while t.attempt(*self.login.split(), "true")[0]:
            if time.monotonic() > deadline:
                with open(os.path.join(names["folder"], "log"), encoding="utf-8") as f:
                    raise Failure("the ssh server does not let us in:\n" + f.read())
            time.sleep(0.2)

    def die(self, stop):
        """End the first job that grades, with its connection and all below it."""
        while not stop.is_set():
            family = descendants(self.pid)[1:]
            if any(re.search(r"python3[\0 ]\S*grade\.pyz", words(pid)) for pid in family):
                for pid in family:
                    signal_if_alive(pid)
                return
            time.sleep(0.2)


def words(pid):
    try:
        with open("/proc/%d/cmdline" % pid, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def signal_if_alive(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def nothing_left(before):
    left = set(glob.glob(LEFT)) - before
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    if left:
        raise Failure("left behind: " + " ".join(sorted(left)))


def over_ssh(t):
    """Grades two submissions on the other machine; then one there whose job dies, with its connection, in the middle."""
    machine, before = Machine(t), set(glob.glob(LEFT))
    there = ("--sshlogin", machine.login)
    grade_class(t, [("good-1", solution, "graded", True, ""),
                    ("broken-1", lambda t, f: faulty(t, f, "rdt-off-by-one"), "graded", False, "")], CHOSEN, 240, 900, *there)
    nothing_left(before)
    shutil.rmtree(os.path.join(t.folder, "class"))
    stop = threading.Event()
    killer = threading.Thread(target=machine.die, args=(stop,), daemon=True)
    killer.start()
    try:
        grade_class(t, [("good-1", solution, "not graded", False, "see jobs.log")], CHOSEN, 240, 900, *there)
    finally:
        stop.set()
        killer.join()
    nothing_left(before)


def add_to(suite):
    suite.part("class")
    suite.add("class-ssh", "a class on another machine, over ssh: the right table, nothing left there, also when a job dies", 1,
              alone(over_ssh), unless=TOOLS + [needs_sshd, needs_program("ssh-keygen"), needs_program("rsync")])
