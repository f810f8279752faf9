# SPDX-License-Identifier: MIT
"""The control plane: who may pull which lever, CPUs that come and go under load, and programs beside each other."""
import random
import re
import signal
import socket
import subprocess
import threading
import time

from gradelib import Failure, check_output, needs_program, needs_tap
from grade import suite
from grade.programs import NO_PANIC
from grade.kv import PORT
from grade.nics import model
from grade.levels import FORGOTTEN, balanced, levels
from grade.webserver import check_load
from harness.http import Connection
from harness.monitor import Monitor

suite.part("control")

GROUPS = ("nobody holds the right", "no dataplane", "limits", "CPUs and groups", "memory", "a parked thread", "another holds the right",
          "nobody holds it again")
CONNECTIONS, BATCH = 16, 8
WINDOW = 65535  # bytes: on a connection that has asked for more, buffers are given back


@suite.test(10, "each misuse of sys_dp_ctl gives the error that inc/ix.h names")
def ctl_misuse(t):
    machine = t.boot("ixctlmisuse", cpus=3, nic="e1000e", ports=(7,))
    machine.finish(limit=40)
    missing = [name for name in GROUPS if not re.search("^ixctlmisuse: OK %s: [1-9]" % name, machine.text, re.M)]
    if missing:
        raise Failure("no good word of: %s\n%s" % (", ".join(missing), machine.tail(40)))
    check_output(machine.text, ["ixctlmisuse: everything gave what inc/ix.h says"], [NO_PANIC, "FAILED"])


class Asker(threading.Thread):
    """
    One connection to the key-value store, on which requests follow each other without a pause, several at a time. Each sets
    a key of its own to the request's number and gets it back: an answer that is lost, doubled or overtaken shows. It stops
    when it is told, but not before it has sent more than a window.
    """

    def __init__(self, port, number, stop, patience):
        super().__init__(daemon=True)
        self.connection = Connection(port, limit=patience)
        self.number, self.stop, self.done, self.sent, self.error = number, stop, 0, 0, None

    def batch(self):
        names = [(b"k%d-%d" % (self.number, i), (b"%d" % (self.done + i)).ljust(500)) for i in range(BATCH)]
        requests = b"".join(b"set %s 0 0 %d noreply\r\n%s\r\nget %s\r\n" % (k, len(v), v, k) for k, v in names)
        self.connection.send(requests)
        want = b"".join(b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (k, len(v), v) for k, v in names)
        while len(self.connection.rest) < len(want):
            self.connection.more()
        got, self.connection.rest = self.connection.rest[:len(want)], self.connection.rest[len(want):]
        if got != want:
            raise Failure("connection %d, after %d requests: %r came, not %r" % (self.number, self.done, got, want))
        self.done += BATCH
        self.sent += len(requests)

    def run(self):
        try:
            while not self.stop.is_set() or self.sent <= WINDOW:
                self.batch()
        except Exception as e:  # it is raised where the test waits
            self.error = e


def swing(rounds, pause_ms, limit):
    """CPUs come and go, both get frames, and clients ask: nothing is lost, nothing is out of order, nothing leaks."""
    def play(t):
        machine = t.boot("ixswing", args=[str(rounds), str(pause_ms), "/ixkv", "-t", "2"], cpus=3, nic="e1000e", ports=(PORT,))
        machine.expect("^ixswing: ready", limit=60)
        before, stop, patience = levels(machine), threading.Event(), t.host.pace(8)
        del before["slab_pages"]  # each flow group keeps some for its next flows
        askers = [Asker(machine.port(PORT), i, stop, patience) for i in range(CONNECTIONS)]
        for asker in askers:
            asker.start()
        over = re.compile("^ixswing: (?!ready).*\n", re.M)
        machine.until(lambda text: over.search(text) or any(asker.error for asker in askers), "waiting for the last round", limit)
        stop.set()
        for asker in askers:
            asker.join(patience + 5)
            if asker.error or asker.is_alive():
                raise Failure("connection %d: %s" % (asker.number, asker.error or "no answer"))
        check_output(machine.text, ["ixswing: %d rounds are over" % rounds], [NO_PANIC])
        for asker in askers:
            asker.connection.sock.close()
        balanced(machine, before, FORGOTTEN)
    return play


suite.add("cpus-come-and-go", "a CPU is added and removed 10 times under load: no request lost, no answer out of order", 10,
          swing(10, 100, 120))


# ---- A storm of changes ----

class Echoer(threading.Thread):
    """
    One client after the other, each of which sends something and wants it back, so many times. Failures end it, if they count.
    """

    def __init__(self, port, number, stop, patience, failures_count=True):
        super().__init__(daemon=True)
        self.port, self.stop, self.patience, self.random = port, stop, patience, random.Random(number)
        self.failures_count, self.done, self.error = failures_count, 0, None

    def one_client(self):
        with Connection(self.port, limit=self.patience) as c:
            for _ in range(self.random.randrange(1, 60)):
                words = self.random.randbytes(self.random.randrange(1, 3000))
                c.send(words)
                got = b""
                while len(got) < len(words):
                    piece = c.piece()
                    if not piece:
                        raise Failure("a connection ended after %d of %d bytes" % (len(got), len(words)))
                    got += piece
                if got != words:
                    raise Failure("other bytes came back than were sent")
                self.done += 1
                if self.stop.is_set():
                    break
            c.end_sending()
            if c.piece():
                raise Failure("more came back than was sent")

    def run(self):
        while not self.stop.is_set() and not self.error:
            try:
                self.one_client()
            except (OSError, Failure) as e:
                self.error = e if self.failures_count else None


def storm(threads, changes, limit, nic, deaths=False):
    """Under it clients notice nothing, if no thread dies."""
    def play(t):
        args = [str(threads), str(changes)] + ["deaths"] * deaths
        machine = t.boot("ixstorm", args=args, fs=False, cpus=threads + 2, ports=(7,), **model(nic))
        machine.expect("^ixstorm: serving", limit=60)
        stop, patience = threading.Event(), t.host.pace(1 if deaths else 10)
        clients = [Echoer(machine.port(7), i, stop, patience, not deaths) for i in range(CONNECTIONS)]
        for client in clients:
            client.start()
        machine.send("\n")
        over = re.compile(r"^ixstorm: the storm is over; (\d+) lives, (\d+) deaths, (\d+) times", re.M)
        machine.until(lambda text: over.search(text) or any(c.error for c in clients), "waiting for the storm's end", limit)
        stop.set()
        for client in clients:
            client.join(patience + 5)
            if client.error or client.is_alive():
                raise Failure("a client: %s" % (client.error or "no answer"))
        lives, died, moved = map(int, over.search(machine.text).groups())
        done = sum(c.done for c in clients)
        if done < 20 or (deaths and died < 2) or lives + died < changes / 20 or moved < changes / 20:
            raise Failure("hardly a storm: %d words, %d lives, %d deaths, %d times `moved`" % (done, lives, died, moved))
        machine.send("\n")
        check_output(machine.finish(30), ["ixstorm: all is well"], [NO_PANIC])
    return play


suite.add("storm-e1000e", "threads leave and come back, CPUs and groups move, all at once: no client notices (2 threads)", 10,
          storm(2, 400, 120, "e1000e"))
suite.add("storm-deaths", "the same, and threads are destroyed, whatever they are at: nothing is left (2 threads)", 5,
          storm(2, 300, 120, "e1000e", deaths=True))


# ---- CPUs that others get back ----

def envs_on_cpus(machine):
    """CPU -> (reserved, the env that it runs, or None)."""
    with Monitor(machine) as monitor:
        shown = monitor.run("cpus")
    rows = re.findall(r"^ +(\d+) +\d+ \w+ +(\w{8}) +\w+ (reserved|shared)$", shown, re.M)
    return {int(cpu): (kind == "reserved", env if int(env, 16) else None) for cpu, env, kind in rows}


def wait_for_cpus(machine, reserved):
    """So many are reserved, and each of the others runs somebody; which those are."""
    deadline = time.monotonic() + 60
    while True:
        cpus = envs_on_cpus(machine)
        shared = {cpu: env for cpu, (is_reserved, env) in cpus.items() if not is_reserved}
        if len(cpus) - len(shared) == reserved and all(shared.values()) and len(set(shared.values())) == len(shared):
            return sorted(shared)
        if time.monotonic() > deadline:
            raise Failure("not %d CPUs are reserved, or the others run nobody: %s" % (reserved, cpus))
        time.sleep(0.1)


@suite.test(5, "environments that compute get a dataplane's CPU when its program ends, and lose it when it is back")
def cpus_of_the_dead(t):
    machine = t.boot("mishap", args=["ixkv", "-m", "8"] + ["+", "busy"] * 3, cpus=2, ports=(PORT,))
    for _ in range(3):
        machine.expect("^ixkv: .* on CPU 1", limit=60)
        if wait_for_cpus(machine, 1) != [0]:
            raise Failure("not CPU 0 is the shared one")
        machine.send("kill 0\n")
        machine.expect("^mishap: kill 0: done", limit=30)
        wait_for_cpus(machine, 0)
        machine.send("start 0\n")
    check_output(machine.text, never=[NO_PANIC])


# ---- Policies ----

PAGE = "http://10.0.2.15/index.html"
CHANGE = r"^ixcp: net0: "


class Policy:
    """A web server of up to two CPUs, whose control plane has this policy; two environments compute beside it."""

    def __init__(self, t, policy):
        # Looked at every 100 ms: a busy host may well give the client nothing for a few tens, which is no calm.
        self.t, self.tap = t, t.namespace()
        args = ["-t", "100", "-p", policy, "-c", "1-2", "ixhttpd", "-t", "2", "+", "busy", "+", "busy"]
        self.machine = t.boot("ixcp", args=args, cpus=3, tap=self.tap, nic="e1000e", memory=256)
        self.machine.expect("^ixhttpd: .* on CPU", limit=60)
        self.wrk = None

    def storm(self):
        """More than one CPU can do."""
        argv = ["wrk", "-c", "256", "-t", "2", "-d", "600", "--timeout", "60s", PAGE]
        self.wrk = self.t.host.children.start(self.tap.inside(argv), stdout=subprocess.PIPE, text=True)
        self.t.undo.append(lambda: self.t.host.children.finish(self.wrk))

    def calm(self):
        self.wrk.send_signal(signal.SIGINT)
        check_load("wrk", self.wrk.communicate(timeout=60)[0])

    def stays(self, changes):
        """Under a steady load nothing swings."""
        self.machine.run_for(3)
        found = re.findall(CHANGE + ".*", self.machine.text, re.M)
        if len(found) != changes:
            raise Failure("not %d changes: %s" % (changes, found))

    def changed(self, what, limit=60):
        self.machine.expect(CHANGE + what, limit=limit)


POLICY_NEEDS = [needs_tap, needs_program("wrk"), needs_program("ab")]


@suite.test(10, "policy elastic: a second CPU under load, none while it lasts, and back when it ends; others run on it then",
            unless=POLICY_NEEDS)
def policy_elastic(t):
    p = Policy(t, "elastic")
    p.stays(0)
    if wait_for_cpus(p.machine, 1)[0] != 0:
        raise Failure("CPU 0 is reserved")
    p.storm()
    p.changed("added a CPU: busy", 120)
    wait_for_cpus(p.machine, 2)
    p.stays(1)
    p.calm()
    p.changed(r"removed CPU \d: idle")
    wait_for_cpus(p.machine, 1)
    p.stays(2)
    check_output(p.machine.text, never=[NO_PANIC])


@suite.test(10, "policy consolidate: a small load is packed on one CPU while requests go on, and none fails", unless=POLICY_NEEDS)
def policy_consolidate(t):
    p = Policy(t, "consolidate")
    p.storm()
    p.changed("added a CPU: busy", 120)
    p.stays(1)
    p.calm()
    requests = 10000
    check_load("ab", t.run("ab", "-q", "-k", "-c", "2", "-n", str(requests), PAGE, limit=100, tap=p.tap), requests)
    p.changed(r"removed CPU \d: idle")
    wait_for_cpus(p.machine, 1)
    p.stays(2)
    check_output(p.machine.text, never=[NO_PANIC])


@suite.test(5, "a quota of send heap: what is within it is granted, what is beyond is not; and only one env decides")
def quota(t):
    machine = t.boot("ixcp", args=["-m", "12", "ixkv", "+", "ixcp"], cpus=2, ports=(PORT,))
    check = [r"^ixkv: .*, 8 MB for items", "^ixcp: cannot take the levers: operation not permitted"]
    machine.until(lambda text: all(re.search(words, text, re.M) for words in check), "waiting for " + " and ".join(check), 30)


@suite.test(5, "the control plane's live view: a row for each CPU, drawn over the last one")
def live_view(t):
    machine = t.boot("ixcp", args=["-v", "-c", "2-2", "ixkv", "-t", "2", "-m", "8"], cpus=3, nic="e1000e", ports=(PORT,))
    row = r" +0 +%d +%d  [#.]{11} +\d+% +\d+ +[\d,]+ +[\d,]+ +0 +64\033\[K$"
    table = "".join("^" + row.replace("%d", str(n), 1).replace("%d", str(m), 1) + "\n" for n, m in ((2, 0), (1, 1)))
    machine.expect(table, limit=60)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobodys:
        for _ in range(3):
            nobodys.sendto(b"for nobody", ("127.0.0.1", machine.port(PORT, "UDP")))
    machine.expect("net0: 2 CPUs, 2 to 2 allowed; added a CPU: .*\n *net0: [1-3] frames dropped", limit=30)
    lines = machine.text[machine.text.rindex("\033[H"):].split("\n")
    widest = max(len(re.sub(r"\033\[\d*\w", "", line)) for line in lines)
    if widest > 80:
        raise Failure("a line of %d columns" % widest)
