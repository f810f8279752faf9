# SPDX-License-Identifier: MIT
"""Part E: whole CPUs, and frames spread over them."""
from gradelib import check_output
from grade import control, cpus as places, lab, nics
from grade.lab import Pinger, exercise, ixlab, needs_cmocka, on_the_host

lab.part("E")

BACK = "ixlab: the CPU came back\n"  # ten times a second, or as often as it does
SECOND = ["-netdev", "user,id=net1", "-device", "e1000,netdev=net1,addr=5,romfile="]


@exercise(15, 4, "which CPUs can be reserved, and by two programs at once", rests_on=[5])
def cpus(t):
    """user/ixlab.c asks for each of four CPUs, for any, and for numbers that are none, while a second program wants the same one
    with another card.

    Often: CPU 0; a CPU given away twice; IX_ANY_CPU that takes the lowest, where the shell's programs run."""
    machine = ixlab(t, "cpus", limit=15, cpus=4, more=SECOND)
    check_output(machine.text, ["ixlab: the second is right"])


@exercise(15, 4, "a program that waits for a message: its network goes on", rests_on=[1, 2, 3, 5, 6, 8])
def blocked(t):
    """A program attaches and then waits for a message that never comes. Pings must be answered all the same.

    Why: an elastic thread may block in the rest of the kernel; its connections must not notice.
    Look: run_without_env() in kern/sched.c."""
    Pinger(t, "ixlab", ["blocked"]).ping(20)


@exercise(15, 3, "a program that yields in a loop: its network goes on, too", rests_on=[1, 2, 3, 5, 6, 8])
def yields(t):
    """The same for a program that never calls sys_run_io and yields its CPU all the time, to nobody. It gets its CPU from another
    program, which computes there, and again after each time that it yields.

    Often: the env is run again before a cycle has passed; or never, for the letter that says so was forgotten."""
    pinger = Pinger(t, "ixlab", ["yields"])
    pinger.ping(20)
    before = pinger.machine.text.count(BACK)
    pinger.machine.until(lambda text: text.count(BACK) > before + 2, "waiting for the program to run", 20)


@exercise(16, 4, "the hash is the published one, and its parts add up", unless=[needs_cmocka])
def toeplitz(t):
    """Test vectors from the hash's definition, and tables with queues that do not exist (tests/toeplitz_test.c)."""
    on_the_host(t, "toeplitz_test", ["*"])


@exercise(16, 3, "key and table are written as each card wants them", rests_on=[], unless=[needs_cmocka])
def tables(t):
    """Reads the fake cards' registers after rss_set (tests/nics_test.c): igb's entries and e1000e's, which are shifted."""
    on_the_host(t, "nics_test", ["key_and_table_are_written*"])


@exercise(16, 5, "2,048 frames of all kinds come with the hash, and on the queue, that software says", rests_on=[1, 3])
def spread(t):
    """Boots with an e1000e and the monitor's command rsscheck, and sends it TCP, UDP, fragments and pings: each frame's hash and
    queue are compared with toeplitz() as it comes.

    Often: ports in host byte order; the table's bytes packed from the other end of the register."""
    nics.hashes("e1000e")(t)


ON_TWO_CPUS = list(range(1, 12)) + [15, 16]


@exercise(17, 4, "groups are shared out evenly, and no more of them move than must", unless=[needs_cmocka])
def shares(t):
    """Spreads 128 flow groups over one to eight threads, of which some have no CPU, or leave (tests/dp_spread_test.c).

    Why: a group that moves keeps its connections waiting; one that is with nobody is lost.
    Often: a thread that leaves counted among those that serve; all groups dealt anew; 128 divided by 3 or 5, and the rest with
    nobody; p->want written without table_lock, so that another CPU sees half of it; a thread woken that has not parked.
    Look: plane_spread() in kern/dp/spread.c."""
    on_the_host(t, "dp_spread_test", ["*"])


@exercise(17, 5, "two threads on two CPUs: every connection is where its hash says, and both serve", rests_on=ON_TWO_CPUS)
def places_of_flows(t):
    """Boots ixhttpd with two threads on an e1000e, opens 48 connections, asks on each, and compares the monitor's `flows` with the
    hash of each connection: its CPU is the one that its group is shared out to.

    Often: everything on one CPU: plane_ask_all() was not called, so that nobody looks.
    Look: `flows` and `dp` in the monitor of `make run-ixhttpd,-t,2-nox NIC=e1000e CPUS=3`."""
    places.spread("e1000e", 2)(t)


@exercise(17, 5, "a CPU comes and goes six times under load: no request lost, no answer out of order", rests_on=ON_TWO_CPUS + [12])
def swings(t):
    """user/ixswing.c gives the key-value store a second CPU and takes it away again, while 16 connections ask. Afterwards free pages,
    buffers and flows are as they were.

    Often: `leaving` set after the groups were spread, so that some of them are meant to stay.
    Look: plane_add_cpu() and plane_remove_cpu() in kern/dp/spread.c."""
    control.swing(6, 50, 60)(t)
