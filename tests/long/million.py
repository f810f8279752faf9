# SPDX-License-Identifier: MIT
"""A million connections opened and closed in a row, one request on each; nothing of them is left."""
import re

from gradelib import Failure, check_output, needs_program, needs_tap
from grade.levels import FORGOTTEN, balanced, settled
from grade.load import URL
from grade.programs import NO_PANIC
from grade.webserver import check_load, serve
from harness.monitor import Monitor

AT_ONCE, WARM, ROUND, ROUNDS = 32, 20000, 100000, 10


def opened(machine):
    """How many flows the dataplane has opened and closed."""
    with Monitor(machine) as monitor:
        shown = dict(re.findall(r"^ *(flows_\w+) +(\d+)", monitor.run("dp"), re.M))
    return int(shown["flows_opened"]), int(shown["flows_closed"])


def all_back(now):
    return now["flows"] == 0 and now["bufs_app"] == 0 and now["bufs_stack"] == 0


def ask(t, tap, requests):
    out = t.run("ab", "-q", "-n", str(requests), "-c", str(AT_ONCE), URL, limit=900, tap=tap)
    check_load("ab", out, requests)


def million(t):
    """The first round fills the pools. The client has 28,000 ports: they come again while the server has them in TIME_WAIT."""
    tap = t.namespace()
    machine = serve(t, tap=tap)
    ask(t, tap, WARM)
    quiet = settled(machine, all_back, FORGOTTEN)
    if not all_back(quiet):
        raise Failure("after the first round there are %s" % quiet)
    for _ in range(ROUNDS):
        ask(t, tap, ROUND)
    balanced(machine, quiet, FORGOTTEN)
    count, closed = opened(machine)
    if count != closed:
        raise Failure("%d flows opened, %d closed" % (count, closed))
    if count < WARM + ROUNDS * ROUND:
        raise Failure("only %d flows were opened" % count)
    check_output(machine.text, never=[NO_PANIC])


def add_to(suite):
    suite.part("million")
    title = "%d connections opened and closed in a row leave nothing behind (tap)" % (ROUND * ROUNDS)
    suite.add("million", title, 1, million, unless=[needs_tap, needs_program("ab")])
