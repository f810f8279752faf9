/* SPDX-License-Identifier: MIT */
/*
 * Which segments may begin a connection. What there must be for one: a listener with room in its backlog, memory, a flow.
 * Whatever is refused here is counted, and silent: peers try again. The rules named here are those of tcp.c.
 */
#include <kern/dp/tcp_priv.h>

/* ---- Room for one more ---- */

static void end_time_wait(struct flow *f)
{
	struct fgroup *g = f->g;

	lwip_enter(g, f->bucket, 0);
	tcp_abort(f->pcb); /* in TIME_WAIT this sends nothing */
	lwip_leave(g);
}

/* The oldest one in TIME_WAIT makes room. */
static bool reclaim(struct dp *dp)
{
	if (link_alone(&dp->waiting))
		return false;
	dp->stat.timewait_reclaimed++;
	end_time_wait(container_of(dp->waiting.next, struct flow, waiting));
	return true;
}

static bool make_room(struct fgroup *g)
{
	struct dp *dp = g->owner;

	while (reserve_is_dry(&dp->reserve) && reclaim(dp))
		;
	if (reserve_is_dry(&dp->reserve)) {
		dp->stat.drop_rx_nomem++;
		return false;
	}
	if (!flow_table_has_room(&g->flows)) {
		dp->stat.drop_flows++;
		return false;
	}
	return true;
}

/*
 * Is there nothing between these ends, as far as a SYN with this number is concerned? Rule 7: what is in TIME_WAIT yields
 * to a later one.
 */
static bool ends_are_free(struct fgroup *g, uint32_t bucket, const struct tuple *t, uint32_t seq)
{
	struct tcp_pcb *old = pcb_find(g->buckets[bucket].time_wait, t);

	if (old && TCP_SEQ_GT(seq, old->rcv_nxt)) {
		g->owner->stat.timewait_reused++;
		end_time_wait(old->callback_arg);
		return true;
	}
	return !old && !pcb_find(g->buckets[bucket].active, t);
}

/* ---- Who may begin ---- */

/*
 * May a connection to this port begin now? The last quarter of a backlog is for those who have shown, by a cookie, that
 * they are there: a SYN that would go beyond is answered with one. `syn`: the SYN, or NULL for one that is resumed.
 */
static bool may_begin(struct fgroup *g, const struct pbuf *syn, const struct segment *seg)
{
	struct dp *dp = g->owner;
	struct listener l;
	int slot = listener_on_port(dp->plane, seg->tuple.lport, &l);

	if (slot < 0)
		return true; /* lwIP says that to the peer */
	const struct door *d = door_of(dp, slot, &l);
	if (!d) {
		dp->stat.drop_rx_nomem++;
		return false;
	}
	uint32_t taken = d->pcb->accepts_pending, most = d->pcb->backlog;
	if (syn && taken >= most - (most + 3) / 4) {
		answer_with_cookie(dp, syn, seg);
		return false;
	}
	if (taken >= most) {
		dp->stat.drop_backlog++;
		return false;
	}
	return make_room(g);
}

/* If this ACK finishes a handshake that began with a cookie, lwIP hears of it. False: it would, but has to wait. */
static bool resume(struct fgroup *g, uint32_t bucket, const struct pbuf *p, const struct segment *seg)
{
	struct dp *dp = g->owner;
	struct segment syn = { seg->tuple, .seq = seg->seq - 1, .flags = TCP_SYN };
	uint16_t mss;

	if (pcb_find(g->buckets[bucket].active, &seg->tuple) || !(mss = cookie_in(dp, p, &syn)) ||
	    !ends_are_free(g, bucket, &seg->tuple, syn.seq))
		return true;
	if (!may_begin(g, NULL, &syn))
		return false;
	resume_from_cookie(g, bucket, p, &syn, mss);
	dp->stat.syn_resumed += pcb_find(g->buckets[bucket].active, &seg->tuple) != NULL;
	return true;
}

bool segment_is_welcome(struct fgroup *g, uint32_t bucket, const struct pbuf *p, const struct segment *seg)
{
	uint8_t kind = seg->flags & (TCP_SYN | TCP_RST | TCP_ACK);

	if (kind == TCP_SYN)
		return !ends_are_free(g, bucket, &seg->tuple, seg->seq) || may_begin(g, p, seg);
	return kind != TCP_ACK || !g->owner->plane->cookie_tick || resume(g, bucket, p, seg);
}
