# SPDX-License-Identifier: MIT
"""Part B: receive buffers, run_io and events."""
import random

from gradelib import check_output
from grade import lab
from grade.lab import Pinger, exercise, ixlab, needs_cmocka, on_the_host
from grade.programs import NO_PANIC

lab.part("B")


@exercise(5, 4, "a buffer is in one hand at a time, and only lent bytes can be named", unless=[needs_cmocka])
def pool(t):
    """Takes, moves and gives back all buffers of a pool (tests/dp_buf_test.c), and names bytes as a hostile program would.

    Why: acknowledgements come in by the same buffers as data; a count that is wrong by one ends in a network that stands.
    Often: counts that are not kept by buf_move() but here and there; an end that is computed as va + len, which wraps; two
    buffers that lie side by side taken for one.
    Look: kern/dp/buf.h draws who has a buffer when; the monitor's command dp shows bufs_free, bufs_ring, bufs_app."""
    on_the_host(t, "dp_buf_test", ["each_buffer_is_taken_once", "only_lent_bytes_can_be_named",
                                   "freeing_the_pbuf_frees_the_buffer", "low_means_few_that_turn"])


@exercise(5, 4, "the program sees its buffers: all, empty, and read only; twice")
def windows(t):
    """user/ixlab.c attaches, walks through its page tables (uvpt) and all of its buffers, stores to one, which must fault,
    and detaches; then once more.

    Why: a program that could write there could forge what another part of it, or the stack, has checked already.
    Often: PTE_W; memory that still holds what was there before (another program's data); pages that are gone after the first
    detach, or still there.
    Look: plane_bufs_make() in kern/dp/plane.c, share() in kern/dp/memory.c."""
    ixlab(t, "windows")


@exercise(6, 3, "sys_run_io checks its count, and a cycle leaves nothing behind", rests_on=[5], unless=[needs_cmocka])
def count(t):
    """A dataplane on a fake machine (tests/dp_world.c) announces itself, runs cycles, is given too many calls, and ends.

    Often: transmit buffers that nobody takes back: tx_reap() is not called. (A doorbell that is not rung shows in exercise 8.)
    stat_publish() never called, so that whoever looks from another CPU sees counters that stand still."""
    on_the_host(t, "dp_call_test", ["run_io_checks_its_count", "counters_are_published"])


@exercise(6, 4, "sys_run_io comes back when its time is over, and cycles meanwhile", rests_on=[5])
def run_io(t):
    """user/ixlab.c calls sys_run_io with nothing to do, for no time and for 50 ms, and looks at the counters.

    Often: the time looked at before the first cycle, so that a look of no time does nothing; user_returns not counted.
    Look: dp_run_io() and dp_cycle() in kern/dp/loop.c."""
    ixlab(t, "run-io")


@exercise(7, 4, "timers: set, replaced, cleared, all at once", rests_on=[5, 6], unless=[needs_cmocka])
def timers(t):
    """The calls that need no network, in batches, on a fake machine (tests/dp_event_test.c); bad ones, and how often each is done
    (tests/dp_call_test.c).

    Often: perform() after decode() has failed; op used as an index before it is checked, if only to read from the table; ncalls
    not cleared, so that cycles without the program do the calls again."""
    on_the_host(t, "dp_event_test", ["timers_fire_once_when_due", "a_timer_of_zero_is_due_at_once",
                                     "timers_can_be_replaced_and_cleared", "all_timers_at_once"])
    on_the_host(t, "dp_call_test", ["arguments_have_limits", "one_bad_call_leaves_its_neighbours_alone", "calls_are_done_once"])


@exercise(7, 4, "each slot has its own result, whatever its neighbours are", rests_on=[5, 6])
def slots(t):
    """user/ixlab.c hands over six slots, good and bad ones in turn, with numbers that are no operation, and looks at each
    result, at the seventh slot, which was not handed over, and at a timer's event.

    Often: op used as an index before it is checked; a signed comparison, which lets 0xffffffff pass; the loop left at the
    first error.
    Look: call_run() and calls_run() in kern/dp/call.c."""
    ixlab(t, "calls")


@exercise(8, 3, "2,000 pings in bursts are answered, in order, and no buffer is lost", rests_on=[5, 6], unless=[needs_cmocka])
def pings(t):
    """Bursts of pings on a fake card (tests/dp_rx_test.c): all are answered in order, and the pool is whole at the end.

    Often: a buffer that the ring did not take is not given back; frames polled and forgotten because the array was smaller
    than the bound."""
    on_the_host(t, "dp_rx_test", ["pings_are_answered_in_order"])


@exercise(8, 4, "the machine answers ARP and ping, from 16 bytes to 900", rests_on=[1, 2, 3, 5, 6])
def ping(t):
    """A program that does nothing but sys_run_io; the other end of its cable asks for its address and pings it 300 times, more
    often than the ring has descriptors.

    Often: after 255 frames nothing: buffers do not go back to the ring, or no doorbell tells of them.
    Look: the monitor's command dp: rx_frames, rx_batches, bufs_ring."""
    Pinger(t, "ixlab", ["serve"]).ping(300)


@exercise(9, 4, "data that comes before accept waits, then comes whole", rests_on=[5, 6, 7, 8], unless=[needs_cmocka])
def order(t):
    """A connection on a fake card (tests/dp_event_test.c): its data comes before the program accepts it, and is told after.

    Often: flow_lend() before there was a slot, so that a buffer is lent and never told of; an endless loop over flows that
    wait for the NIC."""
    on_the_host(t, "dp_event_test", ["data_that_comes_before_accept_waits"])


@exercise(9, 5, "a connection's bytes arrive, in place and in order", rests_on=[1, 2, 3, 4, 5, 6, 7, 8])
def sink(t):
    """user/ixlab.c accepts a connection and adds up what comes over it: 20,000 bytes, then the end.

    Often: addr without the offset of the payload in its buffer; the FIN told twice, or before the last data.
    Look: tell_payload() in kern/dp/event.c; buf_user() in kern/dp/buf.h."""
    machine = t.boot("ixlab", args=["sink"], fs=False, cpus=2, ports=(7,))
    machine.expect("ixlab: ready")
    text = random.Random(9).getrandbits(8 * 20000).to_bytes(20000, "big")
    lab.send_over_tcp(machine, text)
    total = 0
    for byte in text:
        total = (total * 31 + byte) & 0xFFFFFFFF
    machine.expect("ixlab: 20000 bytes, %08x" % total, limit=5)
    check_output(machine.text, never=[NO_PANIC])
