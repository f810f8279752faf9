# SPDX-License-Identifier: MIT
"""Part C: calls that name memory, and zero-copy sending."""
import random

from gradelib import Failure, check_output
from grade import lab
from grade.lab import echo_over_tcp, exercise, ixlab, needs_cmocka, on_the_host
from grade.programs import NO_PANIC
from grade.levels import balanced, levels
from grade.webserver import BIG, index_html, serve
from harness.http import get

lab.part("C")

BEFORE = list(range(1, 10))


@exercise(10, 6, "hostile pointers: each piece and each list that is not the program's is a fault", rests_on=[5, 6, 7])
def pointers(t):
    """user/ixlab.c sends datagrams from addresses that it may not name: the kernel, the gap above the stack, the edges of its
    windows, buffers that it was not lent, lengths that wrap, lists that lie there themselves. Each must give -E_FAULT, and
    what is its own must not.

    Why: the NIC reads whatever physical address it is given. This check is all that stands between a program and every byte
    of the machine.
    Often: base + len compared where it wraps. (What a datagram does not show, exercise 11 does: only the first page of a piece
    looked at; IXLIM taken for the end of the heap that was granted; the list read a second time, after it was checked.)
    Look: kern/dp/sg.c."""
    ixlab(t, "pointers")


@exercise(11, 4, "bytes leave from where they are", rests_on=[5, 6, 7, 8, 9, 10], unless=[needs_cmocka])
def in_place(t):
    """Looks at the addresses that the card is given (tests/dp_zerocopy_test.c): they are the program's own memory, for the
    first transmission and for the second.

    Often: a piece that crosses a page sent as one."""
    on_the_host(t, "dp_zerocopy_test", ["a_body_leaves_the_heap_uncopied", "a_body_leaves_any_page_uncopied",
                                        "a_second_transmission_is_uncopied"])


@exercise(11, 4, "pieces, pages and short counts", rests_on=[5, 6, 7, 8, 9, 10], unless=[needs_cmocka])
def pieces(t):
    """Lists of sixteen pieces, pieces that cross pages and units of the heap, more than the window takes
    (tests/dp_call_test.c), and pages that are unmapped while they are lent (tests/dp_lend_test.c).

    Often: going on with the next piece when one was not taken; `more` wrong, so that segments in the middle of a call have PSH;
    stack_push() after each piece, so that each becomes a segment; the doorbell only after the frames (exercise 6); a loan that
    is made and not cancelled when nothing was taken; its end before tx_written was advanced."""
    on_the_host(t, "dp_call_test", [
        "sixteen_pieces_become_one_segment", "only_the_last_segment_of_a_call_pushes", "what_calls_send_does_not_wait_for_frames",
        "a_large_sendv_is_cut_short", "nothing_is_taken_behind_a_piece_that_is_not", "a_piece_may_cross_units_of_the_heap"])
    on_the_host(t, "dp_lend_test", ["a_page_given_up_waits_for_its_last_byte",
                                    "a_page_is_lent_until_its_own_bytes_are_acknowledged"])


@exercise(11, 2, "bad pieces and bad lists are refused here, too", rests_on=[5, 6, 7, 8, 9, 10], unless=[needs_cmocka])
def refused(t):
    """The same for sendv on a connection (tests/dp_call_test.c), with every edge of every window, and a list that changes
    meanwhile.

    Often: exercise 10: only the first page of a piece looked at; IXLIM taken for the end of the heap that was granted; the list
    read a second time, after it was checked."""
    on_the_host(t, "dp_call_test", ["bad_memory_is_refused", "a_list_is_read_once"])


@exercise(11, 3, "an echo from the receive buffers: the bytes that came go back", rests_on=BEFORE + [10])
def echo(t):
    """user/ixecho.c sends what it received from where it lies. Small messages, which need no buffer back.

    Look: qemu.pcap of `make run-ixecho-nox`; the monitor's command dp: tx_copied_bytes stays 0, or it is not shown."""
    machine = t.boot("ixecho", fs=False, cpus=2, ports=(7,))
    machine.expect("ixecho: port 7")
    for size in (1, 100, 1460, 3000):
        echo_over_tcp(machine, random.Random(size).getrandbits(8 * size).to_bytes(size, "big"))
    check_output(machine.text, never=[NO_PANIC])


@exercise(11, 5, "a web server: pages, 1 MB each, and nothing is lost by them", rests_on=BEFORE + [10])
def web(t):
    """ixhttpd serves fs/index.html and a file of 1 MB, byte for byte; afterwards free pages, buffers and flows are as before.

    Often: the balance: buffers that stay with the program (bufs_app), flows that never end.
    Look: the monitor's commands dp and mem, before and after `make run-ixhttpd-nox` has served a page."""
    machine = serve(t)
    port = machine.port(80)
    try:
        for i in range(6):
            if i == 1:
                before = levels(machine)  # the files are in the server's memory now
            page, big = (get(port, path, machine.pace(5)).body for path in ("/", "/big.bin"))
            if page != index_html(t) or big != BIG:
                raise Failure("what came is not what is on the disk")
    except OSError as e:
        raise Failure("no page: %s\n%s" % (e, machine.tail())) from None
    balanced(machine, before)
    check_output(machine.text, never=[NO_PANIC])


@exercise(12, 3, "credit is counted in bytes, over parts of buffers", rests_on=[5], unless=[needs_cmocka])
def credit(t):
    """Random takes, loans and returns against a model (tests/dp_flow_test.c): a buffer goes back when it is covered, no sooner,
    no later.

    Often: credit thrown away at a buffer's end; a buffer given back of which only a part is done."""
    on_the_host(t, "dp_flow_test", ["credit_accumulates_over_parts_of_buffers", "the_chain_agrees_with_its_model"])


@exercise(12, 4, "recv_done opens the window again", rests_on=[5, 6, 7, 8, 9, 10, 11], unless=[needs_cmocka])
def window(t):
    """A peer fills the window, the program gives back, the peer goes on (tests/dp_tcp_test.c); more than was lent is refused,
    and changes nothing, and what is in the program's hands still may be sent (tests/dp_call_test.c). Whole requests, from the
    segment to the buffer's return, take no lock that other CPUs take (tests/dp_load_test.c)."""
    on_the_host(t, "dp_tcp_test", ["the_window_follows_credit"])
    on_the_host(t, "dp_call_test", ["only_what_was_lent_can_be_done_with"])
    on_the_host(t, "dp_load_test", ["busy_cycles_take_no_lock"])


@exercise(12, 5, "a stream of 300 KB and back: buffers go round, and none is lost", rests_on=BEFORE + [10, 11])
def stream(t):
    """Echoes 300 KB through ixecho, twice: five times what the first window holds. Afterwards free pages, buffers and flows are as they were.

    Often: stuck after 64 KB: the window never opens; fewer bufs_free each time: flow_done() loses the remainder of a buffer.
    Look: the monitor's commands dp and mem."""
    machine = t.boot("ixecho", fs=False, cpus=2, ports=(7,))
    machine.expect("ixecho: port 7")
    text = random.Random(12).getrandbits(8 * 300000).to_bytes(300000, "big")
    echo_over_tcp(machine, text)
    before = levels(machine)
    echo_over_tcp(machine, text)
    balanced(machine, before)
    check_output(machine.text, never=[NO_PANIC])
