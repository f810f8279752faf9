#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
`make bench-scale`: what a request costs when several CPUs serve, against one. The clock of -icount adds the instructions of
all CPUs, so time says nothing here; each CPU's own instructions do. Their sum for a request should be what one CPU needs,
and the CPUs should have the same share of it: then as many CPUs do as much more work, on a machine that has them.

The load's flows come from consecutive ports, as many as there are flow groups. The NIC's hash is linear, so each group gets one:
the CPUs' shares of flows are as even as their shares of groups.
"""
import os
import signal
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "bench")]

import count  # noqa: E402
import hub  # noqa: E402
from blocks import Attribution, Program  # noqa: E402
from harness.host import Host  # noqa: E402
from harness.suite import Failure  # noqa: E402

WARM, REQUESTS = 256, 1024
FLOWS = 128
MOST = 1.10  # the sum, against one CPU; and the busiest, against the mean
SERVERS = {"web": ("kept", "user_ixhttpd"), "kv": ("kv", "user_ixkv")}


class Share:
    """What each CPU did for one run's requests."""

    def __init__(self, counted):
        cpus = [cpu for cpu, found in counted.by_cpu["busy"].items() if found.get("rx_frames")]
        self.each = {cpu: counted.of_cpu(cpu) / REQUESTS for cpu in sorted(cpus)}
        self.sum = sum(self.each.values())
        self.balance = max(self.each.values()) * len(self.each) / self.sum if self.each else 0


def measure(host, server, threads, nic="e1000e", qemu=None):
    kind, program = SERVERS[server]
    words = ("/" + program.split("_")[1],) + (("-t", str(threads)) if threads > 1 else ())
    text, path = hub.run(host, hub.make_disk(host, program), "counter", (str(FLOWS), kind, str(WARM), str(REQUESTS)) + words,
                         boot=("nic0=dp", "nic1=dp"), cpus=threads + 2, nic=nic, qemu=qemu)
    nm = os.environ.get("NM") or "nm"
    programs = {name: Program(hub.image(name), nm) for name in (program, hub.LOAD)}
    share = Share(count.Counted(text, path, Attribution(Program(hub.built("kern", "kernel"), nm), programs)))
    if len(share.each) != threads:
        raise Failure("%d CPUs served, not %d\n%s" % (len(share.each), threads, text[-2000:]))
    return share


def words(server, one, many):
    """(what was measured, did it keep to the limits)"""
    good = many.sum <= MOST * one.sum and many.balance <= MOST
    each = ", ".join("%.0f on CPU %d" % (n, cpu) for cpu, n in many.each.items())
    return "%s: %d CPUs: %.0f instructions a request, %.3f of one CPU's %.0f; %s: the busiest has %.3f of the mean" % (
        server, len(many.each), many.sum, many.sum / one.sum, one.sum, each, many.balance), good


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    host = Host(ROOT)
    try:
        host.ask_make()
        for server in SERVERS:
            print(words(server, measure(host, server, 1), measure(host, server, 2))[0], flush=True)
    finally:
        host.close()


if __name__ == "__main__":
    main()
