# SPDX-License-Identifier: MIT
"""What the dataplane promises, row by row, and which tests hold it to that.

The rows are those of doc/ABI.md's calls, events and errors, and the questions about isolation that the IX lecture asks.
Each names its tests, the first being the one that finds the property broken when `broken` is done to the source: one text
in one file, which is there once, in place of another. tests/grade/properties.py checks that every row is whole; `make
check-long PART=properties` breaks each property and wants to see its test fail.

A test is `PROGRAM: CASE` of the host's tests, or `grade: NAME` of the grader's.
"""
import collections

Property = collections.namedtuple("Property", "row says tests broken")
DP = "kern/dp/"


def row(name, says, tests, path=None, old=None, new=None):
    found = [tuple(test.split(": ")) for test in ([tests] if isinstance(tests, str) else tests)]
    PROPERTIES.append(Property(name, says, found, path and (DP + path, old, new)))


PROPERTIES = []

# ---- Calls: one row, or more, for each IX_CALL_x of inc/ix.h ----

row("call NONE", "does nothing", "dp_call_test: arguments_have_limits",
    "call.c", "[IX_CALL_NONE] = { decode_none, do_none }", "[IX_CALL_NONE] = { decode_unlisten, do_none }")
row("call LISTEN", "a SYN to the port is answered and becomes a knock", ["dp_tcp_test: a_handshake_makes_a_knock", "grade: misuse"],
    "listen.c", "l->port = port;", "l->port = port + 1;")
row("call LISTEN", "the backlog bounds handshakes and knocks", ["dp_cookie_test: it_waits_while_the_backlog_is_full", "grade: dp-backlog"],
    "tcp_call.c", "tcp_listen_with_backlog(pcb, l->backlog)", "tcp_listen_with_backlog(pcb, 255)")
row("error NO_MEM", "more listeners than 64", "dp_call_test: listeners_run_out",
    "listen.c", "if (slot == NLISTENERS)", "if (slot > NLISTENERS)")
row("call UNLISTEN", "nobody can connect any more; knocks stay", ["dp_load_test: unlisten_ends_handshakes_and_knocks_stay", "grade: dp-unlisten"],
    "listen.c", "p->listeners[slot].gen++;", ";")
row("call CONNECT", "opens a flow to that address and port", ["dp_tcp_test: connecting_succeeds", "grade: dp-connect"],
    "tcp_call.c", "tcp_connect(pcb, &to, t->rport, on_connected)", "tcp_connect(pcb, &to, t->lport, on_connected)")
row("call CONNECT", "from a port that is free for that peer", "dp_tcp_test: each_connection_has_its_own_port",
    "tcp_call.c", "dp->next_port = 65536 - DYNAMIC_PORTS + (dp->next_port + 1) % DYNAMIC_PORTS;", ";")
row("call CONNECT", "from a port such that the answers come to this CPU", "dp_move_test: groups_move_under_load",
    "tcp_call.c", "if (g->owner == dp && !is_taken", "if (g->owner && !is_taken")
row("call ACCEPT", "the flow is the program's, under its cookie", ["dp_close_test: we_close_first", "grade: dp-echo"],
    "call_flow.c", "f->cookie = rq->call.accept.cookie;", ";")
row("call ACCEPT", "the backlog has room again", "dp_cookie_test: it_waits_while_the_backlog_is_full",
    "call_flow.c", "\tstack_accept(f);\n", "")
row("call REJECT", "RST, and everything is freed", ["dp_close_test: a_rejected_flow_is_reset", "grade: dp-reject"],
    "call.c", "[IX_CALL_REJECT] = { find_knocking_flow, do_abort }", "[IX_CALL_REJECT] = { find_knocking_flow, do_accept }")
row("call SENDV", "says how many bytes it took", ["dp_call_test: sixteen_pieces_become_one_segment", "grade: dp-bulk"],
    "call_data.c", "\t\ttotal += n;\n", "\t\ttotal = n;\n")
row("call SENDV", "no byte is copied: from the heap", ["dp_zerocopy_test: a_body_leaves_the_heap_uncopied"],
    "tcp_call.c", "more && n == len ? TCP_WRITE_FLAG_MORE : 0", "TCP_WRITE_FLAG_COPY")
row("call SENDV", "no byte is copied: from any page", ["dp_zerocopy_test: a_body_leaves_any_page_uncopied", "grade: dp-echo"],
    "tcp_call.c", "more && n == len ? TCP_WRITE_FLAG_MORE : 0", "TCP_WRITE_FLAG_COPY")
row("call SENDV", "no byte is copied: from receive buffers", ["dp_zerocopy_test: received_buffers_leave_uncopied", "grade: loss"],
    "tcp_call.c", "more && n == len ? TCP_WRITE_FLAG_MORE : 0", "TCP_WRITE_FLAG_COPY")
row("call SENDV", "it can close, with the FIN behind the last byte", "dp_close_test: an_answer_and_its_fin_are_one_segment",
    "call_data.c", "\t\tclose_flow(rq->flow);\n\telse if (total)\n", "\t\tstack_push(rq->flow), close_flow(rq->flow);\n\telse if (total)\n")
row("call SENDV", "it closes only if all bytes were taken", "dp_close_test: it_closes_only_when_all_was_taken",
    "call_data.c", " && total == sg_total(rq->sg, rq->call.sendv.n))", ")")
row("call RECV_DONE", "credit accumulates over parts of buffers", "dp_flow_test: credit_accumulates_over_parts_of_buffers",
    "flow_rx.c", "f->rx_credit += bytes;", "f->rx_credit = bytes;")
row("call RECV_DONE", "opens the window", "dp_tcp_test: the_window_follows_credit",
    "call_data.c", "\t\tstack_recved(f, rq->call.recv_done.bytes);\n", "\t\t;\n")
row("call SHUTDOWN", "FIN after what is queued; the other direction goes on",
    ["dp_close_test: data_comes_after_our_fin", "grade: dp-half-close"],
    "tcp_call.c", "tcp_shutdown(f->pcb, 0, 1)", "tcp_shutdown(f->pcb, 1, 1)")
row("call CLOSE", "what is queued is still delivered",
    ["dp_close_test: what_was_queued_is_delivered_before_the_fin", "grade: dp-close-delivers"],
    "tcp_call.c", "\ttcp_close(f->pcb);\n", "\ttcp_abort(f->pcb);\n")
row("call CLOSE", "data that was not read does not turn the FIN into a reset", "dp_close_test: unread_data_does_not_spoil_the_close",
    "tcp_call.c", "give_back(f->pcb, TCP_WND_MAX(f->pcb) - f->pcb->rcv_wnd);", ";")
row("call CLOSE", "what arrives later is answered with RST", "dp_close_test: data_after_close_is_answered_with_rst",
    "tcp_call.c", "\ttcp_close(f->pcb);\n", "\ttcp_shutdown(f->pcb, 0, 1);\n")
row("call ABORT", "RST", ["dp_close_test: we_abort", "grade: dp-abort"],
    "call_flow.c", "\tstack_abort(rq->flow);\n", "\tstack_close(rq->flow);\n")
row("call UDP_BIND", "datagrams to the port are the program's", ["dp_lend_test: datagrams_come_and_go", "grade: dp-udp"],
    "udp.c", ".port = port, .cookie = cookie", ".port = port + 1, .cookie = cookie")
row("call UDP_SENDV", "one datagram, from that port to that address", ["dp_lend_test: datagrams_come_and_go", "grade: dp-udp"],
    "udp_send.c", "fill_header(p, u->port, to->port)", "fill_header(p, to->port, u->port)")
row("call UDP_RECV_DONE", "the buffer goes back", ["dp_lend_test: datagrams_come_and_go", "grade: dp-udp"],
    "call_udp.c", "\tbuf_put(rq->buf);\n", "\t;\n")
row("call TIMER_SET", "due after so many microseconds, once", "dp_event_test: timers_fire_once_when_due",
    "timer.c", "uint64_t due = dp->now_us + us;", "uint64_t due = dp->now_us + us / 2;")
row("call TIMER_CLEAR", "it does not come", "dp_event_test: timers_can_be_replaced_and_cleared",
    "timer.c", "{ dp->timers[id].due_us = 0; }", "{ (void)dp, (void)id; }")

# ---- What holds for all calls ----

row("calls", "each slot has its own result; a bad one does not touch its neighbours", "dp_call_test: one_bad_call_leaves_its_neighbours_alone",
    "call.c", "\t\tslot->result = r;\n", "\t\tslot->result = r;\n\t\tif (r < 0)\n\t\t\tbreak;\n")
row("calls", "each slot, and each list, is read once", "dp_isolation_test: slots_and_lists_are_read_once",
    "call.c", "\t\tint r = call_run(dp, &rq);\n", "\t\trq.call.op = *(volatile uint32_t *)&slot->op;\n\t\tint r = call_run(dp, &rq);\n")
row("calls", "those about different things commute", "dp_commute_test: each_pair_of_calls",
    "call_flow.c", "\tstack_abort(rq->flow);\n", "\tstack_abort(rq->flow);\n\ttimer_clear(rq->flow->g->owner, 0);\n")

row("calls", "of two CPUs, all but those about one listener commute", "dp_commute_test: each_pair_of_calls_on_two_cpus",
    "timer.c", "{ dp->timers[id].due_us = 0; }", "{ dp->plane->members[0]->timers[id].due_us = 0; }")

# ---- Moving flows ----

row("moving", "no frame is lost, and none overtakes another", "dp_move_test: groups_move_under_load",
    "move.c", "\trun_ring(dp);\n\tif (at_once)", "\tif (at_once)")
row("moving", "what was sent before is on the wire before", "dp_move_test: groups_move_under_load",
    "move.c", "if (at_once || transmits_are_done(dp)) {", "if (at_once || true) {")
row("leaving", "a slow NIC is waited for before the flows go on", "dp_leave_test: it_waits_for_a_slow_nic",
    "move.c", "\tif (at_once)\n\t\ttransmits_end(dp);\n", "")
row("leaving", "bytes that a stuck NIC may read are not told as sent", "dp_leave_test: a_stuck_ring_is_given_up",
    "move.c", "\t\t\tf->flags |= FLOW_STUCK;\n", "\t\t\t;\n")
row("leaving", "frames that came before their group are handed on", ["dp_leave_test: early_frames_are_handed_on", "dp_move_test: groups_move_under_load"],
    "move.c", "\tframes_hand_on(dp);\n", "")
row("leaving", "... in order, and before those that come to the next", "dp_move_test: groups_move_under_load",
    "exchange.c", "\t\tb->next = dp->parked_first;\n\t\tdp->parked_first = b;\n",
    "\t\tif (dp->parked_first)\n\t\t\tdp->parked_last->next = b;\n\t\telse\n\t\t\tdp->parked_first = b;\n\t\tb->next = NULL;\n")
row("leaving", "... and their buffers' number comes back", "dp_leave_test: early_frames_are_handed_on",
    "exchange.c", "\t__atomic_add_fetch(&dp->owed[to->thread], 1, __ATOMIC_SEQ_CST);\n", "")
row("leaving", "the next thread in its place finds nothing of it", "dp_home_test: each_finds_an_empty_home",
    "member.c", "\tmemset(dp->events, 0, EVENTS_SIZE);\n", "")
row("moving", "buffers that the flows hold change hands", "dp_move_test: groups_move_under_load",
    "move.c", "g->nbufs = for_each_buf(g, buf_leave, dp);", "g->nbufs = 0;")
row("moving", "each thing is touched by its own CPU only", "dp_owner_test: each_door_asks_who_comes",
    "tcp.c", "\tOWN_GROUP(g);\n\tRULE(!g->entered", "\tRULE(!g->entered")

# ---- Events: for each IX_EV_x ----

row("event KNOCK", "the peer's address and port", ["dp_tcp_test: a_handshake_makes_a_knock", "grade: misuse"],
    "event.c", "ev->knock.port = f->tuple.rport;", "ev->knock.port = f->tuple.lport;")
row("event KNOCK", "data that arrives before accept waits", ["dp_event_test: data_that_comes_before_accept_waits", "grade: dp-wait"],
    "flow_rx.c", "(f->flags & FLOW_CLOSED)) {", "(f->flags & FLOW_CLOSED) || f->state == FLOW_KNOCKING) {")
row("event CONNECTED", "refused", ["dp_tcp_test: connecting_is_refused", "grade: dp-connect"],
    "tcp_note.c", "f->state == FLOW_CONNECTING ? -E_REFUSED : -E_RESET", "-E_RESET")
row("event CONNECTED", "timed out", ["dp_tcp_test: connecting_times_out", "grade: fetch-errors"],
    "tcp_time.c", "-E_TIMED_OUT", "-E_ABORTED")
row("event RECV", "in the buffer that its descriptor named", "dp_zerocopy_test: frames_are_delivered_where_the_descriptors_put_them",
    "event.c", "ev->recv.addr = buf_user(b) + b->off;", "ev->recv.addr = buf_user(b->next ? b->next : b) + b->off + 2048;")
row("event RECV", "in order", ["dp_tcp_test: data_out_of_order", "dp_loss_test: seed_1", "grade: loss"],
    "flow_rx.c", "\tif (!f->rx_next)\n\t\tf->rx_next = b;\n", "\tf->rx_next = b;\n")
row("event RECV", "the FIN comes with or after the last byte", "dp_event_test: what_happens_in_one_cycle_comes_in_order",
    "event.c", "if (!f->rx_next && (f->flags & FLOW_FIN_IN)) {", "if (f->flags & FLOW_FIN_IN) {")
row("event SENT", "the bytes that were acknowledged", "dp_tcp_test: a_partial_ack_tells_what_it_covers",
    "event.c", "ev->sent.bytes = f->tx_ready;", "ev->sent.bytes = f->tx_written;")
row("event SENT", "not while a descriptor can read them", "dp_event_test: sent_waits_until_no_descriptor_can_read_the_bytes",
    "flow.c", "if (!f->tx_wait && ring_passed(head, tail)) {", "if (!f->tx_wait) {")
row("event DEAD", "once, as the last event", ["dp_event_test: full_arrays_lose_no_death", "grade: dp-reset"],
    "event.c", "\tlist_append(&dp->graves, &f->pending);\n\treturn true;\n",
    "\tf->state = FLOW_OPEN;\n\tf->flags &= ~FLOW_GRAVE;\n\tlist_append(&dp->pending, &f->pending);\n\treturn false;\n")
row("event DEAD", "not while a descriptor can read its bytes", "dp_event_test: dead_waits_for_the_nic_too",
    "event.c", "|| !ring_passed(dp->q->tx_head, f->stamp_end))", "|| false)")
row("event DEAD", "why", ["dp_close_test: the_peer_resets", "grade: dp-connect"],
    "event.c", "ev->dead.reason = f->reason;", "ev->dead.reason = 0;")
row("event DEAD", "the handle is gone", "dp_close_test: we_close_first",
    "event.c", "\tev->dead.reason = f->reason;\n\tf->gen = 0;\n", "\tev->dead.reason = f->reason;\n")
row("event DEAD", "what it lent can be read until the next calls are done", "dp_event_test: lent_bytes_outlive_dead_by_one_call",
    "event.c", "\tev->dead.reason = f->reason;\n", "\tev->dead.reason = f->reason;\n\tflow_drop_all(f);\n")
row("event MOVED", "to each flow that the program knows, on the thread that has it now", "dp_move_test: groups_move_under_load",
    "move.c", "\t\t\tf->flags |= FLOW_MOVED;\n", "\t\t\tf->flags |= f->rx_first ? 0 : FLOW_MOVED;\n")
row("event MOVED", "once for each move, before anything else", ["dp_move_test: groups_move_under_load", "grade: spread-e1000e"],
    "event.c", "\tf->flags &= ~FLOW_MOVED;\n", "\tf->flags &= f->flags & FLOW_FIN_IN ? ~0 : ~FLOW_MOVED;\n")
row("event UDP_RECV", "from whom", ["dp_lend_test: datagrams_come_and_go", "grade: dp-udp"],
    "udp_event.c", "ev->udp_recv.port = udp[0] << 8 | udp[1];", "ev->udp_recv.port = local_port;")
row("event UDP_SENT", "how many bytes are not read any more", ["dp_lend_test: datagrams_come_and_go", "grade: dp-udp"],
    "udp_event.c", "ev->udp_sent.bytes = u->tx_ready;", "ev->udp_sent.bytes = u->tx_ready + 1;")
row("event TIMER", "with its cookie", "dp_event_test: timers_fire_once_when_due",
    "timer.c", "ev->cookie = dp->timers[id].cookie;", "ev->cookie = id;")
row("events", "what does not fit into the array waits", "dp_event_test: events_that_do_not_fit_wait",
    "event.c", "\t\t\tlist_push(&dp->pending, &f->pending);\n\t\t\tbreak;\n", "\t\t\tbreak;\n")

# ---- Errors ----

row("error BAD_HANDLE", "a stale handle", ["dp_flow_test: a_handle_is_never_good_twice", "grade: misuse"],
    "flow.c", "f->gen == IX_HANDLE_GEN(handle)", "true")
row("error BAD_HANDLE", "another kind's", ["dp_call_test: each_call_in_each_state", "grade: misuse"],
    "call_flow.c", "group >= p->ngroups || (", "false && (")
row("error BAD_HANDLE", "a closed listener's", "dp_call_test: handles_of_closed_listeners_are_stale",
    "listen.c", "is_open(l) && l->gen == IX_HANDLE_GEN(handle)", "is_open(l)")
row("error MOVED", "a flow that lives on a sibling's CPU", ["dp_move_test: groups_move_under_load",
    "dp_owner_test: a_call_on_the_wrong_thread_is_refused"],
    "call_flow.c", "\tif (p->groups[group].owner != dp)\n", "\tif (!p->groups[group].owner)\n")
row("error CLOSED", "a flow that is closing, or has ended", ["dp_call_test: each_call_in_each_state", "grade: misuse"],
    "call_flow.c", "return f->flags & blocked ? -E_CLOSED : 0;", "return f->flags & blocked ? -E_INVAL : 0;")
row("error FAULT", "memory that the program cannot read", ["dp_call_test: bad_memory_is_refused", "grade: misuse"],
    "sg.c", "\t\tif (!user_page(dp, va))\n\t\t\treturn false;\n", "\t\t;\n")
row("error FAULT", "a list that the program cannot read", ["dp_call_test: bad_lists_are_refused", "grade: misuse"],
    "sg.c", "n * sizeof(*sg)) < 0)\n\t\treturn -E_FAULT;", "n * sizeof(*sg)) < 0)\n\t\treturn -E_INVAL;")
row("error FAULT", "receive buffers that were not lent", ["dp_call_test: only_what_was_lent_can_be_done_with", "grade: misuse"],
    "buf.c", "&& b->state == BUF_APP ? b->bytes", "? b->bytes")
row("error INVAL", "a port, a backlog, a timer that cannot be", ["dp_call_test: arguments_have_limits", "grade: misuse"],
    "call.h", "port >= 1 && port <= 65535", "port <= 65535")
row("error INVAL", "flags that there are not", "dp_call_test: unknown_flags_are_refused",
    "call_data.c", "rq->call.sendv.flags & ~(uint32_t)IX_SEND_CLOSE)", "rq->call.sendv.flags & 0x80000000)")
row("error INVAL", "more pieces than 16", ["dp_call_test: bad_lists_are_refused", "grade: misuse"],
    "sg.c", "if (n > IX_SG_MAX)", "if (n > 100000)")
row("error INVAL", "more credit than was lent", ["dp_call_test: only_what_was_lent_can_be_done_with", "grade: misuse"],
    "call_data.c", "return rq->call.recv_done.bytes <= rq->flow->rx_lent ? 0 : -E_INVAL;", "return 0;")
row("error INVAL", "more calls than slots", ["dp_call_test: run_io_checks_its_count", "grade: misuse"],
    "loop.c", "ncalls > IX_NCALLS", "ncalls > IX_NCALLS + 1")
row("error IN_USE", "a port that is listened to", ["dp_call_test: arguments_have_limits", "grade: misuse"],
    "listen.c", "&& copy->port == port)\n\t\t\treturn i;", "&& copy->port == port)\n\t\t\treturn -1;")
row("error AGAIN", "a flow that is not connected yet", ["dp_call_test: each_call_in_each_state", "grade: misuse"],
    "call_flow.c", "\tif (f->state == FLOW_CONNECTING)\n\t\treturn -E_AGAIN;\n", "\tif (f->state == FLOW_CONNECTING)\n\t\treturn -E_INVAL;\n")

# ---- Isolation: the lecture's questions ----

row("isolation: has the program access to the NIC", "rings and registers are the kernel's alone",
    "dp_isolation_test: the_program_sees_its_windows_only",
    "member.c", "CALLS_SIZE, (uintptr_t)IX_CALLS(dp->thread)", "CALLS_SIZE + PGSIZE, (uintptr_t)IX_CALLS(dp->thread)")
row("isolation: can it write what it has handed in", "its own bytes only: headers and checksums are ours",
    "dp_isolation_test: late_writes_change_its_own_bytes_only",
    "netif.c", "TX_CSUM_TCP : TX_CSUM_UDP", "0 : TX_CSUM_UDP")
row("isolation: can it write what it has received", "a store faults", ["dp_call_test: windows_have_the_rights_they_should", "grade: write-dies", "grade: write-survived"],
    "plane.c", "IX_RXBUFS + place * PTSIZE, PTE_U)", "IX_RXBUFS + place * PTSIZE, PTE_U | PTE_W)")
row("isolation: can it write events", "they are read-only", "dp_call_test: windows_have_the_rights_they_should",
    "member.c", "(uintptr_t)IX_EVENTS(dp->thread), PTE_U)", "(uintptr_t)IX_EVENTS(dp->thread), PTE_U | PTE_W)")
row("isolation: can it read others' packets", "buffers are zeroed before they change hands", "dp_isolation_test: what_it_gets_is_zero",
    "plane.c", "place < BUF_SUPERS_MAX ? super_alloc(true) : NULL", "place < BUF_SUPERS_MAX ? super_alloc(false) : NULL")
row("isolation: can it read others' packets", "nor can the heap tell them", "dp_isolation_test: what_it_gets_is_zero",
    "plane.c", "p->heap[i] = super_alloc(true);", "p->heap[i] = super_alloc(false);")
row("isolation: can it hand on what is not its own", "JOS's page calls and fork leave the windows alone", "grade: ixrange")
row("isolation: who provides physical addresses", "the kernel; pages are kept until the NIC is done",
    ["dp_lend_test: a_page_given_up_waits_for_its_last_byte", "grade: dp-unacked-pages"],
    "call_data.c", "loan_add(&f->loans, loan, f->tx_written);", "loan_cancel(f->g, loan);")
row("isolation: what if it spins", "the stack goes on, the program is marked, and ended if so configured",
    ["dp_isolation_test: a_spinning_program_is_noticed", "grade: watchdog", "grade: watchdog-ends"],
    "watchdog.c", "\t\trun_stack(dp);\n", "")
row("isolation: what separates control plane and dataplane", "nothing but the kernel's own care: a caveat", "grade: properties")

# ---- Fragments ----

row("fragments", "datagrams are put together, in any order", ["dp_reass_test: any_order", "grade: dp-fragments", "grade: frames"],
    "reass.c", "\tif (!f->more)\n\t\td->total = f->end;\n", "\td->total = f->more ? 0 : f->end;\n")
row("fragments", "and go to the CPU of their flow", ["dp_hand_test: segments_go_to_the_cpu_of_their_flow", "grade: fragments-e1000e"],
    "rx_tcp.c", "if (!(pk->flags & RX_JOINED) || !frame_hand(dp, g, pk->buf, pk->len, pk->flags))", "")
row("fragments", "also when it has changed meanwhile", "dp_hand_test: frames_follow_a_group_that_moves",
    "exchange.c", "\t\tb->off = flags & ~RX_HASH;\n\t\tdp->stat.rx_handed++;\n", "\t\tb->off = 0;\n\t\tdp->stat.rx_handed++;\n")
row("fragments", "no thread parks with one on its list", "dp_hand_test: a_thread_does_not_park_with_frames_on_its_list",
    "ask.c", " && !dp->handed", "")
row("fragments", "buffers that cannot be returned at once are owed", "dp_hand_test: buffers_are_owed",
    "exchange.c", "bufs_return(dp, from, n), __ATOMIC_SEQ_CST);", "(bufs_return(dp, from, n), n), __ATOMIC_SEQ_CST);")
row("fragments", "those that overlap others spoil their datagram", "dp_reass_test: overlaps_spoil_the_datagram",
    "reass.c", "return !goes_on && memcmp", "return !goes_on || memcmp")
row("fragments", "for good", "dp_reass_test: overlaps_spoil_the_datagram",
    "reass.c", "\td->refused = why;\n", "\td->used = false;\n")
row("fragments", "at most 16 datagrams wait; the oldest goes", "dp_reass_test: the_oldest_goes",
    "reass.c", "d->since_us < oldest->since_us", "d->since_us > oldest->since_us")
row("fragments", "for a minute; then their sender is told", "dp_reass_test: late_ones_are_given_up",
    "reass.c", "\t\treass_tell(dp, d);\n", "")
row("fragments", "a halted CPU wakes for that", "dp_reass_test: a_halted_cpu_wakes_for_them",
    "tcp_time.c", " || dp->reass.nused ?", " ?")
row("fragments", "none of it is done for what cannot be, and each that is lost is counted", "dp_reass_test: impossible_ones_are_refused",
    "reass.c", "len > 0 && !(f->more", "!(f->more")
row("fragments", "a ping longer than a frame is answered in fragments", ["dp_reass_test: a_long_ping_is_answered_in_fragments", "grade: dp-fragments"],
    "rx_echo.c", "more ? MORE_FRAGMENTS : 0", "0")

# ---- More than it can take: what is dropped is counted, and the rest goes on ----

row("load", "a flood of SYNs leaves open flows alone, and lets others in", ["dp_load_test: a_syn_flood_leaves_others_alone", "grade: dp-syn-flood"],
    "tcp_new.c", "if (syn && taken >= most - (most + 3) / 4)", "if (0)")
row("load", "what a flood left no place for begins all the same", ["dp_cookie_test: an_ack_finishes_it", "dp_cookie_test: data_finishes_it_too"],
    "tcp_new.c", "return kind != TCP_ACK || !g->owner->plane->cookie_tick || resume(g, bucket, p, seg);", "return true;")
row("load", "with the segments that its peer can take", "dp_cookie_test: what_it_can_take_at_once_is_remembered",
    "tcp_cookie.c", "syn->seq, TCP_SYN, mss)", "syn->seq, TCP_SYN, TCP_MSS)")
row("load", "and nobody else does", ["dp_cookie_test: other_numbers_are_refused", "syncookie_test: guesses_are_hopeless"],
    "syncookie.c", "return size < NSIZES ? sizes[size] : 0;", "return sizes[size % NSIZES];")
row("load", "nor does it after two minutes", ["dp_cookie_test: it_does_not_keep", "syncookie_test: it_is_good_for_this_minute_and_the_next"],
    "syncookie.c", "((minute_of(tick) + 1 - minute) & 0xff) > 2", "((minute_of(tick) + 1 - minute) & 0xff) > 9")
row("load", "segments that could not be sent again early are, in order", "dp_tcp_test: duplicate_acks_from_behind_a_shut_window",
    "tcp_time.c", "\t\tput_in_order(pcb);\n", "\t\t(void)put_in_order;\n")
row("load", "senders that cannot be are counted", "dp_rx_test: each_damage_has_its_counter",
    "rx_ip.c", " || !is_host(dp, get_raw32(ip + 12))", "")
row("load", "no slot for a flow", "dp_drop_test: connections_without_a_slot",
    "tcp_new.c", "dp->stat.drop_flows++;", ";")
row("load", "no memory for a flow", "dp_load_test: memory_for_flows_runs_out",
    "tcp_new.c", "\tif (reserve_is_dry(&dp->reserve)) {\n\t\tdp->stat.drop_rx_nomem++;\n", "\tif (reserve_is_dry(&dp->reserve)) {\n")
row("load", "TIME_WAIT yields its memory", "dp_load_test: time_wait_yields_its_memory",
    "tcp_new.c", "stat.timewait_reclaimed++;", "stat.timewait_reused++;")
row("load", "a program that holds every buffer still gets the acknowledgements that free them",
    ["dp_load_test: a_program_that_holds_every_buffer", "grade: dp-stuffed"],
    "rx_tcp.c", "\t\ttrim_to_ack(pk, tcp, header);\n", "")
row("load", "data out of order does not keep the last buffers", "dp_load_test: out_of_order_data_is_shed",
    "tcp_time.c", "tcp_free_ooseq(pcb);", ";")
row("load", "datagrams that nobody takes do not keep the buffers", "dp_drop_test: datagrams_that_nobody_takes",
    "rx_ip.c", " || !uport_has_room(port)", "")
row("load", "a transmit ring that does not empty", "dp_load_test: a_ring_that_does_not_empty",
    "netif.c", "\t\tdp->stat.drop_tx_full++;\n", "")
row("load", "no memory to copy small pieces together: they go later", "dp_drop_test: segments_that_cannot_be_copied",
    "netif.c", "\t\tdp->stat.drop_tx_nomem++;\n", "")
row("load", "a new SYN takes the place of a connection in TIME_WAIT", ["dp_close_test: a_newer_syn_takes_its_place", "grade: dp-port-reuse"],
    "tcp_new.c", "TCP_SEQ_GT(seq, old->rcv_nxt)", "TCP_SEQ_GT(seq, old->rcv_nxt + 0x40000000)")
row("load", "a cycle takes no more frames than the batch bound", "dp_load_test: one_frame_at_a_time",
    "rx.c", "return dp->plane->policy.batch;", "return DP_BATCH_MAX;")
row("load", "an idle CPU halts, and nothing wakes it before its time", ["dp_lend_test: an_idle_cpu_halts_until_its_timer", "grade: idle-cost"],
    "idle.c", "return due >= dp->now_us + SHORTEST_US;", "return false;")
row("load", "every byte arrives, whatever the network loses", ["dp_loss_test: seed_1", "grade: loss"],
    "tcp_time.c", "\t\ttcp_slowtmr();\n", "\t\t;\n")
row("load", "a dataplane that ends in the middle of traffic leaves nothing", ["grade: dp-killed-often", "grade: dpstorm-4"])
