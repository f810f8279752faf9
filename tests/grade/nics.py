# SPDX-License-Identifier: MIT
"""The other NICs, e1000e and igb: the web server on each, and their hash and queues against software's."""
import functools
import os
import random
import re
import subprocess
import time

from gradelib import ROOT, Failure, check_output, needs_program, needs_tap
from grade import suite
from grade.programs import NO_PANIC
from grade.webserver import check_load, index_html, serve
from harness.frames import ICMP, TCP, UDP, Wire, ip4, transport
from harness.http import get

suite.part("nics")

GUEST = bytes([10, 0, 2, 15])
URL = "http://10.0.2.15/"
NFRAMES = 2048
QUEUES = {"e1000e": 2, "igb": 8}


@functools.lru_cache(maxsize=None)
def igb_qemu():
    """How to call a QEMU that has igb, or None."""
    tried = subprocess.run([os.path.join(ROOT, "conf", "qemu-igb")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           universal_newlines=True, check=False)
    path = tried.stdout.strip()
    if tried.returncode or not path:
        return None
    return [os.path.join(ROOT, path)] if "/" in path else [path]


def needs_igb():
    return None if igb_qemu() else "no QEMU with igb is here or in this release's backports"


def model(nic):
    """What boot() needs for this NIC."""
    return {"nic": nic, "qemu": igb_qemu() if nic == "igb" else None}


def web_user(nic):
    def play(t):
        machine = serve(t, **model(nic))
        port = machine.port(80)
        check_output(machine.text, [r"net0: %s, 52:54:00:12:34:56, irq \d+" % nic])
        for _ in range(20):
            if get(port).body != index_html(t):
                raise Failure("what came is not fs/index.html")
        url = "http://127.0.0.1:%d/" % port
        t.run("curl", "-sSf", "-o", "/dev/null", url, limit=20)
        check_load("ab", t.run("ab", "-q", "-n", "2000", "-c", "4", url, limit=200), 2000)
        check_load("ab", t.run("ab", "-q", "-k", "-n", "10000", "-c", "8", url, limit=100), 10000)
        check_output(machine.text, never=[NO_PANIC])
    return play


def web_tap(nic):
    def play(t):
        tap = t.namespace()
        machine = serve(t, tap=tap, **model(nic))
        t.run("curl", "-sSf", "--retry", "3", "-o", "/dev/null", URL, limit=20, tap=tap)
        check_load("ab", t.run("ab", "-q", "-n", "10000", "-c", "32", URL, limit=120, tap=tap), 10000)
        check_load("wrk", t.run("wrk", "-c", "64", "-t", "2", "-d", "3", "--timeout", "10s", URL, limit=40, tap=tap))
        check_output(machine.text, never=[NO_PANIC])
    return play


def frames(rng):
    """Endless: four TCP segments, then one of each other kind."""
    while True:
        src = rng.getrandbits(32).to_bytes(4, "big")

        def ports():
            return rng.getrandbits(16), rng.getrandbits(16)
        for length in range(4):
            yield ip4(TCP, src, GUEST, transport(TCP, src, GUEST, ports(), b"x" * rng.randrange(length * 400 + 1)))
        yield ip4(TCP, src, GUEST, transport(TCP, src, GUEST, ports(), b"behind options"), options=b"\1" * 8)
        yield ip4(UDP, src, GUEST, transport(UDP, src, GUEST, ports(), b"a datagram"))
        yield ip4(UDP, src, GUEST, transport(UDP, src, GUEST, ports(), b"a fragment" * 8), fragment=0x2000)
        yield ip4(ICMP, src, GUEST, b"\x08\0\0\0" + b"an echo, of sorts")


LINE = re.compile(r"^(queue \d|all): (\d+) frames, (\d+) hashed, (\d+) with good checksums, (\d+) interrupts; "
                  r"wrong hash: (\d+), wrong queue: (\d+)", re.M)


def check_tallies(text, queues, nframes, nhashed):
    rows = {m.group(1): [int(n) for n in m.groups()[1:]] for m in LINE.finditer(text)}
    if len(rows) != queues + 1:
        raise Failure("not %d queues:\n%s" % (queues, text))
    total, hashed, _, interrupts, bad_hash, bad_queue = rows["all"]
    if (total, hashed, bad_hash, bad_queue) != (nframes, nhashed, 0, 0):
        raise Failure("not %d frames, %d of them hashed, all of them right:\n%s" % (nframes, nhashed, text))
    silent = [name for name in rows if not rows[name][3]]
    if silent or not interrupts:
        raise Failure("%s never interrupted:\n%s" % (", ".join(silent), text))


def hashes(nic):
    """`rsscheck` compares each frame's hash and queue as it comes; here, that all came, and all were looked at."""
    def play(t):
        wire = Wire(t.folder)
        t.undo.append(wire.close)
        machine = t.boot("hello", fs=False, leave=False, cpus=2, dgram=wire.ends, **model(nic))
        machine.expect("^K> ", limit=20)
        seconds = round(t.host.pace(6))
        machine.send("rsscheck 0 %d\n" % seconds)
        if machine.expect("receiving with %d queues|^K> " % QUEUES[nic], limit=20).group() == "K> ":
            raise Failure("rsscheck does not begin\n" + machine.tail(3))
        time.sleep(1)  # a link that has just come up
        source = frames(random.Random(2014))
        for i in range(NFRAMES):
            wire.send(next(source))
            if i % 16 == 15:
                time.sleep(0.002)
        start = machine.mark
        machine.expect(r"naps; \d+ ended with frames, but no interrupt", limit=seconds + 20)
        kinds = 6 if nic == "igb" else 5  # of 8: datagrams, too, or not
        check_tallies(machine.text[start:], QUEUES[nic], NFRAMES, NFRAMES * kinds // 8)
    return play


for name, needs in (("e1000e", []), ("igb", [needs_igb])):
    suite.add("%s-web-user" % name, "%s: curl, and ab with and without -k (user network)" % name, 10, web_user(name),
              unless=needs + [needs_program("curl"), needs_program("ab")])
    suite.add("%s-web-tap" % name, "%s: curl, ab and wrk (tap)" % name, 10, web_tap(name),
              unless=needs + [needs_tap, needs_program("curl"), needs_program("ab"), needs_program("wrk")])
    suite.add("%s-hash" % name, "%s: 2,048 frames of all kinds have the hash, and the queue, that software says" % name, 10,
              hashes(name), unless=needs)
