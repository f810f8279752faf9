/* SPDX-License-Identifier: MIT */
/*
 * What the dataplane's events and results do to a context: they change it and mark it. Only the program's
 * accept, dialed, sent and timer callbacks are called from here; handlers run later, in ixev.c.
 */
#include <lib/ix/ixev_impl.h>

/* ---- events ---- */

static struct ixev_ctx *ctx_of(const struct ix_event *event)
{
	return (struct ixev_ctx *)(uintptr_t)event->cookie;
}

/* A refusal takes one slot, which is always free here: see inc/libix.h. */
static void on_knock(const struct ix_event *event)
{
	struct ip_tuple id = { .src_ip = event->knock.ip, .src_port = event->knock.port,
			       .dst_ip = ix_config()->ip, .dst_port = event->knock.local_port };
	struct ixev_ctx *ctx = ixev_conn_ops->accept(&id);

	if (!ctx) {
		ix_reject(event->handle, NULL);
		return;
	}
	ctx->handle = event->handle;
	ctx->peer_ip = id.src_ip;
	ctx->peer_port = id.src_port;
	ctx->state = IXEV_TO_ACCEPT;
	ixev_mark(ctx);
}

static void on_connected(const struct ix_event *event)
{
	struct ixev_ctx *ctx = ctx_of(event);
	int outcome = event->connected.outcome;

	if (outcome < 0) {
		ctx->error = outcome;
		ixev_die(ctx);
	} else {
		ctx->state = IXEV_OPEN;
		ixev_mark(ctx);
	}
	if (ixev_conn_ops->dialed && !(ctx->flags & IXEV_F_CLOSING))
		ixev_conn_ops->dialed(ctx, outcome);
}

static void on_recv(const struct ix_event *event)
{
	struct ixev_ctx *ctx = ctx_of(event);

	if (ctx->flags & IXEV_F_CLOSING) {
		ctx->credit += event->recv.len;
		ixev_mark(ctx);
		return;
	}
	if (event->recv.len) {
		ix_rxq_put(&ctx->rx, event->recv.addr, event->recv.len);
		ixev_trigger(ctx, IXEVIN);
	}
	if (event->recv.flags & IX_RECV_FIN) {
		ctx->flags |= IXEV_F_FIN;
		ixev_trigger(ctx, IXEVHUP);
	}
}

static void on_sent(const struct ix_event *event)
{
	struct ixev_ctx *ctx = ctx_of(event);

	ctx->sent_total += event->sent.bytes;
	ctx->flags &= ~IXEV_F_BLOCKED;
	ixev_fire_refs(ctx);
	if (ctx->nsend)
		ixev_mark(ctx);
}

static void on_dead(const struct ix_event *event)
{
	struct ixev_ctx *ctx = ctx_of(event);

	ctx->error = event->dead.reason;
	ixev_die(ctx);
}

/* ---- results ---- */

static void on_connect_result(struct ixev_ctx *ctx, const struct ix_call *call)
{
	ctx->handle = call->handle;
	if (call->result >= 0)
		return;
	ctx->error = call->result;
	ixev_die(ctx);
	if (ixev_conn_ops->dialed)
		ixev_conn_ops->dialed(ctx, call->result);
}

/* The peer may be gone before it was accepted; of such a flow there is no dead event. */
static void on_accept_result(struct ixev_ctx *ctx, const struct ix_call *call)
{
	if (call->result < 0)
		ixev_die(ctx);
}

/* Queued bytes that the kernel will never take: the program learns it by IXEVHUP. */
static void on_send_refused(struct ixev_ctx *ctx)
{
	ctx->nsend = 0;
	ctx->cur_buf = NULL;
	ixev_trigger(ctx, IXEVHUP);
	if (ctx->flags & IXEV_F_CLOSING)
		ixev_mark(ctx);
}

/*
 * Taken in full: the connection may have more to do, or close. In part: the rest waits for `sent`, which
 * comes if bytes are on their way; without any, memory is short, and trying again is all that helps.
 */
static void on_sendv_result(struct ixev_ctx *ctx, const struct ix_call *call)
{
	int taken = call->result;

	ctx->flags &= ~IXEV_F_SENDING;
	if (ctx->state != IXEV_OPEN)
		return;
	if (taken == -E_AGAIN || taken == -E_NO_MEM)
		taken = 0;
	if (taken < 0) {
		on_send_refused(ctx);
		return;
	}

	ixev_queue_shift(ctx, taken);
	if (ctx->nsend == 0) {
		if (call->sendv.flags & IX_SEND_CLOSE)
			ctx->state = IXEV_CLOSED;
		else if (ctx->flags & IXEV_F_CLOSING)
			ixev_mark(ctx);
	} else if (ctx->taken_total != ctx->sent_total) {
		ctx->flags |= IXEV_F_BLOCKED;
	} else {
		ixev_retry(ctx);
	}
}

static void on_result(const struct ix_call *call, void *tag)
{
	if (tag == &ixev_listen_result)
		ixev_listen_result = call->result;
	else if (call->op == IX_CALL_SENDV)
		on_sendv_result(tag, call);
	else if (call->op == IX_CALL_ACCEPT)
		on_accept_result(tag, call);
	else if (call->op == IX_CALL_CONNECT)
		on_connect_result(tag, call);
}

const struct ix_handlers ixev_handlers = {
	.event = {
		[IX_EV_KNOCK] = on_knock,
		[IX_EV_CONNECTED] = on_connected,
		[IX_EV_RECV] = on_recv,
		[IX_EV_SENT] = on_sent,
		[IX_EV_DEAD] = on_dead,
		[IX_EV_TIMER] = ixev_on_timer,
	},
	.result = on_result,
};
