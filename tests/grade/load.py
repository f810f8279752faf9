# SPDX-License-Identifier: MIT
"""The web server under load, on a tap device; and that everything comes back when clients die."""
import socket
import struct
import subprocess
import time

from gradelib import Failure, check_output, needs_program, needs_tap
from grade import suite
from grade.programs import NO_PANIC
from grade.levels import FORGOTTEN, balanced, levels, settled
from grade.webserver import check_load, serve
from harness.http import Connection

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


def check_balance(machine, rough_round):
    """A warm-up round fills caches and pools; after two more rounds all is back where it was after it."""
    rough_round()
    quiet = settled(machine, lambda now: now["flows"] == 0 and now["bufs_app"] == 0, FORGOTTEN)
    if quiet["flows"]:
        raise Failure("%d flows stay open after the warm-up round" % quiet["flows"])
    rough_round()
    rough_round()
    balanced(machine, quiet, FORGOTTEN)


def await_flows(machine, wanted, seconds=30):
    """Wait until that many flows are open."""
    deadline = time.monotonic() + seconds
    while levels(machine)["flows"] < wanted:
        if time.monotonic() > deadline:
            raise Failure("of %d slow clients only %d are connected" % (wanted, levels(machine)["flows"]))
        time.sleep(0.5)


def kill_in_mid_transfer(t, machine, tap, clients=24):
    """Clients that read 1 MB slowly, all killed in the middle of it."""
    argv = tap.inside(["curl", "-s", "--limit-rate", "20k", "-o", "/dev/null", URL + "big.bin"])
    running = []
    try:
        for _ in range(clients):
            running.append(t.host.children.start(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        await_flows(machine, clients)
        time.sleep(1)
    finally:
        for proc in running:
            t.host.children.finish(proc)


@suite.test(10, "clients killed in mid-transfer leave nothing behind (tap)", unless=[needs_tap, needs_program("curl")])
def balance_tap(t):
    tap = t.namespace()
    machine = serve(t, tap=tap)

    def rough_round():
        for name in ("", "big.bin", "nosuchfile"):
            t.run("curl", "-s", "-o", "/dev/null", URL + name, limit=20, tap=tap)
        kill_in_mid_transfer(t, machine, tap)
    check_balance(machine, rough_round)


def break_off(port, request):
    """Send that, read a little of what comes, and reset the connection."""
    with Connection(port) as c:
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        c.send(request)
        if request.endswith(b"\r\n\r\n"):
            c.piece(1000)


@suite.test(5, "clients that break off leave nothing behind (user network)")
def balance_user(t):
    machine = serve(t)
    port = machine.port(80)

    def rough_round():
        end = b" HTTP/1.1\r\nHost: t\r\n\r\n"
        for request in (b"GET / HT", b"GET /big.bin" + end, b"GET /nosuchfile" + end):
            for _ in range(8):
                break_off(port, request)
    check_balance(machine, rough_round)
