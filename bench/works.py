# SPDX-License-Identifier: MIT
"""
What is measured. A step runs one client, or a few of the same kind, against a server that answers, and returns
figures by name (figures.py). steps() is the list for one round; the same for every system.
"""
import re

import systems
from harness.suite import Failure

MB = 1e6
IDLE_POLICIES = ("poll", "halt", "adaptive")  # kern/dp/policy.c
LARGE = 65536  # pages of which so few are answered in a second that bytes are counted; heads hardly matter


class Step:
    """
    `seconds`: about how long it takes; `conns`: connections it holds open, which not every network carries; `knob`: the
    setting it turns, which not every system has, by starting the machine with `boot`; `many_pages`: does it ask for
    others than PAGE?
    """

    many_pages = False

    def __init__(self, words, role, seconds, run, conns=1, knob=None, boot=None):
        self.words, self.role, self.seconds, self.run, self.conns = words, role, seconds, run, conns
        self.knob, self.boot = knob, boot or {}


# --- One connection ---

def latency(seconds):
    def run(target):
        got = target.pingpong("http", systems.PAGE, seconds)
        found = {"latency/" + name: got[name] for name in ("p50", "p90", "p99", "p99.9")}
        return dict(found, **{"boot/first_answer": target.boot_seconds})
    return Step("round trips on one connection", "web", seconds, run)


def echo(size, seconds):
    """NetPIPE's figure: a message of this size goes there and back; half of the round trip is its time."""
    def run(target):
        got = target.pingpong("echo", str(size), seconds)
        return {"echo/%d/p50" % size: got["p50"], "echo/%d/p99" % size: got["p99"],
                "echo/%d/goodput" % size: size / (got["p50"] / 2)}
    return Step("echo of %d bytes" % size, "echo", seconds, run)


# --- Many connections ---

def duration(text):
    """wrk's way to write times, in microseconds."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]


def wrk(target, conns, seconds, page=systems.PAGE):
    """
    Closed loop: each connection sends its next request when the answer has come. Answers a second, their percentiles,
    and bytes a second, of answers that were not complete at the end, too.
    """
    threads = 2 if conns > 1 else 1
    out = target.client("wrk", "-c%d" % conns, "-t%d" % threads, "-d%gs" % seconds, "--timeout", "10s", "--latency",
                        target.url(page), limit=seconds + 30)
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", out, re.M)
    moved = re.search(r"^Transfer/sec:\s+([\d.]+)([KMG]?)B", out, re.M)
    errors = re.search(r"Non-2xx.*|Socket errors.*(?:connect|read|write) [1-9].*", out)
    if not rate or not moved or float(moved.group(1)) == 0 or errors:
        raise Failure("wrk: " + (errors.group() if errors else "no answers"))
    spread = {"p" + p: duration(t) for p, t in re.findall(r"^\s+(50|90|99)%\s+(\S+)", out, re.M)}
    return float(rate.group(1)), spread, float(moved.group(1)) * 1024 ** " KMG".index(moved.group(2) or " ")


def kept(conns, seconds):
    def run(target):
        rate, spread, _ = wrk(target, conns, seconds)
        found = {"kept/%d/rate" % conns: rate}
        found.update(("kept/%d/%s" % (conns, name), spread[name]) for name in ("p50", "p99") if name in spread)
        return found
    return Step("%d kept connections" % conns, "web", seconds, run, conns)


def connect(conns, seconds):
    """ab without -k: each request opens a connection, which the server closes after its answer."""
    def run(target):
        out = target.client("ab", "-q", "-l", "-t%d" % seconds, "-n1000000", "-c%d" % conns, target.url(), limit=seconds + 40)
        rate = re.search(r"^Requests per second:\s+([\d.]+)", out, re.M)
        failed = re.search(r"^(?:Failed requests|Write errors|Non-2xx responses):\s+[1-9].*", out, re.M)
        if not rate or failed:
            raise Failure("ab: " + (failed.group() if failed else "no answers"))
        return {"connect/%d/rate" % conns: float(rate.group(1))}
    return Step("a connection for each request, %d clients" % conns, "web", seconds, run, conns)


def size(bytes_, conns, seconds):
    """After one request that is not measured: the server reads the page from its disk then, and never again."""
    def run(target):
        target.pingpong("http", systems.page_of(bytes_), 0.001)
        rate, _, moved = wrk(target, conns, seconds, systems.page_of(bytes_))
        goodput = moved if bytes_ >= LARGE else rate * bytes_
        return {"size/%d/goodput" % bytes_: goodput / MB}
    step = Step("pages of %d bytes" % bytes_, "web", seconds, run, conns)
    step.many_pages = True
    return step


def offered(rates, conns, seconds):
    """Open loop, with rising load, beyond what most can answer."""
    def run(target):
        found = {}
        for rate in rates:
            got = target.own_client("openloop", systems.PAGE, str(conns), str(rate), str(seconds), limit=seconds + 20)
            found["load/%d/answered" % rate] = got["answered_in_time"] / seconds
            found.update(("load/%d/%s" % (rate, p), got[p]) for p in ("p50", "p99"))
        return found
    return Step("offered load", "web", (seconds + 0.4) * len(rates), run, conns)


# --- FULL=1 ---

def batch(bound, seconds):
    """The dataplane's batch bound, a boot argument. What has no such bound is not measured."""
    def run(target):
        rate, _, _ = wrk(target, 64, seconds)
        got = target.pingpong("http", systems.PAGE, seconds)
        return {"batch/%d/rate" % bound: rate, "batch/%d/p50" % bound: got["p50"], "batch/%d/p99" % bound: got["p99"]}
    return Step("batch bound %d" % bound, "web", 2 * seconds, run, 64, "batch", {"extra": ("batch=%d" % bound,)})


def idle(policy, seconds):
    """What the dataplane's CPU does without work: it decides how fast an answer comes after silence, not how many."""
    def run(target):
        got = target.pingpong("http", systems.PAGE, seconds)
        rate, _, _ = wrk(target, 64, seconds)
        return {"idle/%s/rate" % policy: rate, "idle/%s/p50" % policy: got["p50"], "idle/%s/p99" % policy: got["p99"]}
    return Step("idle policy %s" % policy, "web", 2 * seconds, run, 64, "idle", {"extra": ("idle=%s" % policy,)})


def cpus(count, seconds):
    def run(target):
        rate, _, _ = wrk(target, 64, seconds)
        return {"cpus/%d/rate" % count: rate}
    return Step("%d CPUs that serve" % count, "web", seconds, run, 64, "cpus", {"cpus": count})


# --- The list ---

def quick():
    return ([latency(1.2), kept(1, 1), kept(16, 1), kept(64, 1), connect(16, 1)]
            + [size(n, 8, 1) for n in (4096, 65536, 1048576)]
            + [offered((1000, 4000, 16000), 64, 0.6)]
            + [echo(n, 0.3) for n in (64, 4096, 65536)])


def usual():
    """Short steps, so that there is time for many rounds: those, not longer steps, tell the host's noise from a difference."""
    return ([latency(2)] + [kept(n, 1) for n in (1, 16, 64, 256)] + [connect(16, 2)]
            + [size(n, 8, 1) for n in systems.SIZES]
            + [offered((1000, 2000, 4000, 8000, 16000, 32000), 64, 0.6)]
            + [echo(n, 0.25) for n in (64, 256, 1024, 4096, 16384, 65536, 262144)])


def full():
    return (usual() + [kept(n, 5) for n in (1024, 4096, 10000)]
            + [batch(n, 3) for n in (1, 2, 8, 16, 64)] + [idle(policy, 3) for policy in IDLE_POLICIES]
            + [cpus(n, 3) for n in (1, 2)])


SCALES = {"quick": quick, "default": usual, "full": full}


def steps(scale, most_conns):
    """The steps of a round, with no more connections at once than the network carries."""
    found = SCALES[scale]()
    if most_conns < 64:
        found = [s for s in found if s.conns <= most_conns] + [connect(4, 2), offered((500, 1000, 2000), 4, 1)]
    return sorted(found, key=lambda s: s.role == "echo")  # web first; the order stays otherwise
