# SPDX-License-Identifier: MIT
"""Threads: what they share, how they begin and end, and what happens when they do it all at once on several CPUs."""
import re
import socketserver
import threading

from gradelib import Failure, check_output
from grade import suite
from grade.hostile import on_cpus
from grade.programs import NO_PANIC

suite.part("threads")

on_cpus("threads", "threads share memory and not stacks, end one by one or all together, and fork", (1, 2, 4))
on_cpus("threadstorm", "programs of many threads end at any moment, by whoever is first, and leave nothing", (1, 2, 4))
on_cpus("dpthreads", "a thread has a dataplane, and its siblings take its pages and its life", (2, 4), ports=(80,))
on_cpus("ixorphan", "a thread is destroyed while it has a lock of libix: its siblings neither hang nor use what is half changed", (2, 4),
        ports=(7,))


@suite.test(5, "descriptors depend on who opens first")
def fdorder(t):
    """
    Two threads on two CPUs each open a pipe, one after the other, in both orders: each time whoever is first gets the lower
    numbers. Why: it is what the dataplane's handles must not do, if calls of several CPUs are to commute (doc/ABI.md).
    """
    machine = t.boot("fdorder", cpus=3)
    machine.expect(r"^fdorder: all done$", limit=30)
    got = re.findall(r"^fdorder: thread (\d) first: thread 0 gets (\d+), thread 1 gets (\d+)$", machine.text, re.M)
    orders = {first: (int(a), int(b)) for first, a, b in got}
    if set(orders) != {"0", "1"} or orders["0"] != tuple(reversed(orders["1"])) or orders["0"][0] >= orders["0"][1]:
        raise Failure("it printed %s" % (got,))


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        piece = self.request.recv(65536)
        while piece:
            self.request.sendall(piece)
            piece = self.request.recv(65536)


@suite.test(5, "threads use files, sockets and programs at the same time: each gets back what it has sent (4 CPUs)")
def threadio(t):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    t.undo.append(server.server_close)
    t.undo.append(server.shutdown)
    machine = t.boot("threadio", args=[str(server.server_address[1])], cpus=4, ports=(7,), also=("net_ns",), extra=("ns=on",))
    machine.expect("^threadio: (all is well|FAILED)", limit=90)
    words = sorted(re.findall(r"<(\d\.\d)>", machine.text))
    if words != ["%d.%d" % (who, n) for who in range(4) for n in range(4)]:
        raise Failure("programs that were started: %s" % words)
    check_output(machine.text, ["threadio: all is well"], [NO_PANIC])
