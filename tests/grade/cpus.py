# SPDX-License-Identifier: MIT
"""One dataplane on several CPUs: each connection lives where the NIC's hash leads it, and all CPUs serve."""
import functools
import os
import re
import sys
import time

from gradelib import Failure, check_output, frames_of, needs_program, needs_tap
from grade import suite
from grade.dp import remote
from grade.nics import model, needs_igb
from grade.programs import NO_PANIC
from grade.webserver import READY, check_load, disk, index_html
from harness.frames import ACK, MAC, SYN, TCP
from harness.http import Connection
from harness.monitor import Monitor

suite.part("cpus")

GUEST, HTTP_PORT, KV_PORT, NGROUPS = (10, 0, 2, 15), 80, 11211, 128
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


@functools.lru_cache(maxsize=None)
def group_of(ends):
    """The entry of the NIC's table for a TCP segment: the 12 bytes of its addresses and ports."""
    return toeplitz(ends) % NGROUPS


def group_from(ip, port):
    """... for one from there to our web server."""
    return group_of(bytes(ip) + bytes(GUEST) + port.to_bytes(2, "big") + HTTP_PORT.to_bytes(2, "big"))


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
            if group != group_from(ip, port):
                raise Failure("a connection from port %d is in group %d; its hash says %d" % (port, group, group_from(ip, port)))
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
        connections = [Connection(machine.port(HTTP_PORT), limit=t.host.pace(8)) for _ in range(CONNECTIONS)]
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


# ---- Clients of others, and the wire ----

def owners(text):
    """What `groups` shows: group -> CPU."""
    found = {}
    parts = re.split(r"^CPU (\d+): env", text, flags=re.M)[1:]
    for cpu, part in zip(parts[::2], parts[1::2]):
        for first, last in re.findall(r"^  groups (\d+)-(\d+)$", part, re.M):
            found.update(dict.fromkeys(range(int(first), int(last) + 1), int(cpu)))
    return found


def to_guest(path):
    """Frames of the capture. QEMU before 8.0 leaves virtio's header in front of them where the NIC and tap agreed on one."""
    for frame in frames_of(path):
        for header in (0, 10, 12):
            if frame[header:header + 6] in (MAC, b"\xff" * 6):
                yield frame[header:]
                break


def by_the_hash(path, cpu_of):
    """From the capture: CPU -> [frames, flows] that its groups must have got; and how many frames are not hashed."""
    frames, flows, others = dict.fromkeys(cpu_of.values(), 0), {cpu: set() for cpu in cpu_of.values()}, 0
    for frame in to_guest(path):
        if frame[12:15] != b"\x08\x00\x45" or frame[23] != TCP:
            others += 1
            continue
        ends, number = frame[26:38], frame[38:42]
        cpu = cpu_of[group_of(ends)]
        frames[cpu] += 1
        if frame[47] & (SYN | ACK) == SYN:
            flows[cpu].add((ends, number))  # the same ends may begin anew, with another number; a SYN sent again has the same
    return {cpu: [n, len(flows[cpu])] for cpu, n in frames.items()}, others


def agree(seen, want, first, others):
    """Of what is not hashed the first thread gets what came after it had started."""
    for cpu in want:
        more = seen[cpu][0] - want[cpu][0]
        if not 0 <= more <= (others if cpu == first else 0) or seen[cpu][1] != want[cpu][1]:
            return False
    return True


def check_wire(machine, path, ncpus):
    """Each CPU received the frames, and opened the flows, whose hash leads to it: as many as the wire has seen."""
    deadline = time.monotonic() + 20
    while True:
        with Monitor(machine) as monitor:
            groups, shown = monitor.run("groups"), monitor.run("dp")
        cpu_of, counters = owners(groups), counters_by_cpu(shown)
        first = int(re.search(r"^CPU (\d+): env \w+, thread 0 ", shown, re.M).group(1))
        seen = {cpu: [c.get("rx_frames", 0), c.get("flows_opened", 0)] for cpu, c in counters.items()}
        want, others = by_the_hash(path, cpu_of)
        if seen.keys() == want.keys() and agree(seen, want, first, others):
            break
        if time.monotonic() > deadline:
            raise Failure("CPU: [frames, flows] that came: %s; by the wire and the hash: %s" % (seen, want))
    if len(seen) != ncpus or len(cpu_of) != NGROUPS or not all(flows for _, flows in seen.values()):
        raise Failure("not all of %d CPUs had flows: %s" % (ncpus, seen))


def wait_for_groups(machine, nthreads):
    for _ in range(100):
        with Monitor(machine) as monitor:
            if len(set(owners(monitor.run("groups")).values())) == nthreads:
                return
    raise Failure("flow groups do not come to %d CPUs" % nthreads)


def on_the_wire(t, program, args, ready, nic, nthreads):
    tap, path = t.namespace(), os.path.join(t.folder, "heads.pcap")
    heads = ("-object", "filter-dump,id=heads,netdev=net0,maxlen=64,file=" + path)
    machine = t.boot(program, args=["-t", str(nthreads), *args], cpus=nthreads + 1, tap=tap, memory=256, more=heads, **model(nic))
    machine.expect(ready, limit=60)
    wait_for_groups(machine, nthreads)
    return machine, path, tap


def clients(nic, nthreads):
    def play(t):
        machine, path, tap = on_the_wire(t, "ixhttpd", (), "^ixhttpd: .* on CPU", nic, nthreads)
        url = "http://10.0.2.15/index.html"
        check_load("wrk", t.run("wrk", "-c", "64", "-t", "2", "-d", "%.0f" % t.host.pace(1), "--timeout", "20s", url,
                                limit=60, tap=tap))
        check_load("ab", t.run("ab", "-q", "-n", "500", "-c", "16", url, limit=60, tap=tap), 500)
        check_wire(machine, path, nthreads)
        check_output(machine.text, never=[NO_PANIC])
        machine.close()

        machine, path, tap = on_the_wire(t, "ixkv", ("-m", "16"), "^ixkv: .* on CPU", nic, nthreads)
        for test in ("set", "get"):
            out = t.run("memcslap", "--servers=10.0.2.15:%d" % KV_PORT, "--concurrency=32", "--execute-number=50",
                        "--initial-load=200", "--test=" + test, limit=120, tap=tap)
            if "Time total" not in out:
                raise Failure(out)
        out = t.run("memccapable", "-h", "10.0.2.15", "-p", str(KV_PORT), limit=120, tap=tap)
        if "All tests passed" not in out or "FAIL" in out:
            raise Failure(out)
        check_wire(machine, path, nthreads)
        check_output(machine.text, never=[NO_PANIC])
    return play


TOOLS = [needs_tap, needs_program("wrk"), needs_program("ab"), needs_program("memcslap")]
suite.add("clients-e1000e", "e1000e: wrk, ab and memcached's clients; each of 2 CPUs gets the frames and flows that the hash gives it",
          10, clients("e1000e", 2), unless=TOOLS)
suite.add("clients-igb", "igb: wrk, ab and memcached's clients; each of 4 CPUs gets the frames and flows that the hash gives it",
          10, clients("igb", 4), unless=TOOLS + [needs_igb])


# ---- Fragments ----

MTU = 256


def check_fragments(counters, first):
    """Each was used: they came to the first CPU, and what belongs to others went there."""
    for cpu, c in counters.items():
        lost = {name: n for name, n in c.items() if name.startswith("drop_") and name not in ("drop_rx_type", "drop_rx_proto")}
        if lost or c.get("datagrams"):
            raise Failure("CPU %d: %s, %d wait for more" % (cpu, lost, c.get("datagrams", 0)))
        if not c.get("flows_opened") or bool(c.get("rx_fragments")) != (cpu == first):
            raise Failure("CPU %d: %d flows, %d fragments" % (cpu, c.get("flows_opened", 0), c.get("rx_fragments", 0)))
    c = counters[first]
    wholes, handed = c.get("rx_reassembled", 0), c.get("rx_handed", 0)
    if not 0 < handed < wholes or c["rx_fragments"] < 2 * wholes:
        raise Failure("%d fragments became %d segments, of which %d went to other CPUs" % (c["rx_fragments"], wholes, handed))


def narrow_way(nic, nthreads):
    def play(t):
        tap = t.namespace()
        far = tap.far_away(MTU)
        machine = t.boot("ixkv", args=["-t", str(nthreads), "-m", "16"], cpus=nthreads + 1, tap=tap, fs=False, memory=256,
                         **model(nic))
        machine.expect("^ixkv: .* on CPU", limit=60)
        wait_for_groups(machine, nthreads)
        status, out = t.attempt(sys.executable, t.path("tests", "clients", "remote.py"), "values", "10.0.2.15", str(KV_PORT),
                                limit=120, tap=far)
        if status:
            raise Failure(out.strip())
        with Monitor(machine) as monitor:
            shown = monitor.run("dp")
        check_fragments(counters_by_cpu(shown), int(re.search(r"^CPU (\d+): env \w+, thread 0 ", shown, re.M).group(1)))
        check_output(machine.text, never=[NO_PANIC])
    return play


suite.add("fragments-e1000e", "e1000e: TCP by way of a router that cuts up segments; those of flows on CPU 2 get there", 5,
          narrow_way("e1000e", 2), unless=[needs_tap])
suite.add("fragments-igb", "igb: the same, on 4 CPUs", 5, narrow_way("igb", 4), unless=[needs_tap, needs_igb])


@suite.test(10, "threads and programs that end on their CPUs in the middle of traffic leave nothing, and peers hear of it",
            unless=[needs_tap])
def cpus_killed_often(t):
    machine, client = remote(t, program="ixkilled", args=["2"], ready="ixkilled: serving", cpus=3, nic="e1000e")
    client("killed-often", limit=240)
    check_output(machine.finish(60), ["ixkilled: all is well"], [NO_PANIC])


@suite.test(5, "threads join a dataplane when memory is out, or while their program ends: clear errors, and nothing is left")
def joins(t):
    machine = t.boot("ixjoin", fs=False, cpus=4, nic="e1000e", ports=(7,))
    check_output(machine.finish(120), ["ixjoin: all is well"], [NO_PANIC])


@suite.test(5, "fork in a program whose threads have CPUs of a dataplane, while another writes: memory as it was, and no dataplane")
def forks(t):
    machine = t.boot("ixfork", fs=False, cpus=4, nic="e1000e", ports=(7,))
    check_output(machine.finish(60), ["ixfork: all is well"], [NO_PANIC])
