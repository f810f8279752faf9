/* SPDX-License-Identifier: MIT */
/*
 * The event layer's engine: the active list, and the serving of what is on it (lib/ix/ixev_impl.h). What
 * events do to a context is in ixev_event.c, what programs do to one in ixev_io.c.
 */
#include <inc/thread.h>
#include <lib/ix/ixev_impl.h>

#define BACKLOG IX_BACKLOG_MAX

struct ctx_list {
	struct ixev_ctx *first, *last;
};

static THREAD_LOCAL struct ctx_list active; /* to be served */
static THREAD_LOCAL struct ctx_list retry;  /* whose sendv is to be tried again after the next round */
struct ixev_conn_ops *ixev_conn_ops;
THREAD_LOCAL int ixev_listen_result;

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

void ixev_retry(struct ixev_ctx *ctx)
{
	if (ctx->flags & IXEV_F_ACTIVE)
		return;
	ctx->flags |= IXEV_F_ACTIVE;
	list_append(&retry, ctx);
}

void ixev_trigger(struct ixev_ctx *ctx, unsigned reason)
{
	ctx->trig_mask |= reason;
	if (ctx->trig_mask & ctx->en_mask)
		ixev_mark(ctx);
}

/* Nothing refers to the connection any more. The program hears of it once, then closes, then releases. */
void ixev_die(struct ixev_ctx *ctx)
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
	if (ctx->flags & IXEV_F_CLOSING)
		ix_sendv_close(ctx->handle, ctx->send, ctx->nsend, ctx);
	else
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
		ixev_die(ctx);
		return;
	}
	ix_connect((uint32_t)(uintptr_t)ctx, ctx->peer_ip, ctx->peer_port, ctx);
	ctx->state = IXEV_DIALING;
}

static void serve_dead(struct ixev_ctx *ctx)
{
	if (ctx->flags & IXEV_F_CLOSING)
		ixev_conn_ops->release(ctx);
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
		if (ctx->trig_mask & ctx->en_mask && !(ctx->flags & IXEV_F_CLOSING))
			ixev_mark(ctx); /* the handler has come to want what is there already */
		serve_state[ctx->state](ctx);
	}
	ixev_timers_flush();
}

/*
 * To wait means to have nothing in hand: the kernel may move any of this thread's flows to another one meanwhile. So those
 * that are to be tried again, for want of memory, are tried at once.
 */
static uint32_t patience(void)
{
	bool in_hand = active.first || retry.first || ixev_timers_pending();

	return in_hand ? 0 : IX_FOREVER;
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
	ixev_conn_ops = ops;
	return 0;
}

int ixev_attach(int cpu, struct ix_config *config)
{
	return ixev_conn_ops ? ix_attach(cpu, config, &ixev_handlers) : -E_INVAL;
}

int ixev_init_thread(void)
{
	struct ix_config config = { 0 };

	return ix_config() ? 0 : ixev_attach(IX_ANY_CPU, &config);
}

int ixev_listen(uint16_t port)
{
	ixev_listen_result = -E_AGAIN;
	int r = ix_listen(port, BACKLOG, 0, &ixev_listen_result);
	if (r < 0)
		return r;
	r = run(0);
	return r < 0 ? r : MIN(ixev_listen_result, 0);
}
