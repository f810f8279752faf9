/* SPDX-License-Identifier: MIT */
/*
 * The program's batched calls. Each slot is read once into our own memory; then its decode_x() checks
 * everything and changes nothing, and its do_x() cannot fail, but for want of memory. The result goes back to the
 * slot.
 */
#include <inc/error.h>
#include <inc/x86.h>

#include <kern/dp/sg.h>
#include <kern/dp/tcp.h>
#include <kern/dp/udp.h>
#include <kern/spinlock.h>

/* One call: as read, and what decoding made of it. */
struct request {
	struct ix_call call;
	struct flow *flow;
	struct fgroup *group;
	int listener;
	struct udp_port *udp;
	struct buf *buf;
	struct tuple tuple;
	struct ix_sg sg[IX_SG_MAX];
};

/* ---- What decoders share ---- */

/* The flow named by the call. What a sibling CPU knows of it is not for us to look at. */
static int find_flow(struct dp *dp, struct request *rq)
{
	const struct plane *p = dp->plane;
	uint32_t group = IX_HANDLE_GROUP(rq->call.handle);

	if (group >= p->ngroups || (IX_HANDLE_INDEX(rq->call.handle) & (FLOW_LISTENER | UDP_INDEX)))
		return -E_BAD_HANDLE;
	if (p->groups[group].owner != dp)
		return -E_MOVED;
	OWN_GROUP(&p->groups[group]);
	p->groups[group].touched = dp->stat.run_ios;
	rq->flow = flow_find(&p->groups[group].flows, rq->call.handle);
	return rq->flow ? 0 : -E_BAD_HANDLE;
}

/* The flow named by the call, if the app may use it; `blocked` are flags that it must not have. */
static int find_open_flow(struct dp *dp, struct request *rq, uint16_t blocked)
{
	int r = find_flow(dp, rq);
	struct flow *f = rq->flow;

	if (r < 0)
		return r;
	if (f->state == FLOW_KNOCKING)
		return f->flags & FLOW_ENDED ? -E_BAD_HANDLE : -E_INVAL;
	if (f->state == FLOW_CONNECTING)
		return -E_AGAIN;
	return f->flags & blocked ? -E_CLOSED : 0;
}

static int find_knocking_flow(struct dp *dp, struct request *rq)
{
	int r = find_flow(dp, rq);
	struct flow *f = rq->flow;

	if (r < 0)
		return r;
	if (f->state == FLOW_KNOCKING && (f->flags & FLOW_ENDED))
		return -E_BAD_HANDLE;
	return f->state == FLOW_KNOCKING ? 0 : -E_INVAL;
}

static bool port_is_good(uint32_t port) { return port >= 1 && port <= 65535; }

/* ---- Listeners ---- */

static int decode_listen(struct dp *dp, struct request *rq)
{
	uint32_t port = rq->call.listen.port, backlog = rq->call.listen.backlog;
	struct listener other;

	if (!port_is_good(port) || backlog < 1 || backlog > IX_BACKLOG_MAX)
		return -E_INVAL;
	if (listener_on_port(dp->plane, port, &other) >= 0)
		return -E_IN_USE;
	return reserve_is_dry(&dp->reserve) ? -E_NO_MEM : 0;
}

/* Another CPU may do the same at this moment. From here on each CPU of the dataplane takes connections. */
static int do_listen(struct dp *dp, struct request *rq)
{
	struct plane *p = dp->plane;
	const struct ix_call *c = &rq->call;
	struct listener l;

	lock_kernel();
	int slot = listener_open(p, c->listen.port, c->listen.backlog, c->listen.cookie);
	if (slot >= 0) {
		l = p->listeners[slot];
		if (!door_of(dp, slot, &l)) {
			listener_close(p, slot);
			slot = -E_NO_MEM;
		}
	}
	unlock_kernel();
	if (slot < 0)
		return slot;
	rq->call.handle = listener_handle(p, slot);
	return 0;
}

static int decode_unlisten(struct dp *dp, struct request *rq)
{
	rq->listener = listener_find(dp->plane, rq->call.handle);
	return rq->listener >= 0 ? 0 : -E_BAD_HANDLE;
}

static int do_unlisten(struct dp *dp, struct request *rq)
{
	struct plane *p = dp->plane;

	lock_kernel();
	bool ours = listener_find(p, rq->call.handle) == rq->listener;
	if (ours)
		listener_close(p, rq->listener);
	unlock_kernel();
	for (int i = 0; ours && i < IX_NTHREADS; i++) {
		if (p->members[i])
			plane_ask(p->members[i]);
	}
	return ours ? 0 : -E_BAD_HANDLE;
}

/* ---- Opening and closing ---- */

static bool ip_is_host(uint32_t ip) { return ip != 0 && ip >> 28 < 0xe && ip >> 24 != 127; }

static int decode_connect(struct dp *dp, struct request *rq)
{
	uint32_t ip = rq->call.connect.ip, port = rq->call.connect.port;

	if (!ip_is_host(ip) || !port_is_good(port))
		return -E_INVAL;
	if (reserve_is_dry(&dp->reserve))
		return -E_NO_MEM;
	rq->tuple = (struct tuple){ .lip = dp->ip, .rip = __builtin_bswap32(ip), .rport = port };
	rq->group = stack_port_for(dp, &rq->tuple);
	if (!rq->group)
		return -E_AGAIN;
	return flow_table_has_room(&rq->group->flows) ? 0 : -E_NO_MEM;
}

static int do_connect(struct dp *dp, struct request *rq)
{
	struct flow *f = stack_connect(rq->group, &rq->tuple);

	rq->group->touched = dp->stat.run_ios;
	if (!f)
		return -E_NO_MEM;
	f->cookie = rq->call.connect.cookie;
	rq->call.handle = flow_handle(f);
	return 0;
}

static int do_accept(struct dp *dp, struct request *rq)
{
	struct flow *f = rq->flow;

	(void)dp;
	f->state = FLOW_OPEN;
	f->cookie = rq->call.accept.cookie;
	stack_accept(f);
	flow_pend(f);
	return 0;
}

static int do_abort(struct dp *dp, struct request *rq)
{
	(void)dp;
	stack_abort(rq->flow);
	return 0;
}

/* Abort is the one call that also takes flows which are being connected, or closed. */
static int decode_abort(struct dp *dp, struct request *rq)
{
	int r = find_open_flow(dp, rq, FLOW_ENDED);

	return r == -E_AGAIN ? (rq->flow->flags & FLOW_ENDED ? -E_CLOSED : 0) : r;
}

static int decode_close(struct dp *dp, struct request *rq)
{
	rq->udp = uport_find(dp, rq->call.handle);
	if (rq->udp)
		return 0;
	int r = find_open_flow(dp, rq, FLOW_ENDED | FLOW_CLOSED);

	return r == -E_AGAIN ? (rq->flow->flags & FLOW_ENDED ? -E_CLOSED : 0) : r;
}

static void close_flow(struct flow *f)
{
	f->flags |= FLOW_CLOSED | FLOW_SHUT;
	flow_drop_undelivered(f);
	stack_close(f);
}

static int do_close(struct dp *dp, struct request *rq)
{
	if (rq->udp) {
		uport_close(dp, rq->udp);
		return 0;
	}
	if (rq->flow->state == FLOW_CONNECTING)
		return do_abort(dp, rq);
	close_flow(rq->flow);
	return 0;
}

static int decode_shutdown(struct dp *dp, struct request *rq)
{
	return find_open_flow(dp, rq, FLOW_ENDED | FLOW_SHUT);
}

static int do_shutdown(struct dp *dp, struct request *rq)
{
	(void)dp;
	rq->flow->flags |= FLOW_SHUT;
	stack_shutdown(rq->flow);
	return 0;
}

/* ---- Data ---- */

static int decode_sendv(struct dp *dp, struct request *rq)
{
	int r = find_open_flow(dp, rq, FLOW_ENDED | FLOW_SHUT);

	if (r == 0 && rq->call.sendv.flags & ~(uint32_t)IX_SEND_CLOSE)
		r = -E_INVAL;
	if (r == 0)
		r = sg_read(dp, rq->sg, rq->call.sendv.sg, rq->call.sendv.n);
	if (r < 0)
		return r;
	return reserve_is_dry(&dp->reserve) ? -E_NO_MEM : 0;
}

/* `total` bytes of the call were written: TCP sends them now, with the FIN behind the last if the call asks for that. */
static inline void send_off(struct request *rq, uint32_t total)
{
	if (rq->call.sendv.flags & IX_SEND_CLOSE && total == sg_total(rq->sg, rq->call.sendv.n))
		close_flow(rq->flow);
	else if (total)
		stack_push(rq->flow);
}

#ifndef EXERCISE_11
/* How many bytes of one stretch were taken. A page of the program's own is lent for as long as they can be read. */
static uint32_t send_stretch(struct flow *f, const struct stretch *st, bool more)
{
	struct loan *loan = st->page ? loan_make(f->g, st->page) : NULL;
	uint32_t n = st->page && !loan ? 0 : stack_write(f, st->base, st->len, more);

	f->tx_written += n;
	if (loan && n)
		loan_add(&f->loans, loan, f->tx_written);
	else
		loan_cancel(f->g, loan);
	return n;
}

/* How many bytes of one piece were taken. Its pages need not adjoin in memory. */
static uint32_t send_piece(struct dp *dp, struct flow *f, const struct ix_sg *sg, bool more)
{
	uint32_t done = 0;

	while (done < sg->len) {
		uint32_t left = sg->len - done;
		struct stretch st = sg_stretch(dp, sg->base + done, left);
		uint32_t n = st.base ? send_stretch(f, &st, more || st.len < left) : 0;
		done += n;
		if (n == 0 || n < st.len)
			break;
	}
	return done;
}
#endif

/*
 * The pieces in rq->sg, which are checked, to the flow; how many bytes were taken, which may be fewer than were offered, and
 * end in the middle of a piece. No byte is copied.
 *
 * - sg_stretch() gives the next bytes by our own address, as far as they adjoin in memory: ask again for the rest. If its
 *   base is NULL, the page is gone meanwhile: what came before is all.
 * - stack_write() takes as many of them as there is room for, and remembers where they are; `more`: others follow in this
 *   call. f->tx_written counts what was taken.
 * - If the stretch has a page of the program's own, that page is lent until its bytes are acknowledged: loan_make() before
 *   stack_write(), since it may fail (then no byte is taken); then loan_add() with f->tx_written as its end, or
 *   loan_cancel() if nothing was taken.
 * - At the end one send_off() lets TCP send what was taken: all pieces together, not a segment for each.
 */
static int do_sendv(struct dp *dp, struct request *rq)
{
#ifndef EXERCISE_11
	uint32_t total = 0;

	for (uint32_t i = 0; i < rq->call.sendv.n; i++) {
		const struct ix_sg *sg = &rq->sg[i];
		uint32_t n = send_piece(dp, rq->flow, sg, i + 1 < rq->call.sendv.n);
		total += n;
		if (n < sg->len)
			break;
	}
	send_off(rq, total);
	return total;
#else
	/* LAB IX: Your code here. (Exercise 11) */
	(void)dp, (void)rq, (void)send_off;
	return -E_NOT_SUPP;
#endif
}

/*
 * Also when the flow is closing or has ended: what was lent may be given back until `dead`. -E_INVAL: more bytes than
 * are lent (f->rx_lent). Nothing changes.
 */
static int decode_recv_done(struct dp *dp, struct request *rq)
{
#ifndef EXERCISE_12
	int r = find_open_flow(dp, rq, 0);

	if (r < 0)
		return r;
	return rq->call.recv_done.bytes <= rq->flow->rx_lent ? 0 : -E_INVAL;
#else
	/* LAB IX: Your code here. (Exercise 12) */
	(void)dp, (void)rq;
	return -E_NOT_SUPP;
#endif
}

/*
 * The flow is done with so many bytes: flow_done() gives buffers back; stack_recved() opens the peer's window by as many, but
 * not for a flow that the program has closed, or that has ended.
 */
static int do_recv_done(struct dp *dp, struct request *rq)
{
#ifndef EXERCISE_12
	struct flow *f = rq->flow;

	(void)dp;
	flow_done(f, rq->call.recv_done.bytes);
	if (!(f->flags & (FLOW_CLOSED | FLOW_ENDED)))
		stack_recved(f, rq->call.recv_done.bytes);
	return 0;
#else
	/* LAB IX: Your code here. (Exercise 12) */
	(void)dp, (void)rq;
	return -E_NOT_SUPP;
#endif
}

/* ---- UDP ---- */

static int decode_udp_bind(struct dp *dp, struct request *rq)
{
	uint32_t port = rq->call.udp_bind.port;

	if (!port_is_good(port))
		return -E_INVAL;
	if (uport_on_port(dp, port))
		return -E_IN_USE;
	rq->udp = uport_slot(dp);
	return rq->udp ? 0 : -E_NO_MEM;
}

static int do_udp_bind(struct dp *dp, struct request *rq)
{
	uport_open(dp, rq->udp, rq->call.udp_bind.port, rq->call.udp_bind.cookie);
	rq->call.handle = uport_handle(dp, rq->udp);
	return 0;
}

static int decode_udp_sendv(struct dp *dp, struct request *rq)
{
	const struct ix_call *c = &rq->call;

	rq->udp = uport_find(dp, c->handle);
	if (!rq->udp)
		return -E_BAD_HANDLE;
	if (!ip_is_host(c->udp_sendv.ip) || !port_is_good(c->udp_sendv.port))
		return -E_INVAL;
	int r = sg_read(dp, rq->sg, c->udp_sendv.sg, c->udp_sendv.n);
	if (r < 0)
		return r;
	if (sg_total(rq->sg, c->udp_sendv.n) > IX_UDP_MAX)
		return -E_INVAL;
	return reserve_is_dry(&dp->reserve) ? -E_NO_MEM : 0;
}

static int do_udp_sendv(struct dp *dp, struct request *rq)
{
	const struct ix_call *c = &rq->call;
	struct udp_peer to = { __builtin_bswap32(c->udp_sendv.ip), c->udp_sendv.port };

	return uport_send(dp, rq->udp, rq->sg, c->udp_sendv.n, &to);
}

static int decode_udp_recv_done(struct dp *dp, struct request *rq)
{
	rq->udp = uport_find(dp, rq->call.handle);
	if (!rq->udp)
		return -E_BAD_HANDLE;
	rq->buf = uport_lent(dp, rq->udp, rq->call.udp_recv_done.addr);
	return rq->buf ? 0 : -E_FAULT;
}

static int do_udp_recv_done(struct dp *dp, struct request *rq)
{
	(void)dp;
	buf_put(rq->buf);
	return 0;
}

/* ---- Timers, and the rest ---- */

static int decode_timer(struct dp *dp, struct request *rq)
{
	(void)dp;
	return rq->call.timer.id < DP_TIMERS ? 0 : -E_INVAL;
}

static int do_timer_set(struct dp *dp, struct request *rq)
{
	timer_set(dp, rq->call.timer.id, rq->call.timer.us, rq->call.timer.cookie);
	return 0;
}

static int do_timer_clear(struct dp *dp, struct request *rq)
{
	timer_clear(dp, rq->call.timer.id);
	return 0;
}

static int decode_none(struct dp *dp, struct request *rq)
{
	(void)dp, (void)rq;
	return 0;
}

static int do_none(struct dp *dp, struct request *rq)
{
	(void)dp, (void)rq;
	return 0;
}

typedef int (*step_fn)(struct dp *, struct request *);

static const struct {
	step_fn decode, perform;
} ops[IX_NOPS] = {
	[IX_CALL_NONE] = { decode_none, do_none },
	[IX_CALL_LISTEN] = { decode_listen, do_listen },
	[IX_CALL_UNLISTEN] = { decode_unlisten, do_unlisten },
	[IX_CALL_CONNECT] = { decode_connect, do_connect },
	[IX_CALL_ACCEPT] = { find_knocking_flow, do_accept },
	[IX_CALL_REJECT] = { find_knocking_flow, do_abort },
	[IX_CALL_SENDV] = { decode_sendv, do_sendv },
	[IX_CALL_RECV_DONE] = { decode_recv_done, do_recv_done },
	[IX_CALL_SHUTDOWN] = { decode_shutdown, do_shutdown },
	[IX_CALL_CLOSE] = { decode_close, do_close },
	[IX_CALL_ABORT] = { decode_abort, do_abort },
	[IX_CALL_UDP_BIND] = { decode_udp_bind, do_udp_bind },
	[IX_CALL_UDP_SENDV] = { decode_udp_sendv, do_udp_sendv },
	[IX_CALL_UDP_RECV_DONE] = { decode_udp_recv_done, do_udp_recv_done },
	[IX_CALL_TIMER_SET] = { decode_timer, do_timer_set },
	[IX_CALL_TIMER_CLEAR] = { decode_timer, do_timer_clear },
};

/*
 * One call, as it was read. An op that does not exist is -E_INVAL; any 32-bit number may stand there. Decode first: an
 * error there is the result, and nothing has changed. Then perform.
 */
static int call_run(struct dp *dp, struct request *rq)
{
#ifndef EXERCISE_7
	if (rq->call.op >= IX_NOPS)
		return -E_INVAL;
	int r = ops[rq->call.op].decode(dp, rq);
	return r < 0 ? r : ops[rq->call.op].perform(dp, rq);
#else
	/* LAB IX: Your code here. (Exercise 7) */
	(void)dp, (void)rq, (void)ops;
	return -E_NOT_SUPP;
#endif
}

/*
 * The first dp->ncalls slots of the array, in order. The program can write to a slot at any time, from another CPU even:
 * each is read once, as a whole, into our own request, and never looked at again, but to write its handle and result.
 * Each has its own result, whatever became of its neighbours. stat.calls counts them, call_errors those with an error; a
 * cycle with calls was busy. Afterwards none are left to do.
 */
void calls_run(struct dp *dp)
{
#ifndef EXERCISE_7
	struct request rq;

	OWN_CPU(dp);
	for (uint32_t i = 0; i < dp->ncalls; i++) {
		struct ix_call *slot = &dp->calls[i];
		rq.call = *slot;
		compiler_barrier(); /* from here on the program may change its slot, but not our copy */
		int r = call_run(dp, &rq);
		dp->stat.calls++;
		dp->stat.call_errors += r < 0;
		slot->handle = rq.call.handle;
		slot->result = r;
	}
	dp->busy |= dp->ncalls > 0;
	dp->ncalls = 0;
#else
	/* LAB IX: Your code here. (Exercise 7) */
	(void)call_run;
	for (uint32_t i = 0; i < dp->ncalls; i++)
		dp->calls[i].result = -E_NOT_SUPP;
	dp->ncalls = 0;
#endif
}
