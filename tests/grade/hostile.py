# SPDX-License-Identifier: MIT
"""Programs that misuse the kernel: what it must refuse, what must not stay behind, and that nobody else notices.

Each checks by itself what its calls return, that free memory is the same before and after, and that no environment is
left; it prints one line for each fault it found, and at the end whether all is well.
"""
import os
import time

from gradelib import Failure, check_output
from grade import suite
from grade.programs import NO_PANIC
from harness.monitor import Monitor

suite.part("hostile")

BUSY_SHARE = 0.02  # of one of the host's CPUs: more is not idle
WATCHED = 3        # seconds
HANGS = 240        # seconds: vCPUs that wait for each other's shootdowns on few host CPUs are slow, not hung
LONG_LINE = "x" * 4095 + "\n"


def all_is_well(name, **boot):
    def play(t):
        machine = t.boot(name, fs=False, **boot)
        check_output(machine.finish(HANGS), ["%s: all is well" % name], never=[NO_PANIC])
        return machine
    return play


def on_cpus(name, title, counts, **boot):
    for cpus in counts:
        suite.add("%s-%d" % (name, cpus), "%s (%d CPU%s)" % (title, cpus, "s" if cpus > 1 else ""), 5,
                  all_is_well(name, cpus=cpus, **boot))


on_cpus("badtraps", "flags, instructions and stacks that no program should use", (1, 4))
on_cpus("exhaust", "memory, environments and references to a page come to their end, and come back", (1, 4), memory=64)
on_cpus("killstorm", "children are ended whatever they do, and leave nothing", (1, 2, 4, 8))
on_cpus("tlbstorm", "a page that is taken away is gone, on whatever CPU it is in use", (2, 4))
on_cpus("stopstorm", "stopped is stopped, and started goes on", (1, 2, 4))
on_cpus("ipcstorm", "messages between many, while senders and receivers die", (1, 4, 8))
on_cpus("dpstorm", "CPUs are reserved and given back, whatever runs there", (2, 4), ports=(80,))

on_cpus("ixaway", "the watchdog ends who stays away from its dataplane, whatever else it does; who waits is not away", (2,), ports=(7,))


def nic(slot):
    """An e1000 with a network of its own."""
    return ["-netdev", "user,id=net%d" % slot, "-device", "e1000,netdev=net%d,addr=%d,romfile=" % (slot, slot)]


suite.add("pins", "two NICs on one interrupt pin: lab 6 and dataplanes, after and beside each other", 5,
          all_is_well("ixpins", cpus=3, more=nic(3) + nic(7)))


@suite.test(5, "system calls with arguments that they must refuse")
def badcalls(t):
    machine = all_is_well("badcalls", cpus=2)(t)
    if machine.text.count(LONG_LINE) != 2 * 16:
        raise Failure("of a string that is too long, %d lines were printed" % machine.text.count(LONG_LINE))


def cpu_seconds(pid):
    """What the process has used."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_share(machine):
    """How much of a CPU of the host the machine used, for a while."""
    used, since = cpu_seconds(machine.proc.pid), time.monotonic()
    machine.run_for(WATCHED)
    return (cpu_seconds(machine.proc.pid) - used) / (time.monotonic() - since)


@suite.test(5, "after a storm, all CPUs of a machine that waits are idle")
def idle_after_storm(t):
    machine = t.boot("killstorm", args=["stay"], fs=False, leave=False, cpus=4)
    machine.expect("killstorm: all is well", limit=60)
    share = min(busy_share(machine) for _ in range(3))
    if share > BUSY_SHARE:
        raise Failure("it uses %.1f%% of a CPU of the host" % (100 * share))


@suite.test(5, "step: the monitor runs a program instruction by instruction, whatever stopped it")
def step(t):
    machine = t.boot("spin", fs=False)
    machine.expect("Spinning|Running the child")
    with Monitor(machine) as monitor:
        for _ in range(3):
            check_output(monitor.run("step"), ["  trap 0x00000001 Debug", "  cs   0x----001b"])
    check_output(machine.finish(), [r"\[00001000\] destroying 00001001"], never=[NO_PANIC])
