/* SPDX-License-Identifier: MIT */
/*
 * From flows with something to tell to the program's event array, at the end of a cycle. Flows wait on the
 * pending list in the order in which something first happened to them; the array is filled as far as it
 * goes, and the rest waits. What one flow tells keeps its order: knock or connected, payload, the peer's
 * FIN, bytes sent, and, once and last, dead. A flow also waits here while the NIC may still read bytes that
 * it has to report.
 */
#include <kern/dp/tcp.h>
#include <kern/dp/udp.h>

void flow_pend(struct flow *f)
{
	OWN_GROUP(f->g);
	if (link_alone(&f->pending))
		list_append(&f->g->owner->pending, &f->pending);
}

/* An event of this flow in the program's array; NULL when the array is full. */
static struct ix_event *event_of(struct dp *dp, const struct flow *f, enum ix_ev type)
{
	struct ix_event *ev = event_slot(dp);

	if (ev) {
		ev->type = type;
		ev->cookie = f->cookie;
		ev->handle = flow_handle(f);
	}
	return ev;
}

static void release(struct flow *f)
{
	f->g->owner->stat.flows_closed++;
	f->g->owner->nflows--;
	flow_release(&f->g->flows, f);
}

static void give_back_all(struct flow *f)
{
	flow_drop_all(f);
	loans_end_all(f->g, &f->loans);
}

/* The app is never to hear of it again. In TIME_WAIT the PCB still needs it. */
void flow_bury(struct flow *f)
{
	link_take(&f->pending);
	give_back_all(f);
	f->gen = 0;
	f->state = FLOW_BURIED;
	if (!f->pcb)
		release(f);
}

static bool tell_connected(struct dp *dp, struct flow *f, int32_t outcome)
{
	struct ix_event *ev = event_of(dp, f, IX_EV_CONNECTED);

	if (!ev)
		return false;
	ev->connected.outcome = outcome;
	ev->connected.window = outcome == 0 ? stack_window(f) : 0;
	f->flags &= ~FLOW_CONNECTED;
	return true;
}

/*
 * One IX_EV_RECV for each buffer with payload that is to be delivered; flow_lend() puts it into the program's hands, and is
 * not to be called before there is room for its event. Where the payload is, by the program's address (buf_user()), and how
 * long. With the last one goes the peer's FIN, if it has come (FLOW_FIN_IN): IX_RECV_FIN, and FLOW_FIN_TOLD for us. False:
 * the array is full, and there is more.
 */
static bool tell_payload(struct dp *dp, struct flow *f)
{
#ifndef EXERCISE_9
	while (f->rx_next) {
		struct ix_event *ev = event_of(dp, f, IX_EV_RECV);
		if (!ev)
			return false;
		const struct buf *b = flow_lend(f);
		ev->recv.addr = buf_user(b) + b->off;
		ev->recv.len = b->len;
		if (!f->rx_next && (f->flags & FLOW_FIN_IN)) {
			ev->recv.flags = IX_RECV_FIN;
			f->flags |= FLOW_FIN_TOLD;
		}
	}
	return true;
#else
	/* LAB IX: Your code here. (Exercise 9) */
	(void)dp, (void)f;
	return true;
#endif
}

static bool tell_fin(struct dp *dp, struct flow *f)
{
	if ((f->flags & (FLOW_FIN_IN | FLOW_FIN_TOLD | FLOW_CLOSED)) != FLOW_FIN_IN)
		return true;
	struct ix_event *ev = event_of(dp, f, IX_EV_RECV);
	if (!ev)
		return false;
	ev->recv.flags = IX_RECV_FIN;
	f->flags |= FLOW_FIN_TOLD;
	return true;
}

/*
 * Bytes that are acknowledged and that no descriptor can still read: flow_ripen() brings tx_ready up to date with the
 * transmit ring's head. If there are any, one IX_EV_SENT tells how many, and the window now open (stack_window(); 0 when the
 * flow is shut or has ended). They are done (tx_done); loans_end() gives their pages back. False: no room.
 */
static bool tell_sent(struct dp *dp, struct flow *f)
{
#ifndef EXERCISE_9
	flow_ripen(f, dp->q->tx_head);
	if (!f->tx_ready)
		return true;
	struct ix_event *ev = event_of(dp, f, IX_EV_SENT);
	if (!ev)
		return false;
	ev->sent.bytes = f->tx_ready;
	ev->sent.window = f->flags & (FLOW_SHUT | FLOW_ENDED) ? 0 : stack_window(f);
	f->tx_done += f->tx_ready;
	f->tx_ready = 0;
	loans_end(f->g, &f->loans, f->tx_done);
	return true;
#else
	/* LAB IX: Your code here. (Exercise 9) */
	(void)dp, (void)f;
	return true;
#endif
}

/*
 * What it lent stays readable while the program looks at this batch of events: until its next calls are
 * done.
 */
static bool tell_dead(struct dp *dp, struct flow *f)
{
	if (!(f->flags & FLOW_ENDED) || !ring_passed(dp->q->tx_head, f->stamp_end))
		return true;
	struct ix_event *ev = event_of(dp, f, IX_EV_DEAD);
	if (!ev)
		return false;
	ev->dead.reason = f->reason;
	f->gen = 0;
	f->flags |= FLOW_GRAVE;
	f->state = FLOW_BURIED;
	list_append(&dp->graves, &f->pending);
	return true;
}

static inline bool tell_moved(struct dp *dp, struct flow *f)
{
	if (!event_of(dp, f, IX_EV_MOVED))
		return false;
	f->flags &= ~FLOW_MOVED;
	return true;
}

/* One for each state. False: the array is full, and there is more to tell. */

static bool tell_half(struct dp *dp, struct flow *f)
{
	(void)dp;
	flow_bury(f); /* the handshake failed; nobody knew of it */
	return true;
}

static bool tell_knocking(struct dp *dp, struct flow *f)
{
	if (f->flags & FLOW_ENDED) {
		flow_bury(f);
		return true;
	}
	if (f->flags & FLOW_TOLD)
		return true; /* payload waits until it is accepted */
	struct ix_event *ev = event_of(dp, f, IX_EV_KNOCK);
	if (!ev)
		return false;
	ev->knock.ip = __builtin_bswap32(f->tuple.rip);
	ev->knock.port = f->tuple.rport;
	ev->knock.local_port = f->tuple.lport;
	f->flags |= FLOW_TOLD;
	return true;
}

static bool tell_connecting(struct dp *dp, struct flow *f)
{
	if (!(f->flags & FLOW_ENDED))
		return true;
	if (!tell_connected(dp, f, f->reason))
		return false;
	flow_bury(f);
	return true;
}

static bool tell_open(struct dp *dp, struct flow *f)
{
	if ((f->flags & FLOW_CONNECTED) && !tell_connected(dp, f, 0))
		return false;
	if (!tell_payload(dp, f) || !tell_fin(dp, f))
		return false;
	return (f->flags & FLOW_STUCK) || (tell_sent(dp, f) && tell_dead(dp, f));
}

static bool tell_buried(struct dp *dp, struct flow *f)
{
	(void)dp;
	if (!f->pcb)
		release(f);
	return true;
}

static bool (*const tell[])(struct dp *, struct flow *) = {
	[FLOW_HALF] = tell_half,
	[FLOW_KNOCKING] = tell_knocking,
	[FLOW_CONNECTING] = tell_connecting,
	[FLOW_OPEN] = tell_open,
	[FLOW_BURIED] = tell_buried,
};

/* It has told what it could, but descriptors may still read bytes that it must report. */
static bool waits_for_nic(const struct flow *f)
{
	return f->state == FLOW_OPEN && (f->tx_wait || (f->flags & FLOW_ENDED)) && !(f->flags & FLOW_STUCK);
}

/*
 * Go through dp->pending, first come, first served: a flow is taken off the list and tells what it has to tell, by its
 * state's function (`tell`). When the array is full, a flow that has more to tell keeps its place at the front, and we
 * are done. A flow that waits for the NIC (waits_for_nic) will have something to tell without anything happening to it:
 * such flows go back to the end of the list, but not before all others had their turn, or this would never end.
 *
 * With several CPUs: a flow whose group is about to move (f->g->quiet) tells nothing here; it waits as those do, and goes
 * with its group. One that has just come (FLOW_MOVED) tells that first, by tell_moved(): if there is no room for it, there is
 * more to tell, and nothing else was told.
 */
static void tell_flows(struct dp *dp)
{
#ifndef EXERCISE_9
	struct link waiting;

	link_init(&waiting);
	while (!link_alone(&dp->pending)) {
		struct flow *f = container_of(dp->pending.next, struct flow, pending);
		link_take(&f->pending);
		if (f->g->quiet) {
			list_append(&waiting, &f->pending);
			continue;
		}
		if (((f->flags & FLOW_MOVED) && !tell_moved(dp, f)) || !tell[f->state](dp, f)) {
			list_push(&dp->pending, &f->pending);
			break;
		}
		if (waits_for_nic(f))
			list_append(&waiting, &f->pending);
	}
	while (!link_alone(&waiting)) {
		struct link *l = waiting.next;
		link_take(l);
		list_append(&dp->pending, l);
	}
#else
	/* LAB IX: Your code here. (Exercise 9) */
	(void)dp, (void)tell, (void)waits_for_nic;
#endif
}

void events_fill(struct dp *dp)
{
	OWN_CPU(dp);
	tell_flows(dp);
	uport_tell(dp);
}

void graves_clear(struct dp *dp)
{
	while (!link_alone(&dp->graves)) {
		struct flow *f = container_of(dp->graves.next, struct flow, pending);
		link_take(&f->pending);
		give_back_all(f);
		f->flags &= ~FLOW_GRAVE;
		if (!f->pcb)
			release(f);
	}
}
