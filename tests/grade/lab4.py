# SPDX-License-Identifier: MIT
"""Lab 4: many environments on many CPUs; copy-on-write fork, user page-fault handlers, preemption, IPC."""
import re

from gradelib import Failure, check_output
from grade import suite
from grade.programs import FREED, IDLE, LEFT, NO_PANIC, prints

suite.part("lab4")

LAB4 = dict(fs=False)

prints("dumbfork", 5, "dumbfork: parent and child take turns",
       [r"%d: I am the parent!?\.?" % i for i in range(10)] + [r"%d: I am the child!?\.?" % i for i in range(20)]
       + [LEFT, FREED, r"\[00001001\] exiting gracefully", IDLE], **LAB4)

# User page-fault handlers.
prints("faultdie", 5, "faultdie's handler sees the address and ends the program",
       ["i faulted at va deadbeef, err 6", FREED], in_order=True, **LAB4)
prints("faultregs", 10, "faultregs: registers survive a handled fault",
       ["Registers in UTrapframe OK", "Registers after page-fault OK"], never=["MISMATCH", NO_PANIC], in_order=True, **LAB4)
prints("faultalloc", 5, "faultalloc's handler supplies pages, also when it faults itself",
       ["fault deadbeef", "this string was faulted in at deadbeef", "fault cafebffe", "fault cafec000",
        "this string was faulted in at cafebffe", FREED], in_order=True, **LAB4)
prints("faultallocbad", 5, "faultallocbad: the kernel does not run the handler for its own reads",
       [r"\[00001000\] user_mem_check assertion failure for va deadbeef", FREED], in_order=True, **LAB4)
for _name, _title, _va in (
        ("faultnostack", "faultnostack has a handler but no exception stack", "eebfff.."),
        ("faultbadhandler", "faultbadhandler names a handler that is not mapped", "(deadb|eebfe)..."),
        ("faultevilhandler", "faultevilhandler names a handler in the kernel", "(f0100|eebfe)...")):
    prints(_name, 5, _title + ", and dies",
           [r"(\[00001000\] user_mem_check assertion failure for|\[00001000\] user fault) va %s.*" % _va, FREED],
           in_order=True, **LAB4)

# The scheduler.
prints("yield", 5, "yield comes back five times", ["Hello, I am environment 00001000."]
       + ["Back in environment 00001000, iteration %d." % i for i in range(5)]
       + ["All done in environment 00001000.", LEFT], in_order=True, **LAB4)


@suite.test(5, "idle yields for ever")
def idle(t):
    machine = t.boot("idle", **LAB4)
    machine.expect("new env 00001000")
    check_output(machine.run_for(2), never=[NO_PANIC, FREED, IDLE])


# IPC.
prints("sendpage", 5, "sendpage: a page goes each way",
       ["1000 got message: hello child environment! how are you\\?", "child received correct message",
        "1001 got message: hello parent environment! I'm good\\.?", "parent received correct message"], **LAB4)
prints("pingpong", 5, "pingpong counts to ten between two", ["send 0 from 1000 to 1001"]
       + ["100%d got %d from 100%d" % ((i + 1) % 2, i, i % 2) for i in range(11)], in_order=True, **LAB4)


# The same programs on one, two and four CPUs.
PRIMES = [n for n in range(2, 1878) if all(n % d for d in range(2, int(n ** 0.5) + 1))]
TREE = [""] + [format(i, "0%db" % depth) for depth in (1, 2, 3) for i in range(2 ** depth)]


def on_some_cpus(name, points, title, want, **how):
    """Add the test for 1, 2 and 4 CPUs."""
    for cpus in (1, 2, 4):
        prints("%s-%d" % (name, cpus), points, "%s (%d CPU%s)" % (title, cpus, "s" if cpus > 1 else ""), want,
               program=name, cpus=cpus, **dict(LAB4, **how))


on_some_cpus("spin", 5, "spin: a child that loops is preempted and killed",
             [r"I am the parent\.  Forking the child\.\.\.", r"I am the parent\.  Running the child\.\.\.",
              r"I am the parent\.  Killing the child\.\.\.", r"\[00001000\] destroying 00001001",
              r"\[0000....\] free env 00001001", LEFT, FREED])
on_some_cpus("forktree", 5, "forktree forks a tree of fifteen",
             [r"[0-9a-f]{4}: I am '%s'" % leaf for leaf in TREE] + [IDLE], limit=30)
on_some_cpus("pingpongs", 5, "pingpongs: a shared variable counts to ten", [r"send 0 from 1000 to 1001"]
             + [r"100%d got %d from 100%d .*" % ((i + 1) % 2, i, i % 2) for i in range(11)], limit=30)
on_some_cpus("primes", 5, "primes: a pipeline of environments sieves up to 1877",
             [r"(CPU \d: )?%d( .*)?" % p for p in PRIMES], in_order=True, until=r"^(CPU \d: )?1877\b", limit=120)


def stress(cpus):
    """Every environment runs, all CPUs take part, and no increment of the shared counter is lost."""
    def play(t):
        machine = t.boot("stresssched", cpus=cpus, **LAB4)
        text = machine.finish(limit=60)
        check_output(text, [IDLE], never=["ran on two CPUs at once", NO_PANIC])
        told = re.findall(r"^\[0000(\w{4})\] stresssched on CPU (\d)", text, re.M)
        if len(told) != 20:
            raise Failure("%d environments told their CPU, not 20" % len(told))
        if len({cpu for _, cpu in told}) < min(cpus, 2):
            raise Failure("only CPU %s ran any of them" % told[0][1])
    return play


def fairness(cpus):
    """
    Two senders share the time: neither of them gets less than a quarter of the receiver's attention. By a clock of instructions, for
    it must not matter which CPU of the guest the host leaves waiting.
    """
    def play(t):
        machine = t.boot("fairness", cpus=cpus, icount=True, **LAB4)
        message = re.compile(r"^1000 recv from (\w+)$", re.M)
        machine.until(lambda text: len(message.findall(text)) >= 2000, "waiting for 2000 messages", limit=60)
        heard = message.findall(machine.text)
        share = {sender: heard.count(sender) / len(heard) for sender in ("1001", "1002")}
        if min(share.values()) < 0.25:
            raise Failure("shares of the receiver: %s" % share)
        check_output(machine.text, never=[NO_PANIC])
    return play


for _cpus in (1, 2, 4):
    _where = "(%d CPU%s)" % (_cpus, "s" if _cpus > 1 else "")
    suite.add("stresssched-%d" % _cpus, "stresssched: no environment runs twice at once " + _where, 5, stress(_cpus))
    suite.add("fairness-%d" % _cpus, "fairness: two senders take turns " + _where, 5, fairness(_cpus))
