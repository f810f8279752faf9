# SPDX-License-Identifier: MIT
"""What the machine has in hand: its levels before and after a test tell whether all was given back."""
import re
import time

from gradelib import Failure
from harness.monitor import Monitor

GAUGES = ("flows", "listeners", "bufs_free", "bufs_app", "bufs_stack", "slab_pages")
GOES_UP = ("bufs_free", "free_pages")  # all other levels fall when something is given back
SPARE_PAGES = 4                        # of the flow table of one flow group, kept for the next flows
FORGOTTEN = 150                        # seconds after which no flow of a client that is gone is left


def levels(machine):
    """Free pages, and the dataplane's gauges that return to where they were when all is given back."""
    with Monitor(machine) as monitor:
        memory, dataplane = monitor.run("mem"), monitor.run("dp")
    free = re.search(r"free: (\d+)", memory)
    shown = dict(re.findall(r"^ *([a-z_]+) +(\d+)", dataplane, re.M))  # those that are not 0
    if not free or "listeners" not in shown:
        raise Failure("the monitor does not show free pages or a dataplane's levels:\n" + memory + dataplane)
    found = {name: int(shown.get(name, 0)) for name in GAUGES}
    found["free_pages"] = int(free.group(1))
    return found


def with_spare_pages(before):
    """Levels like these on a card of one queue, where there is one flow group, and it keeps its spare pages."""
    return dict(before, slab_pages=before["slab_pages"] + SPARE_PAGES)


def lost(now, before):
    """What is worse than before: for each name the level before, and now."""
    return {name: (before[name], now[name]) for name in before
            if (now[name] < before[name] if name in GOES_UP else now[name] > before[name])}


def settled(machine, is_wanted, limit):
    """The levels as soon as they are as wanted, or as they are after so many seconds."""
    deadline = time.monotonic() + machine.pace(limit)
    while True:
        now = levels(machine)
        if is_wanted(now) or time.monotonic() > deadline:
            return now
        time.sleep(0.5)


def balanced(machine, before, limit=20):
    """Wait until the machine has as much of everything as it had. The limit is for what hangs, or is lost for good."""
    now = settled(machine, lambda now: not lost(now, before), limit)
    if lost(now, before):
        raise Failure("not given back (before, now): %s" % lost(now, before))
