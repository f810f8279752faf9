# SPDX-License-Identifier: MIT
"""One dataplane on several CPUs: each connection lives where the NIC's hash leads it, and all CPUs serve."""
import re

from gradelib import Failure, check_output, needs_tap
from grade import suite
from grade.dp import remote
from grade.nics import model, needs_igb
from grade.programs import NO_PANIC
from grade.webserver import READY, disk, index_html
from harness.http import Connection
from harness.monitor import Monitor

suite.part("cpus")

GUEST, HTTP_PORT, NGROUPS = (10, 0, 2, 15), 80, 128
CONNECTIONS = 48

# The key of Microsoft's "RSS Hashing Functions", which its test vectors go with.
KEY = int("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa", 16)
KEY_BITS = 320


def toeplitz(data):
    """Each bit of the input that is set adds the 32 bits of the key that begin at its place."""
    result = 0
    for i in range(len(data) * 8):
        if data[i // 8] >> (7 - i % 8) & 1:
            result ^= KEY >> (KEY_BITS - 32 - i) & 0xffffffff
    return result


def group_of(ip, port):
    """The entry of the NIC's table for a frame from there to our web server."""
    ends = bytes(ip) + bytes(GUEST) + port.to_bytes(2, "big") + HTTP_PORT.to_bytes(2, "big")
    return toeplitz(ends) % NGROUPS


def flows_by_cpu(text):
    """What the monitor's `flows` shows: CPU -> [(group, ip, port)] of open connections."""
    found, cpu = {}, None
    for line in text.splitlines():
        head = re.match(r"CPU (\d+): env", line)
        if head:
            cpu = int(head.group(1))
            found[cpu] = []
        flow = re.match(r" +(\d+)\.\d+\.\d+ +open +80 < (\d+)\.(\d+)\.(\d+)\.(\d+):(\d+) ", line)
        if flow:
            numbers = [int(n) for n in flow.groups()]
            found[cpu].append((numbers[0], numbers[1:5], numbers[5]))
    return found


def counters_by_cpu(text):
    """What `dp` shows: CPU -> {counter: value}; those that are 0 are not there."""
    parts = re.split(r"^CPU (\d+): env", text, flags=re.M)[1:]
    return {int(cpu): {name: int(value) for name, value in re.findall(r"^ +([a-z_]+) +(\d+) ", part, re.M)}
            for cpu, part in zip(parts[::2], parts[1::2])}


def check_places(flows, ncpus):
    if len(flows) != ncpus or sum(map(len, flows.values())) != CONNECTIONS:
        raise Failure("not %d connections on %d CPUs: %s" % (CONNECTIONS, ncpus, {c: len(f) for c, f in flows.items()}))
    homes = {}
    for cpu, here in flows.items():
        if not here:
            raise Failure("CPU %d has none of %d connections" % (cpu, CONNECTIONS))
        for group, ip, port in here:
            if group != group_of(ip, port):
                raise Failure("a connection from port %d is in group %d; its hash says %d" % (port, group, group_of(ip, port)))
            if homes.setdefault(group, cpu) != cpu:
                raise Failure("group %d is on two CPUs" % group)


def check_counters(counters, ncpus):
    shares = [c.get("groups", 0) for c in counters.values()]
    if len(shares) != ncpus or sum(shares) != NGROUPS or max(shares) - min(shares) > 1:
        raise Failure("%d groups are not shared out evenly: %s" % (NGROUPS, shares))
    for cpu, c in counters.items():
        lost = {name: n for name, n in c.items() if name.startswith("drop_") and name not in ("drop_rx_type", "drop_rx_proto")}
        if lost or not c.get("rx_frames"):
            raise Failure("CPU %d: %s" % (cpu, lost or "no frames"))


def spread(nic, nthreads):
    """Connections stay open while the monitor is asked where they are; each gets answers before and after."""
    def play(t):
        machine = t.boot("ixhttpd", args=["-t", str(nthreads)], disk=disk(t), cpus=nthreads + 1, ports=(HTTP_PORT,),
                         extra=("url=" + READY,), **model(nic))
        machine.expect(READY, limit=60)
        connections = [Connection(machine.port(HTTP_PORT), limit=60) for _ in range(CONNECTIONS)]
        for _ in range(2):
            for c in connections:
                c.request()
            for c in connections:
                if c.response().body != index_html(t):
                    raise Failure("what came is not fs/index.html")
            with Monitor(machine) as monitor:
                flows, counters = monitor.run("flows"), monitor.run("dp")
            check_places(flows_by_cpu(flows), nthreads)
            check_counters(counters_by_cpu(counters), nthreads)
        for c in connections:
            c.sock.close()
        check_output(machine.text, never=[NO_PANIC])
    return play


suite.add("spread-e1000e", "e1000e: connections live on 2 CPUs as the hash says, and all are served", 10, spread("e1000e", 2))
suite.add("spread-igb", "igb: connections live on 4 CPUs as the hash says, and all are served", 10, spread("igb", 4),
          unless=(needs_igb,))


@suite.test(10, "threads and programs that end on their CPUs in the middle of traffic leave nothing, and peers hear of it",
            unless=[needs_tap])
def cpus_killed_often(t):
    machine, client = remote(t, program="ixkilled", args=["2"], ready="ixkilled: serving", cpus=3, nic="e1000e")
    client("killed-often", limit=240)
    check_output(machine.finish(60), ["ixkilled: all is well"], [NO_PANIC])
