# SPDX-License-Identifier: MIT
"""The dataplane's kernel side: how programs come in, what an idle CPU costs, the watchdog, and each connection's life.

tests/clients/remote.py plays the other side, on a tap device; what it tells user/ixremote.c to do is listed there.
"""
import json
import os
import re
import socket
import sys
import time

from gradelib import Failure, check_output, needs_program, needs_tap
from grade import suite
from grade.programs import NO_PANIC
from grade.levels import FORGOTTEN, balanced, levels, with_spare_pages
from harness.http import Connection
from harness.monitor import Monitor

suite.part("dp")

TRICKS = ("plain", "nt", "tf", "ac", "df", "all", "segments", "code-segments")


def sysenter(trick):
    def play(t):
        machine = t.boot("ixsysenter", args=[trick], fs=False, cpus=2, ports=(7,))
        check_output(machine.finish(20), ["ixsysenter: %s: 1000 rounds survived" % trick], [NO_PANIC])
    return play


for name in TRICKS:
    suite.add("sysenter-" + name, "sysenter in a hostile state: " + name, 2, sysenter(name))


@suite.test(2, "sysenter with a bad stack or return address ends the program, not the kernel")
def sysenter_bad_return(t):
    for trick, at in (("stack", "va f00ffffc ip 008....."), ("code", "va f0100000 ip f0100000")):
        machine = t.boot("ixsysenter", args=[trick], fs=False, cpus=2, ports=(7,))
        check_output(machine.finish(20), [".*user fault " + at, ".*free env 00001000"], [NO_PANIC])


def remote(t, program="ixremote", ready="ready|on CPU", **boot):
    """A machine on a tap device, and a function that plays scenarios against it. `mtu`: of the host's end."""
    tap = t.namespace()
    mtu = boot.pop("mtu", None)
    if mtu:
        tap.run(tap.inside(["ip", "link", "set", tap.taps[0], "mtu", str(mtu)]))
    machine = t.boot(program, cpus=boot.pop("cpus", 2), tap=tap, fs=False, **boot)
    machine.expect(ready, limit=20)

    def play(scenario, limit=120):
        status, out = t.attempt(sys.executable, t.path("tests", "clients", "remote.py"), scenario, limit=limit, tap=tap)
        if status:
            raise Failure(out.strip())
    return machine, play


def counters(machine):
    """What the monitor's command dp shows; those that are 0 are left out there."""
    with Monitor(machine) as monitor:
        shown = monitor.run("dp")
    return {name: int(value) for name, value in re.findall(r"^ *([a-z_]+) +(\d+)", shown, re.M)}


def scenario(name, points, title, limit=120, **boot):
    """Play it; nothing must be lost by it."""
    def play(t):
        machine, client = remote(t, **boot)
        before = with_spare_pages(levels(machine))
        client(name, limit)
        check_output(machine.text, never=[NO_PANIC, "^ixremote: (?!ready|port)"])
        balanced(machine, before, FORGOTTEN)
    suite.add("dp-" + name, title, points, play, unless=[needs_tap])


def fragments(t):
    machine, client = remote(t, mtu=576)
    before = with_spare_pages(levels(machine))
    client("fragments")
    balanced(machine, before)
    c = counters(machine)
    dropped = {name: n for name, n in c.items() if name.startswith("drop_frag") and name != "drop_frag_long"}
    if dropped or not c.get("rx_reassembled") or not c.get("drop_frag_long"):
        raise Failure("datagrams put together %d, too long %d, other drops %s" %
                      (c.get("rx_reassembled", 0), c.get("drop_frag_long", 0), dropped))
    check_output(machine.text, never=[NO_PANIC])


scenario("echo", 5, "sendv from receive buffers, from any page, and from a page that is given up at once")
scenario("unacked-pages", 5, "pages that were given up while unacknowledged arrive intact and come back")
scenario("lent-at-end", 5, "a connection that is reset gives back the pages it had lent")
scenario("bulk", 3, "megabytes from the heap")
scenario("close", 3, "close ends in order, once")
scenario("close-delivers", 3, "what was queued before a close arrives")
scenario("abort", 3, "abort is a reset, and its dead comes once")
scenario("half-close", 3, "shutdown: the other direction goes on")
scenario("peer-half-close", 3, "a peer that has shut down still gets its answer")
scenario("reset", 3, "peers that reset in mid-flow: one dead each")
scenario("reject", 3, "reject is a reset")
scenario("wait", 3, "data that comes before accept waits")
scenario("backlog", 5, "more handshakes than the backlog: established connections go on, none is lost")
scenario("connect", 5, "connect: connected, refused, closed, reset")
scenario("unlisten", 3, "a port that is not listened to any more refuses, its connections go on")
scenario("port-reuse", 5, "a tuple in TIME_WAIT is reused by a new SYN, 200 times")
scenario("syn-flood", 5, "20,000 SYNs from nowhere: an open connection goes on, and new ones can be made")
scenario("udp", 5, "UDP: datagrams of all sizes and in bursts, from buffers and from pages")
suite.add("dp-fragments", "fragments: datagrams and pings of all sizes, cut up by Linux; what is too long leaves nothing", 5,
          fragments, unless=[needs_tap])
scenario("policies", 5, "idle policy, batch bound and watchdog change at run time; what is none is refused")
scenario("stuffed", 5, "an echo that has lent every buffer goes on when its peers read", program="ixecho")
for policy in ("halt", "adaptive"):
    suite.add("dp-echo-" + policy, "the same while the CPU idles by policy " + policy, 3,
              (lambda policy: lambda t: remote(t, extra=("idle=" + policy,))[1]("echo"))(policy), unless=[needs_tap])
suite.add("dp-echo-one-by-one", "the same with batches of one frame", 3,
          lambda t: remote(t, extra=("batch=1",))[1]("echo"), unless=[needs_tap])


@suite.test(5, "10,000 connections at once, each for less than 1 KB", unless=[needs_tap])
def dp_many(t):
    machine, client = remote(t, memory=256)
    try:
        client("many", limit=300)
    except Failure as e:
        with Monitor(machine) as monitor:
            raise Failure("%s\n%s" % (e, monitor.run("flows")[-2000:])) from None
    after = counters(machine)
    if after.get("flows_opened", 0) < 10001 or after.get("flows", 0):
        raise Failure("flows opened %d, open still %d" % (after.get("flows_opened", 0), after.get("flows", 0)))


def cpu_seconds(machine):
    """Of QEMU, by the host's account."""
    pids = [machine.proc.pid]
    children = "/proc/%d/task/%d/children" % (machine.proc.pid, machine.proc.pid)
    if os.path.exists(children):
        with open(children) as f:
            pids += [int(word) for word in f.read().split()]
    total = 0
    for pid in pids:
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


@suite.test(5, "an idle machine whose dataplane halts costs at most 2% of a host CPU")
def idle_cost(t):
    machine = t.boot("ixremote", cpus=2, ports=(7,), fs=False, extra=("idle=halt",))
    machine.expect("ready", limit=20)
    time.sleep(2)
    before, began = cpu_seconds(machine), time.monotonic()
    time.sleep(8)
    share = (cpu_seconds(machine) - before) / (time.monotonic() - began)
    if share > 0.02:
        raise Failure("it costs %.1f%%" % (100 * share))
    if not counters(machine).get("halts"):
        raise Failure("no halt is counted")


@suite.test(5, "the watchdog: a program that spins is marked, what its peers send is acknowledged", unless=[needs_tap])
def watchdog(t):
    machine, client = remote(t)
    client("spin")
    seen = counters(machine)
    if not seen.get("watchdog_strikes") or seen.get("watchdog_ticks", 0) < 10:
        raise Failure("strikes %s, ticks %s" % (seen.get("watchdog_strikes"), seen.get("watchdog_ticks")))
    if seen.get("unresponsive"):
        raise Failure("it is marked still")


@suite.test(5, "the watchdog ends a program that spins for ever, where so configured", unless=[needs_tap])
def watchdog_ends(t):
    machine, client = remote(t, extra=("watchdog_kill=500",))
    client("killed")
    machine.finish(20)
    check_output(machine.text, [".*ended by the watchdog.*", ".*free env 00001000"], [NO_PANIC])


@suite.test(10, "dataplanes that end in the middle of traffic, in each way there is, leave nothing, and their peers hear of it", unless=[needs_tap])
def dp_killed_often(t):
    machine, client = remote(t, program="ixkilled", ready="ixkilled: serving")
    client("killed-often", limit=240)
    check_output(machine.finish(60), ["ixkilled: all is well"], [NO_PANIC])


# ---- Flags ----

USAGE = {
    "ixecho": r"usage: ixecho \[-i nic\] \[-p port\] \[-c most connections\] \[-t threads\]",
    "ixhttpd": r"usage: ixhttpd \[-i nic\] \[-p port\] \[-c most connections\] \[-t threads\] \[-v\]",
    "ixkv": r"usage: ixkv \[-i nic\] \[-p port\] \[-m MB for items\] \[-c most connections\] \[-t threads\]",
    "ixcp": r"usage: ixcp \[-p fixed\|elastic\|consolidate\] .*",
}
BAD_FLAGS = (  # program, words, and what it says of them
    ("ixecho", ["-x"], "there is no flag -x"),
    ("ixecho", ["-t", "9"], "-t wants a number from 1 to 8, not 9"),
    ("ixhttpd", ["-v", "-p", "0"], "-p wants a number from 1 to 65535, not 0"),
    ("ixhttpd", ["-v", "word"], "word is no flag"),
    ("ixkv", ["-i"], "-i wants a number from 0 to 7, not nothing"),
    ("ixkv", ["-c", "1x"], "-c wants a number from 1 to 2147483647, not 1x"),
    ("ixecho", ["-c", "4294967297"], "-c wants a number from 1 to 2147483647, not 4294967297"),
    ("ixcp", ["-c", "0-3"], "-c wants numbers of CPUs from 1 to 8, as in 2-4, or 2, not 0-3"),
    ("ixcp", ["-c", "4294967297"], "-c wants numbers of CPUs from 1 to 8, as in 2-4, or 2, not 4294967297"),
    ("ixcp", ["-c", "1-"], "-c wants numbers of CPUs from 1 to 8, as in 2-4, or 2, not 1-"),
    ("ixcp", ["-n", "4294967296=1"], "-n wants a NIC and numbers of CPUs, as in 1=2-4, not 4294967296=1"),
    ("ixcp", ["-t", "20x"], "-t wants milliseconds from 10 to 10000, not 20x"),
    ("ixcp", ["-p", "best"], "-p wants fixed, elastic or consolidate, not best"),
)


@suite.test(5, "servers on the dataplane have the same flags, and say what is wrong to those who use others")
def server_flags(t):
    for name, words, complaint in BAD_FLAGS:
        machine = t.boot(name, args=words, fs=False, cpus=2, ports=(7,))
        check_output(machine.finish(20), ["%s: %s" % (name, complaint), USAGE[name]], [NO_PANIC])


CONNS = 24  # that many hardly ever have hashes for the same CPU


@suite.test(5, "ixecho on another port, with two threads, for so many connections and no more")
def echo_flags(t):
    machine = t.boot("ixecho", args=["-p", "77", "-t", "2", "-c", str(CONNS)], fs=False, cpus=3, nic="e1000e", ports=(77,))
    machine.expect("ixecho: port 77", limit=20)

    def say(c, word):
        c.send(word)
        return c.piece() == word
    open_ones = [Connection(machine.port(77)) for _ in range(CONNS)]
    serving, deadline = 0, time.monotonic() + t.host.pace(20)
    while serving < 2:  # the second thread may come when the first has already served
        if time.monotonic() > deadline:
            raise Failure("not two CPUs have served")
        if not all(say(c, b"word %d" % i) for i, c in enumerate(open_ones)):
            raise Failure("what came back is not what was sent")
        with Monitor(machine) as monitor:
            serving = len(re.findall(r"^ +rx_frames +(\d+)", monitor.run("dp"), re.M))
    with Connection(machine.port(77)) as more:
        try:
            if more.sock.recv(1):
                raise Failure("a connection too many gets an answer")
        except ConnectionResetError:
            pass
    for c in open_ones:
        c.sock.close()
    check_output(machine.text, never=[NO_PANIC])


@suite.test(3, "the trace exports to a timeline file", unless=[needs_tap])
def trace(t):
    machine, client = remote(t, extra=("trace=500",))
    client("echo")
    with Monitor(machine) as monitor:
        log = monitor.run("trace")
        rings = monitor.run("rings")
    check_output(rings, ["  receive: 256 descriptors.*", "  transmit: 256 descriptors.*"])
    path = os.path.join(t.folder, "trace.log")
    with open(path, "w") as f:
        f.write(log)
    found = json.loads(t.run(sys.executable, t.path("conf", "trace2json.py"), path))["traceEvents"]
    cycles = [e for e in found if e["name"] == "cycle"]
    if len(cycles) < 100 or not any(e["args"]["rx"] for e in cycles) or not any(e["name"] == "program" for e in found):
        raise Failure("only %d cycles, or none that received, or no turn of the program" % len(cycles))
    for earlier, later in zip(cycles, cycles[1:]):
        if earlier["ts"] + earlier["dur"] > later["ts"] + 0.01:
            raise Failure("two cycles at once: %r, %r" % (earlier, later))


def one_echo(t, **boot):
    """A machine that echoes on the user network, and a connection over which something has gone."""
    machine = t.boot("ixecho", cpus=2, ports=(7,), fs=False, **boot)
    machine.expect("ixecho: port 7", limit=20)
    client = socket.create_connection(("127.0.0.1", machine.port(7)), timeout=15)
    t.undo.append(client.close)
    client.sendall(b"hello")
    if client.recv(5) != b"hello":
        raise Failure("no echo")
    return machine, client


@suite.test(3, "the monitor shows a dataplane: dp, flows, rings, buffers")
def dp_monitor(t):
    machine, client = one_echo(t)
    with Monitor(machine) as monitor:
        dp, flows, rings, buffers = (monitor.run(word) for word in ("dp", "flows", "rings", "buffers"))
    check_output(dp, [" *flows_opened +1 .*", " *calls +[1-9].*", " *flows +1 .*"])
    check_output(flows, ["1 flows, 0 of them in TIME_WAIT.*|.*OPEN.* 7 .*"])
    check_output(rings, ["  receive: 256 descriptors.*", "  transmit: 256 descriptors.*"])
    counts = re.search(r"receive buffers: (\d+) = (\d+) free \+ (\d+) in the ring \+ (\d+) in the stack \+ (\d+) lent", buffers)
    total, *parts = map(int, counts.groups()) if counts else (0, 1)
    if total != sum(parts):
        raise Failure("the buffers do not add up:\n" + buffers)
    client.sendall(b"again")
    if client.recv(5) != b"again":
        raise Failure("the connection does not go on after the monitor")


@suite.test(3, "gdb's commands show a dataplane: rings, flows, CPUs", unless=[needs_program("gdb")])
def dp_gdb(t):
    sock = os.path.join(t.folder, "gdb.sock")
    machine, client = one_echo(t, more=("-gdb", "unix:%s,server=on,wait=off" % sock))
    commands = ["set architecture i386", "file " + t.built("kern", "kernel"), "source " + t.path("conf", "jos-gdb.py"),
                "target remote " + sock, "jos-cpus", "jos-rings", "jos-flows", "jos-envs", "detach"]
    out = t.run("gdb", "-q", "-n", "-batch", *[word for c in commands for word in ("-ex", c)], limit=60)
    check_output(out, ["CPU 1: e1000.*, queue 0", "  rx ring at 0x[0-9a-f]+: 256 descriptors, head [0-9]+.*",
                       "  tx ring at 0x[0-9a-f]+: 256 descriptors, head [1-9][0-9]*.*",
                       ".*1 flows?, 0 of them in TIME_WAIT.*", "  .*OPEN port 7 < 10.0.2.2:[0-9]+, lent 0.*"],
                 never=["Error", "Python Exception"])
    client.sendall(b"again")
    if client.recv(5) != b"again":
        raise Failure("the machine does not go on after gdb has left")
    check_output(machine.text, never=[NO_PANIC])
