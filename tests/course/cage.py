# SPDX-License-Identifier: MIT
"""Where strangers' programs are built and run: bubblewrap, as nobody, without a network, in a file system of their own
that lies in memory, with limits on time, memory, disk, processes and output.

bubblewrap bounds what can be seen and reached; setpriv and prlimit (util-linux) drop privileges and bound single
processes; what all of them use together is looked at from outside, twice a second.
"""
import os
import re
import selectors
import signal
import subprocess
import time

NOBODY = 65534
DISK = 1 << 30           # bytes of the cage's own file system; of those for temporary files, less
SHARED = 64 << 20        # bytes of files for shared memory
MEMORY = 3 << 30         # bytes resident, of all processes together
PROCESSES = 400
TASKS = 1000             # processes and threads, by a limit of the kernel's: no storm of them between two looks
ROOM = 4 << 30           # bytes of addresses of each; address sanitizers lift it (inside.py), for they reserve far more
OUTPUT = 32 << 20        # bytes that may come out
FILE = 256 << 20         # bytes of one file
LOOK = 0.5               # seconds between two looks

FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
READ_ONLY = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp", "LC_ALL": "C.UTF-8"}


class Outcome:
    """`status` of the program, or None when it was ended, and `why`; `out`: what it wrote."""

    def __init__(self, status, why, out):
        self.status, self.why, self.out = status, why, out


def command(argv, root=None):
    """The whole line. Only what compilers, Python and QEMU need of this machine is to be seen in there."""
    line = []
    if (os.geteuid() if root is None else root) == 0:
        line += ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--no-new-privs"]
    line += ["prlimit", "--fsize=%d" % FILE, "--core=0", "--nofile=1024"]
    line += ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--hostname", "cage", "--ro-bind", "/usr", "/usr"]
    for folder in FOLDERS:
        if os.path.islink(folder):
            line += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            line += ["--ro-bind", folder, folder]
    for path in READ_ONLY:
        line += ["--ro-bind-try", path, path]
    line += ["--dev", "/dev", *tmpfs("/dev/shm", SHARED), "--remount-ro", "/dev", "--proc", "/proc", *tmpfs("/cage", DISK),
             *tmpfs("/tmp", DISK // 4), *tmpfs("/var/tmp", DISK // 2), "--remount-ro", "/", "--chdir", "/cage", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        line += ["--setenv", name, value]
    return line + ["--", "prlimit", "--as=%d:unlimited" % ROOM] + (["--nproc=%d" % TASKS] if counts_by_namespace() else []) + argv


def counts_by_namespace():
    """Older kernels than 5.14 would count all tasks of the same user, also those outside."""
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 14)


def tmpfs(place, size):
    return ["--size", str(size), "--tmpfs", place]


def run(argv, stdin, seconds):
    """Run a program in the cage, with that open file as its input."""
    proc = subprocess.Popen(command(argv), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        why, out = watch(proc, time.monotonic() + seconds)
    finally:
        end(proc)
    return Outcome(None if why else proc.returncode, why, out)


def watch(proc, deadline):
    """Gather its output until it ends, or goes too far: (why it must be ended or None, output)."""
    pieces, size = [], 0
    with selectors.DefaultSelector() as selector:
        selector.register(proc.stdout, selectors.EVENT_READ)
        look = 0.0
        while True:
            if selector.select(LOOK):
                piece = os.read(proc.stdout.fileno(), 65536)
                if not piece:
                    proc.wait(10)
                    return None, b"".join(pieces)
                pieces.append(piece)
                size += len(piece)
            now = time.monotonic()
            if now >= look:
                look = now + LOOK
                why = excess(proc.pid)
                if why:
                    return why, b"".join(pieces)
            if size > OUTPUT:
                return "too much output", b"".join(pieces)
            if now > deadline:
                return "out of time", b"".join(pieces)


def excess(pid):
    """What the process and all below it use too much of, or None."""
    family = descendants(pid)
    if len(family) > PROCESSES:
        return "too many processes"
    return "too much memory" if sum(map(resident, family)) > MEMORY else None


def resident(pid):
    """Bytes of memory that are no file's: its own, and shared ones, which lie in memory, too."""
    try:
        with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as f:
            return sum(int(kilobytes) << 10 for kilobytes in re.findall(r"^Rss(?:Anon|Shmem):\s*(\d+) kB", f.read(), re.M))
    except OSError:
        return 0


def descendants(pid):
    found, todo = [], [pid]
    while todo:
        member = todo.pop()
        found.append(member)
        try:
            for task in os.listdir("/proc/%d/task" % member):
                with open("/proc/%d/task/%s/children" % (member, task)) as f:
                    todo += map(int, f.read().split())
        except OSError:
            pass
    return found


def end(proc):
    """The cage's own first process goes with the one outside, and everything in its process namespace with it."""
    if proc.poll() is None:
        for member in reversed(descendants(proc.pid)):
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                pass
    proc.stdout.close()
    proc.wait()
