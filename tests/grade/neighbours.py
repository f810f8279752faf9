# SPDX-License-Identifier: MIT
"""
Several servers on one machine: the web server and the key-value store on a dataplane each, lab 6's web server on a third NIC. When
one is flooded, spins or dies, the others have not one failed request and not one dropped frame.
"""
import re
import subprocess
import sys

from gradelib import Failure, check_output, needs_tap
from grade import suite
from grade.cpus import counters_by_cpu
from grade.programs import NO_PANIC
from harness.monitor import Monitor

suite.part("neighbours")

NAMES = ("web", "kv", "lab6")  # by NIC
CLIENTS = ("web=web,10.0.2.15,80,4,tap0", "kv=kv,10.0.3.15,11211,4,tap1", "lab6=page,10.0.4.15,80,2,tap2")
PROGRAMS = ("ixhttpd", "+", "ixkv", "-i", "1", "-m", "8", "+", "httpd")
ADDRESSES = ("nic2=lab6", "ns=on", "ip1=10.0.3.15", "gw1=10.0.3.2", "nsip=10.0.4.15", "nsgw=10.0.4.2")
READY = ("^ixhttpd: .* on CPU", "^ixkv: .* on CPU", "^Waiting for http")
MORE, MANY = 200, 1000


class Town:
    """The machine, and the clients of its servers."""

    def __init__(self, t):
        self.host, space = t.host, t.namespace(len(NAMES))
        self.machine = t.boot("mishap", args=PROGRAMS, tap=space, cpus=3, memory=256, also=("net_ns",), extra=ADDRESSES)
        self.machine.until(lambda text: all(re.search(words, text, re.M) for words in READY), "waiting for the servers", 60)
        argv = [sys.executable, t.path("tests", "clients", "neighbours.py"), *CLIENTS]
        self.clients = t.host.children.start(space.inside(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        t.undo.append(self.close)
        self.say("more %d %s" % (MORE, " ".join(NAMES)))

    def close(self):
        self.host.children.finish(self.clients)
        self.clients.stdin.close()
        self.clients.stdout.close()

    def say(self, order):
        """To the clients."""
        self.clients.stdin.write(order + "\n")
        self.clients.stdin.flush()
        answer = self.clients.stdout.readline().strip()
        if answer != "ok":
            raise Failure("%s: %s" % (order, answer or "the clients have ended"))

    def befall(self, what, number):
        """To one of the programs."""
        self.machine.send("%s %d\n" % (what, number))
        self.machine.expect("^mishap: %s %d: done" % (what, number), limit=30)

    def counters(self):
        """name -> counters; those that are 0 are not there."""
        with Monitor(self.machine) as monitor:
            shown, lab6 = monitor.run("dp"), monitor.run("lab6")
        nics = {int(cpu): int(nic) for cpu, nic in re.findall(r"^CPU (\d+): env .*?, e1000 (\d+),", shown, re.M)}
        found = {NAMES[nics[cpu]]: counters for cpu, counters in counters_by_cpu(shown).items()}
        if "users" in lab6:
            received, dropped = re.search(r"received (\d+), dropped (\d+)", lab6).groups()
            found["lab6"] = {"rx_frames": int(received), "drop_frames": int(dropped)}
        return found

    def others_go_on(self, victim, before):
        """Not one request fails, and not one frame is dropped."""
        others = [name for name in NAMES if name != victim]
        self.say("more %d %s" % (MORE, " ".join(others)))
        now = self.counters()
        for name in others:
            lost = {c: n for c, n in now[name].items() if c.startswith("drop_") and n != before[name].get(c, 0)}
            if lost:
                raise Failure("%s dropped frames while %s had a bad time: %s" % (name, victim, lost))
        return now


def flooded(kind, victim):
    def play(t):
        town = Town(t)
        before = town.counters()
        town.say("flood %s %s %d" % (kind, victim, MANY))
        town.others_go_on(victim, before)
        town.say("calm")
        check_output(town.machine.text, never=[NO_PANIC])
    return play


FLOODS = {"syn": "SYNs from nowhere", "udp": "datagrams", "garbage": "damaged frames"}
for _kind, _victim in (("syn", "web"), ("udp", "kv"), ("garbage", "lab6")):
    suite.add("neighbours-%s-%s" % (_kind, _victim), "%s gets %s without end; the others go on, and lose nothing" % (_victim, FLOODS[_kind]),
              5, flooded(_kind, _victim), unless=[needs_tap])


@suite.test(10, "the store spins, and dies; the web server faults; lab 6 dies: each time, the others go on, and lose nothing",
            unless=[needs_tap])
def neighbours_die(t):
    town = Town(t)
    before = town.counters()

    town.befall("spin", 1)
    if not town.others_go_on("kv", before)["kv"].get("watchdog_ticks"):
        raise Failure("the watchdog does not see that the store spins")
    town.befall("kill", 1)
    town.say("lost kv")
    town.others_go_on("kv", before)
    come_back(town, 1)

    before = town.counters()
    town.befall("fault", 0)
    town.say("lost web")
    town.others_go_on("web", before)
    come_back(town, 0)

    before = town.counters()
    with Monitor(town.machine) as monitor:
        monitor.run("kill " + re.search(r"^(\w+) 00000000 ns ", monitor.run("envs"), re.M).group(1))
    town.others_go_on("lab6", before)  # its peers hear nothing: the program that spoke TCP is the one that died
    check_output(town.machine.text, never=[NO_PANIC])


def come_back(town, number):
    """It gets a CPU and its NIC again."""
    mark = len(town.machine.text)
    town.befall("start", number)
    town.machine.until(lambda text: re.search(READY[number], text[mark:], re.M), "waiting for it to come back", 60)
    town.say("again " + NAMES[number])
    town.say("more %d %s" % (MORE, " ".join(NAMES)))
