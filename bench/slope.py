# SPDX-License-Identifier: MIT
"""
What a byte of a body costs, in instructions of the server's CPU: the measure of zero copy that holds for every function
at once, whoever might copy or sum up the bytes. Machine, marks and subtraction of idle passes are those of count.py.

A body of 1 MB goes out as about 720 segments, and each has headers to make and ACKs to take in: that cost does not
depend on what is in it. So the cost of a request is read as

	fixed + per segment * segments + per byte * bytes

and four bodies tell the terms apart: 100 and 900 bytes, one segment each with a head of the same length, differ in bytes
alone; 64 bytes and 1 MB differ in segments. Two more figures look at the same thing from another side: instructions in
the functions that copy, per byte, and how often the hottest block of code ran, which for a loop over a body is at least
once in 64 bytes.
"""
import os

import count
from blocks import Attribution, Program
from harness.suite import Failure
from stages import COPY, stage_of

BODIES = {"a.bin": 64, "b.bin": 100, "c.bin": 900, "d.bin": 1 << 20}
WARM, REQUESTS = 3, 8
GOAL = 0.1            # instructions a byte
LOOP = 64             # bytes that a round of an unrolled loop might take


def make_disk(host):
    paths = []
    for name, size in BODIES.items():
        paths.append(os.path.join(host.scratch, name))
        with open(paths[-1], "wb") as f:
            f.write(bytes(i * 7 % 251 for i in range(size)))
    disk = os.path.join(host.scratch, "slope.img")
    status, out = host.children.run(
        [count.built("fs", "fsformat"), disk, "1024", *paths, count.image("user_ixhttpd", True)], 60)
    if status:
        raise Failure(out)
    return disk


class Body:
    """One body's figures, each for one request."""

    def __init__(self, counted):
        work = counted.work()
        self.work = work
        self.instructions = sum(work.values()) / REQUESTS
        self.copying = sum(n for key, n in work.items() if stage_of(*key) == COPY) / REQUESTS
        self.segments = counted.counters["busy"]["tx_frames"] / REQUESTS
        self.copied = sum(counted.counters["busy"].get(name, 0) for name in ("tx_copied_bytes", "rx_copied_bytes"))
        self.hottest = max(self.executions(counted)) / REQUESTS

    @staticmethod
    def executions(counted):
        """Of each block, without what the passes without work did."""
        idle = {b.address: counted.executions(b) for b in counted.idle}
        return [counted.executions(b) for b in counted.busy if b.address not in idle]


def measure(host):
    """name -> Body"""
    nm = os.environ.get("NM") or "nm"
    count.WARM, count.COUNT = WARM, REQUESTS
    programs = {name: Program(count.image(name), nm) for name in ("user_ixhttpd", "fs_fs", count.LOAD)}
    kernel, disk, found = Program(count.built("kern", "kernel"), nm), make_disk(host), {}
    for name in BODIES:
        count.WORKS[name] = (1, "kept/" + name)
        text, path = count.run(host, disk, "ix", name)
        found[name] = Body(count.Counted(text, path, Attribution(kernel, programs)))
    return found


def figures(found):
    """name -> value; the first four are those that have limits."""
    small, short, long, large = (found[name] for name in BODIES)
    size, short_size, long_size, large_size = BODIES.values()
    grown = large.instructions - small.instructions
    return {
        "instructions per byte within a segment": (long.instructions - short.instructions) / (long_size - short_size),
        "instructions copying, per byte of 1 MB": (large.copying - small.copying) / (large_size - size),
        "rounds of the hottest block, per 64 bytes of 1 MB": large.hottest * LOOP / large_size,
        "bytes that the dataplane counted as copied": sum(body.copied for body in found.values()),
        "segments of 1 MB": large.segments,
        "instructions for 64 bytes": small.instructions,
        "instructions for 1 MB": large.instructions,
        "instructions per segment, ACKs included": grown / (large.segments - small.segments),
        "instructions per byte, segments included": grown / (large_size - size),
    }


def check(values):
    """Failure, with all figures, unless nothing is done for each byte."""
    per_byte, copying, rounds, copied, *_ = values.values()
    shown = "\n".join("%-52s %12.3f" % item for item in values.items())
    if abs(per_byte) >= GOAL or copying >= GOAL or rounds >= 1 or copied:
        raise Failure("bytes of a body cost instructions:\n" + shown)
    return shown
