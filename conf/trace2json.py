#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns what the kernel monitor's command `trace` printed into a timeline.

usage: trace2json.py [LOG [OUT]]
Reads the serial line's log (or standard input), and writes a trace in Chrome's JSON format (or to standard output), which
https://ui.perfetto.dev and chrome://tracing open. Each CPU has a track for its cycles and their stages, and one for
its program. Other lines of the log are passed over.
"""
import json
import re
import sys

HEADER = re.compile(r"trace of CPU (\d+) at (\d+) kHz")
RECORD = re.compile(r"T (\d+) ([0-9a-f]{16}) " + " ".join([r"(\d+)"] * 8) + r"\s*$")
CYCLE, APP = 0, 1
STAGES = ("calls", "timers", "receive", "events")
COUNTS = ("calls", "rx", "tx", "events")


def events(lines):
    """Times are microseconds from the first record on."""
    cpu, khz, zero = None, 0, None
    for line in lines:
        header, record = HEADER.search(line), RECORD.match(line)
        if header:
            cpu, khz = int(header.group(1)), int(header.group(2))
            yield from tracks(cpu)
        elif record and khz:
            kind, start = int(record.group(1)), int(record.group(2), 16)
            zero = start if zero is None else zero
            numbers = [int(g) for g in record.groups()[2:]]
            at = (start - zero) * 1000 / khz
            ends = [n * 1000 / khz for n in numbers[:4]]
            if kind == APP:
                yield span("program", cpu, 1, at, ends[3])
            else:
                yield from cycle(cpu, at, ends, dict(zip(COUNTS, numbers[4:])))


def tracks(cpu):
    yield {"ph": "M", "pid": cpu, "name": "process_name", "args": {"name": "CPU %d" % cpu}}
    for number, name in enumerate(("dataplane", "program")):
        yield {"ph": "M", "pid": cpu, "tid": number, "name": "thread_name", "args": {"name": name}}


def span(name, cpu, track, start, length, **args):
    return {"ph": "X", "name": name, "pid": cpu, "tid": track, "ts": start, "dur": length, "args": args}


def cycle(cpu, start, ends, counts):
    yield span("cycle", cpu, 0, start, ends[-1], **counts)
    before = 0
    for name, end in zip(STAGES, ends):
        if end > before:
            yield span(name, cpu, 0, start + before, end - before)
        before = end


def main(argv):
    if len(argv) > 3 or argv[1:2] == ["--help"]:
        sys.exit(__doc__)
    log = open(argv[1], errors="replace") if len(argv) > 1 else sys.stdin
    out = open(argv[2], "w") if len(argv) > 2 else sys.stdout
    with log, out:
        found = list(events(log))
        json.dump({"traceEvents": found, "displayTimeUnit": "ns"}, out)
    if not found:
        sys.exit("trace2json.py: no trace in there")


if __name__ == "__main__":
    main(sys.argv)
