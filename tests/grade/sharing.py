# SPDX-License-Identifier: MIT
"""
What CPUs share while they serve: nothing, but for each CPU's mailbox and the published statistics (bench/lines.py). A plugin
of QEMU sees every access of the kernel to memory, on a machine where nothing that the host does can be seen (bench/hub.py).
"""
import os
import re
import sys

from gradelib import ROOT, Failure
from grade import suite
from grade.host import one_make

sys.path.append(os.path.join(ROOT, "bench"))
import hub  # noqa: E402
import lines  # noqa: E402

suite.part("sharing")

WARM, COUNT = 50, 100
LOADS = {  # name -> (title, connections, kind, server, its threads)
    "web-each": ("a connection for each request to the web server", 4, "each", "user_ixhttpd", 1),
    "web-2": ("16 kept connections to a web server on 2 CPUs", 16, "kept", "user_ixhttpd", 2),
    "web-each-2": ("a connection for each request to a web server on 2 CPUs", 8, "each", "user_ixhttpd", 2),
    "kv-2": ("16 connections to a key-value store on 2 CPUs", 16, "kv", "user_ixkv", 2),
}
PLANTED = {"lock": ("planted_lock", "spin_lock"), "counter": ("planted_counter", "__wrap_clock_us")}


def build(t, *targets):
    with one_make:
        status, out = t.host.make("-s", *targets, limit=300)
    if status:
        raise Failure("it does not build:\n" + out)


def shared_lines(t, load, kernel=None, nic=None, qemu=None):
    """
    What must not be shared, and was, in words. The load has a CPU and a dataplane of its own; a server with several threads
    has as many CPUs, and all of them must have served. `load`: as in LOADS; `nic` and `qemu`: others than the usual.
    """
    _, conns, kind, server, threads = load
    build(t, *(os.path.relpath(path, ROOT) for path in (hub.plugin_file("sharing", qemu or t.host.qemu), hub.image(hub.LOAD, True))))
    disk = hub.make_disk(t.host, server)
    text, path = hub.run(t.host, disk, "sharing", (str(conns), kind, str(WARM), str(COUNT), "/" + server.split("_")[1], "-t", str(threads)),
                         boot=("nic0=dp", "nic1=dp"), kernel=kernel and kernel + ".img", cpus=2 + threads,
                         nic=nic or ("e1000e" if threads > 1 else "e1000"), qemu=qemu)
    served = set(re.findall(r"^ixload: busy, CPU (\d+): rx_frames", text, re.M))
    if len(served) != threads:
        raise Failure("%d CPUs served, not %d\n%s" % (len(served), threads, text[-2000:]))
    if not re.search(r"^ixload: done on CPU \d+: %d answers, 0 failures" % (WARM + COUNT), text, re.M):
        raise Failure(text[-2000:])
    busy, idle = lines.windows(path)
    return lines.offences(busy + idle, lines.kernel_names(kernel or hub.built("kern", "kernel")))


def silent(load, **machine):
    def play(t):
        found = shared_lines(t, load, **{name: choose() for name, choose in machine.items()})
        if found:
            raise Failure("lines of memory that several CPUs touch:\n" + "\n".join(found))
    return play


def names_planted(name):
    def play(t):
        kernel = hub.built("planted", name, "kern", "kernel")
        build(t, os.path.relpath(kernel + ".img", ROOT))
        found = "\n".join(shared_lines(t, LOADS["web-2"], kernel))
        missing = [word for word in PLANTED[name] if word not in found]
        if missing:
            raise Failure("not named: %s\n%s" % (" ".join(missing), found or "nothing is shared"))
    return play


def faults_elsewhere(t):
    """A kernel in which CPU 0 looks at lwIP's variables, while a program attaches."""
    kernel = hub.built("planted", "window", "kern", "kernel")
    build(t, os.path.relpath(kernel + ".img", ROOT))
    machine = t.boot("ixecho", may_panic=True, kernel=kernel + ".img", cpus=3, fs=False, ports=(7,))
    machine.expect(r"panic.*trap 14 in the kernel at [0-9a-f]{8}, address efc00000", limit=30)


suite.add("window-elsewhere", "lwIP's variables are not there on a CPU without a dataplane", 5, faults_elsewhere)
for _name, _load in LOADS.items():
    suite.add("sharing-" + _name, "CPUs share no line of memory: " + _load[0], 10, silent(_load))
for _name in PLANTED:
    suite.add("sharing-finds-" + _name, "a %s planted on the fast path is named" % _name, 5, names_planted(_name))
