/* SPDX-License-Identifier: MIT */
/*
 * Calls that move a connection's bytes: `sendv` hands the program's memory to TCP, which reads it where it lies; `recv_done`
 * gives receive buffers back. The contract is call.h.
 */
#include <inc/error.h>

#include <kern/dp/call.h>
#include <kern/dp/sg.h>
#include <kern/dp/tcp.h>

int decode_sendv(struct dp *dp, struct request *rq)
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
int do_sendv(struct dp *dp, struct request *rq)
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
int decode_recv_done(struct dp *dp, struct request *rq)
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
int do_recv_done(struct dp *dp, struct request *rq)
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
