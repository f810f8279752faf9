#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
`make bench-count`: what a request costs in instructions, crossings and copies, whatever the host does meanwhile.

QEMU runs with -icount, where the guest's clock is the number of instructions executed: nothing that the host does can
be seen inside. Two NICs of one machine are joined by a hub; user/ixload.c asks on one of them, from a CPU of its own,
and the server answers on the other. A plugin (counter.c) counts what the server's CPUs execute between two marks.

A polling dataplane executes instructions while it waits, too. What a pass without work costs is known from a second
window, in which nobody asks, and how many of them there were, from the dataplane's own counters: they are subtracted.

The figures are compared with those in counts.json that were recorded for the same compiler, lwIP and QEMU; one that
changed by more than 3% fails the check. RECORD=1 records them anew.
"""
import os
import re
import signal
import sys

sys.dont_write_bytecode = True  # nothing is left in the tree
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))

import counts  # noqa: E402
import hub  # noqa: E402
import systems  # noqa: E402
from blocks import CR3_WRITE, KERNEL, Attribution, Program, windows  # noqa: E402
from harness.host import Host  # noqa: E402
from hub import LOAD, built, image  # noqa: E402
from harness.suite import Failure  # noqa: E402
from stages import COPY, NAMES, stage_of  # noqa: E402

OK, CHANGED, UNABLE, INTERRUPTED = 0, 1, 2, 130
TOLERANCE = 0.03
LEAST = 0.1  # for one request; so little may be a matter of how 16 connections happen to share batches
WARM, COUNT = 50, 200
WORKS = {  # name -> (connections, kept or each)
    "one kept connection": (1, "kept"),
    "16 kept connections": (16, "kept"),
    "a connection each": (1, "each"),
}
SERVERS = {  # system -> (boot arguments, the server's program and arguments, the programs it consists of)
    "lab6": (("nic0=lab6", "nic1=dp", "ns=on"), ("/httpd", "-k", "-c", "-w", "16"), ("net_ns", "user_httpd", "fs_fs")),
    "ix": (("nic0=dp", "nic1=dp"), ("/ixhttpd",), ("user_ixhttpd", "fs_fs")),
}
PRINTED = ("instructions", "kernel entries", "CR3 loads", "IPCs", "instructions copying")
DATAPLANE = ("busy_cycles", "run_ios", "calls", "events", "rx_frames", "tx_frames", "rx_batches", "rx_doorbells",
             "tx_doorbells", "tx_descriptors", "tx_copied_bytes", "rx_copied_bytes")


# --- Running ---

def run(host, disk, system, work, patience=hub.PATIENCE):
    """Run it to the end, which takes seconds; what ixload printed, and the path of the blocks."""
    boot, server, _ = SERVERS[system]
    conns, kind = WORKS[work]
    return hub.run(host, disk, "counter", (str(conns), kind, str(WARM), str(COUNT)) + server, patience, boot=boot, memory=systems.MEMORY,
                   also=("net_ns",) if "ns=on" in boot else ())


def make_disk(host):
    return hub.make_disk(host, "user_ixhttpd", "user_httpd")


# --- From blocks to figures ---

def added(dicts):
    """name -> the sum of what all say"""
    sums = {}
    for d in dicts:
        for name, n in d.items():
            sums[name] = sums.get(name, 0) + n
    return sums


class Counted:
    """The server's share of one run: all CPUs but the load generator's."""

    def __init__(self, text, path, attribution):
        done = re.search(r"^ixload: done on CPU (\d+)", text, re.M)
        self.load_cpu = int(done.group(1))
        self.by_cpu = {"busy": {}, "idle": {}}  # window -> CPU -> counter -> number
        for window, cpu, name, n in re.findall(r"^ixload: (busy|idle), CPU (\d+): (\w+) (\d+)$", text, re.M):
            self.by_cpu[window].setdefault(int(cpu), {})[name] = int(n)
        self.counters = {window: added(found.values()) for window, found in self.by_cpu.items()}
        self.busy, self.idle = windows(path)
        self.attribution = attribution

    def executions(self, block):
        return sum(n for cpu, n in enumerate(block.count) if cpu != self.load_cpu)

    def by_function(self, blocks):
        """(program, function, source) -> instructions"""
        found = {}
        for b in blocks:
            n = self.executions(b) * b.instructions
            if n:
                key = self.attribution.function(b)
                found[key] = found.get(key, 0) + n
        return found

    def work(self):
        """The busy window's instructions by function, without what passes that found nothing cost."""
        busy, idle = self.by_function(self.busy), self.by_function(self.idle)
        passes = self.counters["idle"].get("cycles", 0)
        wasted = self.counters["busy"].get("cycles", 0) - self.counters["busy"].get("busy_cycles", 0)
        return {key: max(n - (idle.get(key, 0) * wasted / passes if passes else 0), 0) for key, n in busy.items()}

    def of_cpu(self, cpu):
        """One CPU's instructions for its share of the busy window, without what passes that found nothing cost."""
        busy, idle = (sum(b.count[cpu] * b.instructions for b in blocks) for blocks in (self.busy, self.idle))
        counted, passes = self.by_cpu["busy"][cpu], self.by_cpu["idle"][cpu]["cycles"]
        return busy - idle * (counted["cycles"] - counted.get("busy_cycles", 0)) / passes

    def times(self, matches):
        return sum(self.executions(b) for b in self.busy if matches(b))

    def entered(self, *functions):
        """How often these functions of the kernel were entered."""
        places = [a for a in (self.attribution.kernel.entry(name) for name in functions) if a]
        return self.times(lambda b: any(b.covers(a) for a in places))

    def figures(self):
        """Each for one request."""
        work = self.work()
        stages = dict.fromkeys(NAMES, 0)
        for key, n in work.items():
            stages[stage_of(*key)] += n
        found = {
            "instructions": sum(work.values()),
            "kernel entries": self.entered("alltraps", "sysenter_entry"),
            "CR3 loads": self.times(lambda b: b.address >= KERNEL and CR3_WRITE.search(b.code)),
            "IPCs": self.entered("sys_ipc_try_send"),
            "instructions copying": stages[COPY],
        }
        found.update((name.replace("_", " "), self.counters["busy"][name]) for name in DATAPLANE if name in self.counters["busy"])
        found.update((counts.STAGE + name, n) for name, n in stages.items() if n)
        return {name: round(n / COUNT, 2) for name, n in found.items()}


def measure(host):
    """(system, work) -> figures"""
    nm = os.environ.get("NM") or "nm"
    disk = make_disk(host)
    kernel = Program(built("kern", "kernel"), nm)
    found = {}
    for system, (_, _, programs) in SERVERS.items():
        attribution = Attribution(kernel, {name: Program(image(name), nm) for name in programs + (LOAD,)})
        for work in WORKS:
            print("bench-count: %s: %s" % (system, work), file=sys.stderr, flush=True)
            text, path = run(host, disk, system, work)
            found["%s: %s" % (system, work)] = Counted(text, path, attribution).figures()
    return found


# --- Comparing ---

def changes(old, new):
    """Words for each figure that is not what it was."""
    found = []
    for run_name in new:
        for name, value in new[run_name].items():
            before = old.get(run_name, {}).get(name)
            if before is not None and abs(value - before) > max(TOLERANCE * before, LEAST):
                found.append("%s, %s: %s, recorded %s (%+.1f%%)" % (
                    run_name, name, value, before, 100 * (value - before) / before if before else 100))
    return found


def show(found):
    for run_name, figures in found.items():
        print("\n%s, for each request" % run_name)
        for name, value in figures.items():
            print("  %-28s %10.2f" % (name, value))


def check(host, found):
    all_, mine = counts.load(), counts.key(host.qemu)
    if os.environ.get("RECORD", "") not in ("", "0"):
        counts.save(dict(all_, **{mine: found}))
        print("\nrecorded in bench/counts.json for %s" % mine)
        return OK
    if mine not in all_:
        print("\nbench/counts.json has no figures for %s; RECORD=1 records these" % mine)
        return OK
    found_changes = changes(all_[mine], found)
    if not found_changes:
        print("\nas recorded for %s, within %d%%" % (mine, 100 * TOLERANCE))
        return OK
    print("\nchanged since recorded for %s: explain it, or record it (RECORD=1)\n%s" % (
        mine, "\n".join("  " + words for words in found_changes)))
    return CHANGED


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    host = Host(ROOT)
    try:
        host.ask_make()
        found = measure(host)
        show(found)
        return check(host, found)
    except KeyboardInterrupt:
        print("\nbench-count: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Failure as e:
        print("bench-count: %s" % e, file=sys.stderr)
        return UNABLE
    finally:
        host.close()


if __name__ == "__main__":
    sys.exit(main())
