# SPDX-License-Identifier: MIT
"""Part D: adaptive batching, and idle CPUs."""
import random

from gradelib import Failure, check_output
from grade import lab
from grade.dp import counters
from grade.lab import echo_over_tcp, exercise, needs_cmocka, on_the_host
from grade.programs import NO_PANIC

lab.part("D")


@exercise(13, 5, "a batch takes what has come, up to its bound; doorbells are few", rests_on=[5, 6, 8], unless=[needs_cmocka])
def batches(t):
    """Bursts on a fake card (tests/dp_rx_test.c), with bounds from 1 to 256: a cycle takes as many as have come, no more than the
    bound, answers them with one doorbell, and gives buffers back with one doorbell for 32.

    Why: a write of a tail register costs more than a frame does. Batches make them rare under load, and cost nothing without.
    Often: waiting for a batch to fill; a doorbell for every buffer."""
    on_the_host(t, "dp_rx_test", ["a_batch_takes_what_has_come", "doorbells_are_few"])


@exercise(13, 3, "bursts: a knock that is withdrawn in time, and more events than fit", rests_on=[5, 6, 7, 8, 9], unless=[needs_cmocka])
def bursts(t):
    """Hundreds of connections that come and go within one batch (tests/dp_event_test.c): a knock that is withdrawn is not told;
    of thousands of events for an array of 1,024 none is lost, none comes twice, and dead is the last of each flow.

    Often: a flow that goes to the end of the list when the array is full (exercise 9), so that others overtake it."""
    on_the_host(t, "dp_event_test", ["a_knock_withdrawn_in_time_is_not_told", "full_arrays_lose_no_death"])


@exercise(13, 3, "in the machine: one doorbell for 8 frames and more", rests_on=list(range(1, 13)))
def doorbells(t):
    """An echo of 200 KB, and the counters of the machine afterwards: rx_doorbells at most an eighth of rx_frames."""
    machine = t.boot("ixecho", fs=False, cpus=2, ports=(7,))
    machine.expect("ixecho: port 7")
    echo_over_tcp(machine, random.Random(13).getrandbits(8 * 200000).to_bytes(200000, "big"))
    count = counters(machine)
    if count["rx_frames"] < 130 or count["rx_doorbells"] * 8 > count["rx_frames"]:
        raise Failure("%d frames, and %d writes of the receive tail register" % (count["rx_frames"], count["rx_doorbells"]))
    check_output(machine.text, never=[NO_PANIC])


@exercise(14, 5, "an idle CPU halts until its timer, and a frame wakes it", rests_on=[5, 6, 7, 8, 9], unless=[needs_cmocka])
def naps(t):
    """A CPU on the host that counts its naps (tests/dp_lend_test.c): it sleeps until the deadline and no longer; a frame
    ends its nap, and one that comes just before the halt is not overlooked; with policy poll it never halts.

    Often: the halt at once, without the second look: then a frame that came in between waits for the timer."""
    on_the_host(t, "dp_lend_test", ["an_idle_cpu_halts_until_its_timer", "a_frame_ends_the_nap", "a_frame_before_the_nap_is_seen",
                                    "polling_never_halts"])


@exercise(14, 4, "in the machine: it halts, and still answers", rests_on=list(range(1, 12)))
def halts(t):
    """An echo with idle=halt: every byte comes back, and the counters show halts that the card's interrupt ended."""
    machine = t.boot("ixecho", fs=False, cpus=2, ports=(7,), extra=("idle=halt",))
    machine.expect("ixecho: port 7")
    for i in range(20):
        echo_over_tcp(machine, b"message %d\n" % i)
    count = counters(machine)
    if not count.get("halts") or not count.get("wakeups_nic"):
        raise Failure("halts %d, of which the card ended %d" % (count.get("halts", 0), count.get("wakeups_nic", 0)))
    check_output(machine.text, never=[NO_PANIC])
