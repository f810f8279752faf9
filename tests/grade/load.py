# SPDX-License-Identifier: MIT
"""The web server under load, on a tap device; and that everything comes back when clients die."""
import subprocess
import time

from gradelib import Failure, check_output, needs_program, needs_tap
from grade import suite
from grade.programs import NO_PANIC
from grade.webserver import check_load, levels, serve

suite.part("load")

URL = "http://10.0.2.15/"


@suite.test(10, "wrk: 64 connections for 5 s without an error", unless=[needs_tap, needs_program("wrk")])
def wrk(t):
    tap = t.namespace()
    machine = serve(t, tap=tap)
    check_load("wrk", t.run("wrk", "-c", "64", "-t", "2", "-d", "5", "--timeout", "10s", URL, limit=40, tap=tap))
    check_output(machine.text, never=[NO_PANIC])


def bench(*options):
    """Twice in a row on one boot: the second round meets the first one's TIME_WAIT, and its ports."""
    def play(t):
        tap = t.namespace()
        machine = serve(t, tap=tap)
        for _ in range(2):
            out = t.run("ab", "-q", "-n", "20000", "-c", "32", *options, URL, limit=120, tap=tap)
            check_load("ab", out, 20000)
        check_output(machine.text, never=[NO_PANIC])
    return play


TOOLS = [needs_tap, needs_program("ab")]
suite.add("ab-tap", "ab: 20,000 connections, 32 at once, twice (tap)", 10, bench(), unless=TOOLS)
suite.add("ab-tap-kept", "ab -k: 20,000 requests on 32 connections, twice (tap)", 10, bench("-k"), unless=TOOLS)


def await_flows(machine, wanted, seconds=30):
    """Wait until that many flows are open."""
    deadline = time.monotonic() + seconds
    while True:
        flows = levels(machine)["flows"]
        if flows >= wanted:
            return
        if time.monotonic() > deadline:
            raise Failure("of %d slow clients only %d are connected" % (wanted, flows))
        time.sleep(0.5)


def killed_round(t, machine, url, tap=None, clients=24):
    """Clients that read 1 MB slowly, each killed in the middle of it."""
    argv = ["curl", "-s", "--limit-rate", "20k", "-o", "/dev/null", url + "big.bin"]
    running = []
    try:
        for _ in range(clients):
            running.append(t.host.children.start(
                tap.inside(argv) if tap else argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        await_flows(machine, clients)
        time.sleep(1)
    finally:
        for proc in running:
            t.host.children.finish(proc)


def whole_round(t, url, tap=None):
    for name in ("", "big.bin", "nosuchfile"):
        t.run("curl", "-s", "-o", "/dev/null", url + name, limit=20, tap=tap)


def settled(machine, want, seconds=150):
    """The levels as soon as they are as wanted, or as they are after that many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        now = levels(machine)
        if now == want or time.monotonic() > deadline:
            return now
        time.sleep(3)


def check_balance(t, machine, url, tap=None):
    """A warm-up round fills caches and pools; after two more rounds the levels are what they were after it."""
    whole_round(t, url, tap)
    killed_round(t, machine, url, tap)
    quiet = settled(machine, dict(levels(machine), flows=0))
    for _ in range(2):
        whole_round(t, url, tap)
        killed_round(t, machine, url, tap)
    now = settled(machine, quiet)
    if now != quiet or now["flows"] != 0:
        raise Failure("".join("%s: %d after the warm-up round, %d at the end\n" % (name, quiet[name], now[name])
                              for name in quiet if now[name] != quiet[name] or name == "flows").rstrip())
    whole_round(t, url, tap)


@suite.test(10, "clients killed in mid-transfer leave nothing behind (tap)", unless=[needs_tap, needs_program("curl")])
def balance_tap(t):
    tap = t.namespace()
    check_balance(t, serve(t, tap=tap), URL, tap)


@suite.test(10, "clients killed in mid-transfer leave nothing behind (user network)", unless=[needs_program("curl")])
def balance_user(t):
    machine = serve(t)
    check_balance(t, machine, "http://127.0.0.1:%d/" % machine.port(80))
