# SPDX-License-Identifier: MIT
"""Frames made with scapy, over a datagram netdev: no panic, no leak, right replies."""
import functools
import os
import re
import shutil
import subprocess
import time

from gradelib import Failure, check_output
from grade import suite
from grade.programs import NO_PANIC
from grade.webserver import levels

suite.part("frames")

SCENARIOS = 15
SPARE_PAGES = 4           # of the flow table, kept for the next flows
GOES_UP = ("bufs_free", "free_pages")  # all other levels fall when something is given back


@functools.lru_cache(maxsize=None)
def python_with_scapy():
    """An interpreter that imports it, Debian's first; or None."""
    for python in ("/usr/bin/python3", os.environ.get("PYTHON") or "python3"):
        if shutil.which(python) and subprocess.run([python, "-c", "import scapy"], stderr=subprocess.DEVNULL,
                                                   check=False).returncode == 0:
            return python
    return None


def needs_scapy():
    return None if python_with_scapy() else "no Python here imports scapy (package python3-scapy)"


def worse(now, before):
    return {name: (before[name], now[name]) for name in before
            if (now[name] < before[name] if name in GOES_UP else now[name] > before[name])}


def settled(machine, before, seconds):
    """What is worse than before, as soon as nothing is, or after that many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        lost = worse(levels(machine), before)
        if not lost or time.monotonic() > deadline:
            return lost
        time.sleep(2)


@suite.test(10, "frames made with scapy: no panic, no leak, right replies", unless=[needs_scapy])
def frames(t):
    ours, qemus = os.path.join(t.folder, "peer.sock"), os.path.join(t.folder, "nic.sock")
    machine = t.boot("ixecho", cpus=2, dgram=(qemus, ours), capture=True)
    machine.expect("ixecho: port 7", limit=20)

    def play(*chosen):
        out = t.run(python_with_scapy(), t.path("tests", "peers", "frames.py"), ours, qemus, *chosen, limit=180)
        if len(re.findall(": right$", out, re.M)) != (len(chosen) or SCENARIOS):
            raise Failure("not all scenarios were played:\n" + out)

    play("plain")
    before = levels(machine)
    before.update(flows=0, slab_pages=before["slab_pages"] + SPARE_PAGES, free_pages=before["free_pages"] - SPARE_PAGES)
    play()
    lost = settled(machine, before, 120)
    if lost:
        raise Failure("not given back (before, now): %s" % lost)
    check_output(machine.text, never=[NO_PANIC])
