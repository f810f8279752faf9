# SPDX-License-Identifier: MIT
"""The machine and the kernel itself: memory sizes, CPUs, the monitor, panics, and make's own ways of starting it."""
import os
import re
import subprocess
import threading

from gradelib import Failure, check_output, frames_of, needs_program
from grade import suite
from grade.programs import NO_PANIC
from harness.machine import EXIT_PANIC
from harness.monitor import Monitor

suite.part("kernel")

one_make = threading.Lock()  # the makefile's machines share one disk, one capture and one note of what runs


def in_monitor(t, **boot):
    """A machine that has stopped in the monitor, in the middle of user/breakpoint.c."""
    machine = t.boot("breakpoint", fs=False, **boot)
    machine.expect("^K> ")
    return machine


def read_until(stream, pattern):
    """Read the stream until the pattern comes; the text that matched."""
    seen = b""
    while True:
        line = stream.readline()
        seen += line
        found = re.search(pattern, line)
        if found:
            return found.group()
        if not line:
            raise Failure("make ended too early:\n" + seen.decode("utf-8", "replace"))


def memory(size):
    def play(t):
        machine = t.boot("testfile", memory=size)
        check_output(machine.finish(limit=30), [r"Physical memory: \d+K, \d+K free", "large file is good"])
        kilobytes = int(re.search(r"Physical memory: (\d+)K", machine.text).group(1))
        most = min(size, 256) * 1024
        if not most - 2048 <= kilobytes <= most:
            raise Failure("the kernel found %d KB of %d MB" % (kilobytes, size))
    return play


for _size in (32, 64, 128, 256, 512):
    suite.add("memory-%d" % _size, "boots with %d MB of memory" % _size, 2, memory(_size))


@suite.test(5, "all of 8 CPUs start, and run environments")
def cpus_8(t):
    machine = t.boot("stresssched", cpus=8, fs=False)
    text = machine.finish(limit=90)
    check_output(text, never=[NO_PANIC, "does not start"])
    used = set(re.findall(r"stresssched on CPU (\d)", text))
    if len(used) < 4:
        raise Failure("environments ran on CPUs %s only" % ", ".join(sorted(used)))


@suite.test(5, "the monitor: help, kerninfo, backtrace, showmappings, envs, cpus")
def monitor_commands(t):
    machine = in_monitor(t, cpus=2)
    monitor = Monitor(machine)
    for line, want in (
            ("help", ["help .*", "kerninfo .*", "backtrace .*", "showmappings .*", "envs .*", "cpus .*"]),
            ("kerninfo", [r"  _start +[0-9a-f]{8} \(phys\)", r"  entry +f0[0-9a-f]{6} \(virt\)  00[0-9a-f]{6} \(phys\)",
                          "  end +f0.*", r"Kernel executable memory footprint: \d+KB"]),
            ("showmappings 0xf0000000", [r"f0000000-f0000fff -> 00000000 .*"]),
            ("envs", [r"00001000 00000000 user .*"]),
            ("cpus", [r" *0 .*00001000.*", r" *1 .*"]),
            ("backtrace", [r"Stack backtrace:", r"  ebp [0-9a-f]{8}  eip 008[0-9a-f]{5}  .*"]),
            ("nonsense", ["Unknown command 'nonsense'"])):
        check_output(monitor.run(line), want)
    monitor.leave()
    machine.finish()


@suite.test(5, "control-] opens the monitor while programs run, and they go on after it")
def monitor_key(t):
    machine = t.boot("spin", fs=False)
    machine.expect("Spinning|Running the child")
    with Monitor(machine) as monitor:
        check_output(monitor.run("envs"), [r"00001000 .*", r"00001001 00001000 .*"])
    check_output(machine.finish(), never=[NO_PANIC])


@suite.test(5, "the ceiling says where it is before anybody asks: QEMU's e1000 hears nothing in its first second")
def ceiling_announces(t):
    machine = t.boot(None, fs=False, leave=False, extra=("ceiling=1",), ports=(7,), capture=True)
    machine.expect("^ceiling: answering")
    mac, ip = bytes.fromhex("525400123456"), bytes([10, 0, 2, 15])
    want = b"\xff" * 6 + mac + bytes.fromhex("0806 0001 0800 06 04 0001") + mac + ip + bytes(6) + ip
    frames = [frame for frame in frames_of(os.path.join(t.folder, "net.pcap")) if frame[6:12] == mac]
    if not frames or frames[0][:len(want)] != want:
        raise Failure("its first frame is %s" % (frames[0].hex(" ") if frames else "missing"))


@suite.test(5, "the monitor's kill of the program that was interrupted ends it when the monitor is left")
def monitor_kill(t):
    machine = t.boot("busy", fs=False)
    machine.expect("new env 00001000")
    with Monitor(machine) as monitor:
        check_output(monitor.run("kill 00001000"), ["^00001000 was interrupted: it ends when the monitor is left"])
        check_output(monitor.run("envs"), ["^00001000 .*"])
        monitor.run("kill 00001000")
    check_output(machine.finish(), ["^\\[00001000\\] free env 00001000"], [NO_PANIC])


@suite.test(5, "after a panic nothing goes on, whatever the monitor is told")
def after_panic(t):
    machine = t.boot("busy", fs=False, leave=False, may_panic=True)
    machine.expect("new env 00001000")
    with Monitor(machine) as monitor:
        for line in ("panic", "kill 00001000", "continue"):
            monitor.run(line)
        check_output(monitor.run("envs"), ["^00001000 .*"])
    check_output(machine.text, ["^kernel panic .*", "^00001000 was interrupted: .*"], ["free env"])


@suite.test(5, "a panic prints where it happened and who called, and ends QEMU with a failing status")
def panic(t):
    machine = in_monitor(t, may_panic=True)
    machine.send("panic\n")
    text = machine.finish(status=EXIT_PANIC)
    check_output(text, [r"kernel panic on CPU 0 at kern/\w+\.c:\d+: .*", "Stack backtrace:",
                        r"  ebp ef[0-9a-f]{6}  eip f0[0-9a-f]{6}  args( [0-9a-f]{8})+",
                        r" +kern/monitor\.c:\d+: monitor\+\d+"])


@suite.test(5, "make run-hello-nox runs a program and ends with it")
def make_run(t):
    with one_make:
        status, out = t.host.make("run-hello-nox", "ARGS=exit=1", limit=t.host.pace(60))
    check_output(out, ["hello, world", "i am environment 00001000"])
    if status:
        raise Failure("make ended with status %d\n%s" % (status, out))


@suite.test(10, "make run-ixhttpd-nox prints the page's address, and curl gets the page",
            unless=[needs_program("curl")])
def make_run_ixhttpd(t):
    with one_make:
        page = page_served_by(t, "run-ixhttpd-nox")
    with open(t.path("fs", "index.html"), encoding="utf-8") as f:
        if f.read() != page:
            raise Failure("what curl received is not fs/index.html:\n" + page[:500])


def page_served_by(t, target):
    """Make the target, wait for the address it prints, get that page."""
    proc = t.host.children.start(["make", "--no-print-directory", target], cwd=t.host.root, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    timer = threading.Timer(t.host.pace(90), t.host.children.finish, [proc])
    try:
        timer.start()
        url = read_until(proc.stdout, rb"http://127\.0\.0\.1:\d+/")
        return t.run("curl", "-sS", url.decode(), limit=20)
    finally:
        timer.cancel()
        t.host.children.finish(proc)
        proc.stdin.close()
        proc.stdout.close()
