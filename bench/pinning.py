# SPDX-License-Identifier: MIT
"""
Which thread runs on which core of the host, the same for every system. Where there are enough cores, two are for the
guest's CPUs, and all else (QEMU's main loop, the clients) shares the others. Where there are not, nothing is pinned:
the host's scheduler knows better then.
"""
import os
import re

CORES = sorted(os.sched_getaffinity(0))
GUEST, OTHERS = CORES[:2], CORES[2:]
ENOUGH = len(OTHERS) >= 2


def begin():
    """What this process starts from now on leaves the guest's cores alone."""
    if ENOUGH:
        os.sched_setaffinity(0, OTHERS)


def pin(machine):
    """Move the guest's CPUs, which are threads of QEMU, to their cores."""
    if ENOUGH:
        threads = re.findall(r"thread_id=(\d+)", machine.ask("info cpus"))
        for i, thread in enumerate(threads):
            os.sched_setaffinity(int(thread), {GUEST[i % len(GUEST)]})


def words():
    if ENOUGH:
        return "the guest's CPUs on host cores %s, QEMU's main loop and the clients on the other %d" % (
            " and ".join(map(str, GUEST)), len(OTHERS))
    return "nothing is pinned: %d host cores are too few for the guest's CPUs, QEMU's main loop and the clients" % len(CORES)
