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
LOADS = {  # name -> (title, connections, kind, server)
    "web": ("16 kept connections to the web server", 16, "kept", "user_ixhttpd"),
    "web-each": ("a connection for each request to the web server", 4, "each", "user_ixhttpd"),
    "kv": ("16 connections to the key-value store", 16, "kv", "user_ixkv"),
}
PLANTED = {"lock": ("planted_lock", "spin_lock"), "counter": ("planted_counter", "__wrap_clock_us")}


def build(t, *targets):
    with one_make:
        status, out = t.host.make("-s", *targets, limit=300)
    if status:
        raise Failure("it does not build:\n" + out)


def shared_lines(t, load, kernel=None):
    """What must not be shared, and was, in words."""
    _, conns, kind, server = LOADS[load]
    build(t, *(os.path.relpath(path, ROOT) for path in (hub.built("bench", "sharing.so"), hub.image(hub.LOAD, True))))
    disk = hub.make_disk(t.host, server)
    text, path = hub.run(t.host, disk, "sharing", (str(conns), kind, str(WARM), str(COUNT), "/" + server.split("_")[1]),
                         boot=("nic0=dp", "nic1=dp"), kernel=kernel and kernel + ".img")
    if not re.search(r"^ixload: done on CPU \d+: %d answers, 0 failures" % (WARM + COUNT), text, re.M):
        raise Failure(text[-2000:])
    busy, idle = lines.windows(path)
    return lines.offences(busy + idle, lines.kernel_names(kernel or hub.built("kern", "kernel")))


def silent(load):
    def play(t):
        found = shared_lines(t, load)
        if found:
            raise Failure("lines of memory that several CPUs touch:\n" + "\n".join(found))
    return play


def names_planted(name):
    def play(t):
        kernel = hub.built("planted", name, "kern", "kernel")
        build(t, os.path.relpath(kernel + ".img", ROOT))
        found = "\n".join(shared_lines(t, "web", kernel))
        missing = [word for word in PLANTED[name] if word not in found]
        if missing:
            raise Failure("not named: %s\n%s" % (" ".join(missing), found or "nothing is shared"))
    return play


for _name, (_title, *_) in LOADS.items():
    suite.add("sharing-" + _name, "CPUs share no line of memory: " + _title, 10, silent(_name))
for _name in PLANTED:
    suite.add("sharing-finds-" + _name, "a %s planted on the fast path is named" % _name, 5, names_planted(_name))
