# SPDX-License-Identifier: MIT
"""Lab 6 under a load that lasts: hundreds of connections, new ones by the hundred thousand, and no page lost."""
import time

from gradelib import Failure, check_output, needs_program, needs_tap
from grade.lab6 import ADDRESS, free_pages, httpd
from grade.programs import NO_PANIC
from grade.webserver import check_load

URL = "http://%s/index.html" % ADDRESS
WARM, KEPT, NEW, ROUNDS = 10000, 50000, 25000, 4
SLACK = 16  # pages: caches and stacks that still grow


def ask(t, tap, requests, at_once, *words):
    out = t.run("ab", "-q", "-n", str(requests), "-c", str(at_once), *words, URL, limit=900, tap=tap)
    check_load("ab", out, requests)


def soak(t):
    """Pools and stacks grow for some rounds, and no more in the last; a leak would go on."""
    tap = t.namespace()
    machine = httpd(t, "-k", "-c", "-w", "300", tap=tap)
    ask(t, tap, WARM, 250, "-k")
    ask(t, tap, WARM, 100)
    free = []
    for _ in range(ROUNDS):
        ask(t, tap, KEPT, 250, "-k")
        ask(t, tap, NEW, 100)
        time.sleep(t.host.pace(4))
        free.append(free_pages(machine))
    print("\nfree pages after each round: %s" % free)
    if free[-1] < free[-2] - SLACK:
        raise Failure("free pages after each round: %s" % free)
    check_output(machine.text, never=[NO_PANIC])


def add_to(suite):
    suite.part("lab6")
    suite.add("lab6-soak", "lab 6: %d requests on 250 kept connections, %d on connections of their own (tap)" % (
        KEPT * ROUNDS, NEW * ROUNDS), 1, soak, unless=[needs_tap, needs_program("ab")])
