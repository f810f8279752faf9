# SPDX-License-Identifier: MIT
"""Frames made with scapy, over a datagram netdev: no panic, no leak, right replies."""
import functools
import os
import re
import shutil
import subprocess

from gradelib import Failure, check_output
from grade import suite
from grade.programs import NO_PANIC
from grade.levels import FORGOTTEN, balanced, levels, with_spare_pages

suite.part("frames")

SCENARIOS = 15


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
    before = with_spare_pages(levels(machine))
    before["flows"] = 0
    play()
    balanced(machine, before, FORGOTTEN)
    check_output(machine.text, never=[NO_PANIC])
