# SPDX-License-Identifier: MIT
"""Part A: the polled driver and its rings."""
import random

from gradelib import check_output
from grade import lab, lab6
from grade.lab import echo_over_tcp, exercise, needs_cmocka, on_the_host
from grade.programs import NO_PANIC

lab.part("A")


@exercise(1, 3, "the card is told of its rings and turned on", unless=[needs_cmocka])
def registers(t):
    """Runs e1000_start() against a fake card on the host (tests/e1000_test.c) and reads its registers: the rings' lengths
    in bytes, the address filter, the control bits, and that RCTL is written once.

    Often: a length in descriptors instead of bytes; the address's bytes in the wrong order; bits or'ed into
    RCTL in several writes, after each of which QEMU is deaf for a second; tails that are not 0.
    Look: intel_ring_init(), intel_filter() and intel_enable() in kern/dev/intel_hw.c."""
    on_the_host(t, "e1000_test", ["start_programs_the_device"])


@exercise(1, 2, "the younger cards, too: every queue has its rings", unless=[needs_cmocka])
def queues(t):
    """The same for an e1000e and an igb with all their queues (tests/nics_test.c). They call the same functions, with
    other base registers.

    Often: a register named by its own constant instead of by its distance from `base`, so that every queue
    writes to queue 0's registers."""
    on_the_host(t, "nics_test", ["every_queue_has_its_rings*"])


@exercise(2, 4, "frames enter the transmit ring whole or not at all", rests_on=[1], unless=[needs_cmocka])
def ring(t):
    """Puts frames of one and more pieces on the ring of a fake card (tests/e1000_test.c): what does not fit changes
    nothing, not one byte of the ring or of struct netq; what could never be sent is refused with -E_INVAL; one write
    of the tail register tells of any number of frames.

    Often: room computed with tx_size instead of tx_size - 1; descriptors written before the room is known;
    lengths added up in a type that wraps; a doorbell for each frame."""
    on_the_host(t, "e1000_test", ["frames_that_can_never_go_are_refused", "a_full_ring_changes_nothing",
                                  "one_doorbell_tells_of_all_frames"])


@exercise(2, 3, "frames come back in order, each once, when the card is done", rests_on=[1], unless=[needs_cmocka])
def reap(t):
    """Sends by a fake card that is now fast, now slow, twice around all 32-bit indices (tests/e1000_test.c).

    Often: DD looked for at a frame's first descriptor, which never gets it; tx_head advanced by one instead
    of by a frame; indices used without the mask, or compared by < where they wrap."""
    on_the_host(t, "e1000_test", ["frames_are_reaped_in_order_when_done", "transmit_ring_wraps"])


@exercise(2, 3, "lab 6 sends: testoutput's frames are on the wire, as they are", rests_on=[1])
def testoutput(t):
    """Boots lab 6's net_testoutput, which sends 100 frames, more than its ring holds; the capture must hold exactly these,
    unpadded.

    Often: frames that are put but never flushed; a ring that is never reaped: then 63 frames leave.
    Look: qemu.pcap of `make run-net_testoutput-nox`."""
    lab6.testoutput(100, limit=8)(t)


@exercise(3, 4, "the receive ring: order, wrap, doorbells, damaged frames", rests_on=[1], unless=[needs_cmocka])
def receive_ring(t):
    """Receives on a fake e1000 (tests/e1000_test.c): frames come in order around the ring; no more are taken than asked for;
    the ring holds one less than its size; one doorbell gives the card any number of buffers; each buffer of a frame that is
    damaged, or longer than a buffer, comes back once, marked RX_ERROR, and the next frame is good again.

    Often: a descriptor taken without its DD; DD left set when the descriptor is provided again; the ring filled
    up to the last descriptor, which looks empty to the card; frame lengths with the CRC."""
    on_the_host(t, "e1000_test", [
        "receive_ring_holds_one_less_than_its_size", "an_empty_ring_polls_nothing", "frames_come_in_order_around_the_ring",
        "polling_takes_no_more_than_asked_for", "receive_doorbell_rings_once_for_each_batch", "damaged_frames_are_marked",
        "a_frame_beyond_its_buffer_gives_all_buffers_back", "a_frame_that_is_still_arriving_is_taken_in_parts"])


@exercise(3, 2, "the younger cards' format: status, hash and flags", unless=[needs_cmocka])
def receive_extended(t):
    """The same for the descriptors of e1000e and igb (tests/nics_test.c), in which the card writes over the address.

    Often: flags of a damaged frame beside RX_ERROR; RX_CSUM_OK where the card has not looked, or says that its
    word does not count (INTEL_RXD_IXSM); only a part of the descriptor's second half cleared; its ring filled to the last."""
    on_the_host(t, "nics_test", ["one_receive_descriptor_stays_empty*", "findings_become_flags*"])


@exercise(3, 4, "lab 6 receives: testinput's packets, whole and padded", rests_on=[1, 2])
def testinput(t):
    """Boots lab 6's net_testinput, sends it 100 datagrams, and compares its hex dumps with the capture.

    Often: only as many packets as the ring has descriptors: they were never provided again, or no doorbell told
    of them; one packet twice: rx_head does not advance. Look at qemu.pcap of `make run-net_testinput-nox`."""
    lab6.testinput(100, limit=4)(t)


@exercise(3, 2, "lab 6 is whole: echosrv sends a line back", rests_on=[1, 2])
def echosrv(t):
    """Boots lab 6's network server and echosrv on your driver, and talks to it over TCP. Lab 6 sums up its checksums by
    itself. From here on all of lab 6 works: try `make run-httpd-nox`."""
    machine = lab6.echosrv(t)
    for i in range(3):
        echo_over_tcp(machine, b"%d: ladies and gentlemen, this is a test\n" % i)
    check_output(machine.text, never=[NO_PANIC])


@exercise(4, 4, "contexts are written when they change, and say the right places", rests_on=[1, 2], unless=[needs_cmocka])
def contexts(t):
    """Puts frames with and without checksum offload on a fake card (tests/e1000_test.c), and looks at what context was in
    force when each left.

    Often: a context for every frame; one that is kept when the IP header's length changes, or over a restart;
    no room counted for it, so that a frame that just fits overwrites another."""
    on_the_host(t, "e1000_test", ["a_checksum_context_is_written_when_it_changes", "contexts_name_the_right_places",
                                  "a_frame_that_does_not_fit_changes_nothing",
                                  "transmit_doorbell_rings_once_for_each_batch"])


@exercise(4, 4, "TCP over your checksums: what no server can beat", rests_on=[1, 2, 3])
def ceiling(t):
    """Boots with ceiling=1 (kern/dp/ceiling.c): your driver and a responder without a stack, which leaves all of TCP's
    checksum to the card. A client of this host connects to its port 7 and wants its bytes back; it drops every segment
    whose checksum is wrong.

    Often: nothing comes back at all: open qemu.pcap (`make run-hello-nox ARGS=ceiling=1`) with wireshark, have it
    check TCP checksums, and compare with kern/dev/e1000.h's drawing of a context."""
    machine = t.boot(None, fs=False, leave=False, extra=("ceiling=1",), cpus=2, ports=(7,))
    machine.expect("^ceiling: answering")
    echo_over_tcp(machine, random.Random(4).getrandbits(8 * 1000).to_bytes(1000, "big"))
    check_output(machine.text, never=[NO_PANIC])
