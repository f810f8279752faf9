/* SPDX-License-Identifier: MIT */
/*
 * The event layer's engine: what events and results do to a context, and the serving of active contexts
 * (lib/ix/ixev_impl.h). What programs call for a connection is in ixev_io.c.
 */
#include <inc/string.h>
#include <lib/ix/ixev_impl.h>

#define RETRY_US 1000 /* how long to wait for memory when the kernel had none to queue a first byte */
#define BACKLOG IX_BACKLOG_MAX

struct ctx_list {
	struct ixev_ctx *first, *last;
};

static struct ctx_list active; /* to be served */
static struct ctx_list retry;  /* whose sendv is to be tried again after the next round */
static struct ixev_conn_ops *conn_ops;
static char listen_tag; /* its address marks the call of ixev_listen, whose result is ... */
static int listen_result;

static void list_append(struct ctx_list *list, struct ixev_ctx *ctx)
{
	ctx->next = NULL;
	if (list->first)
		list->last->next = ctx;
	else
		list->first = ctx;
	list->last = ctx;
}

static struct ixev_ctx *list_pop(struct ctx_list *list)
{
	struct ixev_ctx *ctx = list->first;

	list->first = ctx->next;
	return ctx;
}

void ixev_mark(struct ixev_ctx *ctx)
{
	if (ctx->flags & IXEV_F_ACTIVE)
		return;
	ctx->flags |= IXEV_F_ACTIVE;
	list_append(&active, ctx);
}

void ixev_trigger(struct ixev_ctx *ctx, unsigned reason)
{
	ctx->trig_mask |= reason;
	if (ctx->trig_mask & ctx->en_mask)
		ixev_mark(ctx);
}

/* Nothing refers to the connection any more. The program hears of it once, then closes, then releases. */
static void die(struct ixev_ctx *ctx)
{
	ctx->state = IXEV_DEAD;
	ctx->rx = (struct ix_rxq){ 0 };
	ctx->credit = 0;
	ctx->nsend = 0;
	ctx->sent_total = ctx->send_total;
	ixev_fire_refs(ctx);
	ixev_trigger(ctx, IXEVHUP);
	ixev_mark(ctx);
}

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
	struct ixev_ctx *ctx = conn_ops->accept(&id);

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
		die(ctx);
	} else {
		ctx->state = IXEV_OPEN;
		ixev_mark(ctx);
	}
	if (conn_ops->dialed && !(ctx->flags & IXEV_F_CLOSING))
		conn_ops->dialed(ctx, outcome);
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
	die(ctx_of(event));
}

/* ---- results ---- */

static void on_connect_result(struct ixev_ctx *ctx, const struct ix_call *call)
{
	ctx->handle = call->handle;
	if (call->result >= 0)
		return;
	die(ctx);
	if (conn_ops->dialed)
		conn_ops->dialed(ctx, call->result);
}

/* The peer may be gone before it was accepted; of such a flow there is no dead event. */
static void on_accept_result(struct ixev_ctx *ctx, const struct ix_call *call)
{
	if (call->result < 0)
		die(ctx);
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
		if (ctx->flags & IXEV_F_CLOSING)
			ixev_mark(ctx);
	} else if (ctx->taken_total != ctx->sent_total) {
		ctx->flags |= IXEV_F_BLOCKED;
	} else if (!(ctx->flags & IXEV_F_ACTIVE)) {
		ctx->flags |= IXEV_F_ACTIVE;
		list_append(&retry, ctx);
	}
}

static void on_result(const struct ix_call *call, void *tag)
{
	if (tag == &listen_tag)
		listen_result = call->result;
	else if (call->op == IX_CALL_SENDV)
		on_sendv_result(tag, call);
	else if (call->op == IX_CALL_ACCEPT)
		on_accept_result(tag, call);
	else if (call->op == IX_CALL_CONNECT)
		on_connect_result(tag, call);
}

static const struct ix_handlers handlers = {
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

/* ---- serving ---- */

static void call_handler(struct ixev_ctx *ctx, unsigned reasons)
{
	unsigned why = ctx->trig_mask & ctx->en_mask & reasons;

	if (!why || ctx->flags & IXEV_F_CLOSING)
		return;
	ctx->trig_mask &= ~why;
	ctx->handler(ctx, why);
}

static void send_queued(struct ixev_ctx *ctx)
{
	if (!ctx->nsend || ctx->flags & (IXEV_F_SENDING | IXEV_F_BLOCKED))
		return;
	ctx->flags |= IXEV_F_SENDING;
	ix_sendv(ctx->handle, ctx->send, ctx->nsend, ctx);
}

static void return_credit(struct ixev_ctx *ctx)
{
	if (!ctx->credit)
		return;
	ix_recv_done(ctx->handle, ctx->credit, NULL);
	ctx->credit = 0;
}

static void serve_open(struct ixev_ctx *ctx)
{
	return_credit(ctx);
	send_queued(ctx);
	if (ctx->flags & IXEV_F_CLOSING && !ctx->nsend) {
		ix_close(ctx->handle, NULL);
		ctx->state = IXEV_CLOSED;
	}
}

static void serve_accept(struct ixev_ctx *ctx)
{
	ix_accept(ctx->handle, (uint32_t)(uintptr_t)ctx, ctx);
	ctx->state = IXEV_OPEN;
	serve_open(ctx);
}

static void serve_dial(struct ixev_ctx *ctx)
{
	if (ctx->flags & IXEV_F_CLOSING) {
		die(ctx);
		return;
	}
	ix_connect((uint32_t)(uintptr_t)ctx, ctx->peer_ip, ctx->peer_port, ctx);
	ctx->state = IXEV_DIALING;
}

static void serve_dead(struct ixev_ctx *ctx)
{
	if (ctx->flags & IXEV_F_CLOSING)
		conn_ops->release(ctx);
}

static void serve_nothing(struct ixev_ctx *ctx)
{
	(void)ctx;
}

static void (*const serve_state[IXEV_NSTATES])(struct ixev_ctx *) = {
	[IXEV_IDLE] = serve_nothing,
	[IXEV_TO_ACCEPT] = serve_accept,
	[IXEV_TO_DIAL] = serve_dial,
	[IXEV_DIALING] = serve_nothing,
	[IXEV_OPEN] = serve_open,
	[IXEV_CLOSED] = return_credit,
	[IXEV_DEAD] = serve_dead,
};

static void serve_active(void)
{
	while (active.first && ix_room() >= CALLS_PER_SERVING) {
		struct ixev_ctx *ctx = list_pop(&active);

		ixev_fire_refs(ctx);
		call_handler(ctx, IXEVIN | IXEVOUT);
		call_handler(ctx, IXEVHUP);
		ctx->flags &= ~IXEV_F_ACTIVE;
		serve_state[ctx->state](ctx);
	}
	ixev_timers_flush();
}

static uint32_t patience(void)
{
	if (active.first || ixev_timers_pending())
		return 0;
	return retry.first ? RETRY_US : IX_FOREVER;
}

static int run(uint32_t timeout_us)
{
	struct ctx_list again = retry;

	retry.first = NULL;
	int n = ix_run(timeout_us);
	while (again.first)
		list_append(&active, list_pop(&again));
	return n;
}

int ixev_wait(void)
{
	serve_active();
	int n = run(patience());
	if (n >= 0)
		serve_active();
	return n;
}

/* ---- starting ---- */

int ixev_init(struct ixev_conn_ops *ops)
{
	conn_ops = ops;
	return 0;
}

int ixev_attach(int cpu, struct ix_config *config)
{
	return conn_ops ? ix_attach(cpu, config, &handlers) : -E_INVAL;
}

int ixev_init_thread(void)
{
	struct ix_config config = { 0 };

	return ix_config() ? 0 : ixev_attach(IX_ANY_CPU, &config);
}

int ixev_listen(uint16_t port)
{
	listen_result = -E_AGAIN;
	int r = ix_listen(port, BACKLOG, 0, &listen_tag);
	if (r < 0)
		return r;
	r = run(0);
	return r < 0 ? r : MIN(listen_result, 0);
}
