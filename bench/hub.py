# SPDX-License-Identifier: MIT
"""
A machine that counts: QEMU with -icount, where the guest's clock is the number of instructions executed, so that nothing
the host does can be seen inside. Two NICs are joined by a hub: user/ixload.c asks on the second, from a CPU of its own, and
the server that it starts answers on the first. A plugin watches, between the marks that ixload sets.
"""
import os
import re
import subprocess
import tempfile

from harness import cmdline
from harness.machine import Machine
from harness.suite import Failure

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START = 1500  # millions of instructions: longer than any disk takes to load the kernel
PATIENCE = 300  # seconds, if the load generator does not even find out by its own clock that nothing is answered
ENDS = r"^ixload: done on CPU .* failures$|^ixload: [^:\n]+\n|^\w+: cannot start: .*\n"  # or why there will be no load
LOAD = "user_ixload"
SLOTS = (3, 5)


def built(*names):
    return os.path.join(ROOT, cmdline.objdir(*names))


def image(name, strip=False):
    """The path of a program, such as user_ixload."""
    return built(*(["strip"] if strip else []), *name.split("_", 1))


def plugin_file(name, qemu):
    """Built for the version of the plugin interface that this QEMU speaks: 1 up to release 8.2, 4 from 9.2 on."""
    out = subprocess.run(list(qemu) + ["--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
    version = [int(n) for n in re.search(r"version (\d+)\.(\d+)", out).groups()]
    return built("bench", "%s-v%d.so" % (name, 4 if version >= [9, 0] else 1))


def command(host, folder, disk, plugin, load, boot=(), cpus=3, memory=256, also=(), nic="e1000", kernel=None, qemu=None):
    """`load`: ixload's arguments; `nic`: the server's model; `kernel`: another image than the tree's."""
    argv = cmdline.compose(qemu or host.qemu, ROOT, folder, LOAD, args=load, extra=tuple(boot) + ("start=%d" % START,), cpus=cpus,
                           memory=memory, also=also, icount=True, kernel=kernel)
    argv += ["-fw_cfg", "name=opt/jos/disk,file=" + cmdline.escaped(disk)]
    argv += ["-rtc", "base=2020-01-01,clock=vm",
             "-plugin", "%s,out=%s" % (plugin_file(plugin, qemu or host.qemu), os.path.join(folder, plugin))]
    for i, (slot, model) in enumerate(zip(SLOTS, (nic, "e1000"))):
        argv += ["-netdev", "hubport,id=net%d,hubid=0" % i,
                 "-device", "%s,netdev=net%d,mac=52:54:00:12:34:%d,addr=%d,romfile=" % (model, i, 56 + i, slot)]
    return argv


def run(host, disk, plugin, load, patience=PATIENCE, **machine):
    """Run it to the end; what was printed, and the path of what the plugin wrote."""
    folder = tempfile.mkdtemp(dir=host.scratch)
    machine = Machine(host.children, command(host, folder, disk, plugin, load, **machine), folder, pace=lambda seconds: seconds)
    try:
        end = machine.expect(ENDS, limit=patience).group()
        if "done" not in end:
            raise Failure("%s\n%s" % (end, machine.tail()))
        if "start=%d has passed" % START in machine.text:
            raise Failure("the host is so busy that the kernel was loaded too late for START; try again")
        return machine.text, os.path.join(folder, plugin)
    finally:
        machine.close()


def make_disk(host, *files):
    """A disk in memory with these files; it holds the programs that QEMU does not hand over."""
    page = os.path.join(host.scratch, "64.bin")
    with open(page, "w", encoding="ascii") as f:
        f.write("0123456789abcdef" * 4)
    disk = os.path.join(host.scratch, "count.img")
    status, out = host.children.run([built("fs", "fsformat"), disk, "64", page] + [image(name, True) for name in files], 60)
    if status:
        raise Failure(out)
    return disk
