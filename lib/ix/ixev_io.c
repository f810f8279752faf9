/* SPDX-License-Identifier: MIT */
/* The event layer's connection calls: contexts, receiving, sending without copying, references, closing. */
#include <inc/string.h>
#include <lib/ix/ixev_impl.h>

/* ---- contexts ---- */

void ixev_ctx_init(struct ixev_ctx *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
}

/* Which of the reasons a handler may miss if it starts to want them only now. */
static unsigned standing_reasons(const struct ixev_ctx *ctx)
{
	unsigned reasons = 0;

	if (ctx->rx.first)
		reasons |= IXEVIN;
	if (ctx->state == IXEV_OPEN && ixev_send_room(ctx))
		reasons |= IXEVOUT;
	if (ctx->state == IXEV_DEAD || ctx->flags & IXEV_F_FIN)
		reasons |= IXEVHUP;
	return reasons;
}

void ixev_set_handler(struct ixev_ctx *ctx, unsigned mask, ixev_handler_t handler)
{
	unsigned added = mask & ~ctx->en_mask;

	ctx->handler = handler;
	ctx->en_mask = mask;
	ixev_trigger(ctx, added & standing_reasons(ctx));
}

void ixev_dial(struct ixev_ctx *ctx, struct ip_tuple *id)
{
	ctx->peer_ip = id->dst_ip;
	ctx->peer_port = id->dst_port;
	ctx->state = IXEV_TO_DIAL;
	ixev_mark(ctx);
}

/* All that waits counts as consumed. */
static void drop_received(struct ixev_ctx *ctx)
{
	size_t len;

	while (ixev_take(ctx, &len))
		ctx->credit += len;
}

void ixev_close(struct ixev_ctx *ctx)
{
	drop_received(ctx);
	ctx->flags |= IXEV_F_CLOSING;
	ixev_mark(ctx);
}

/* ---- receiving ---- */

void *ixev_peek(struct ixev_ctx *ctx, size_t *len)
{
	return ix_rxq_peek(&ctx->rx, len);
}

void *ixev_take(struct ixev_ctx *ctx, size_t *len)
{
	void *piece = ix_rxq_peek(&ctx->rx, len);

	if (piece)
		ix_rxq_drop(&ctx->rx, *len);
	return piece;
}

/* A dead connection's buffers are back with the kernel already. */
void ixev_give_back(struct ixev_ctx *ctx, size_t n)
{
	if (ctx->state == IXEV_DEAD)
		return;
	ctx->credit += n;
	ixev_mark(ctx);
}

void ixev_consume(struct ixev_ctx *ctx, size_t n)
{
	ix_rxq_drop(&ctx->rx, n);
	ixev_give_back(ctx, n);
}

bool ixev_eof(const struct ixev_ctx *ctx)
{
	return !ctx->rx.first && (ctx->flags & IXEV_F_FIN || ctx->state == IXEV_DEAD);
}

int ixev_error(const struct ixev_ctx *ctx)
{
	return ctx->error;
}

void *ixev_recv_zc(struct ixev_ctx *ctx, size_t len)
{
	size_t there;
	void *piece = ixev_peek(ctx, &there);

	if (!piece || there < len)
		return NULL;
	ixev_consume(ctx, len);
	return piece;
}

ssize_t ixev_recv(struct ixev_ctx *ctx, void *addr, size_t len)
{
	size_t there, copied = 0;
	void *piece;

	while (copied < len && (piece = ixev_peek(ctx, &there))) {
		size_t n = MIN(there, len - copied);
		memcpy((char *)addr + copied, piece, n);
		ixev_consume(ctx, n);
		copied += n;
	}
	if (copied || !len)
		return copied;
	if (ctx->state == IXEV_DEAD)
		return -E_CLOSED;
	return ctx->flags & IXEV_F_FIN ? 0 : -E_AGAIN;
}

/* ---- sending ---- */

unsigned ixev_send_room(const struct ixev_ctx *ctx)
{
	return IXEV_SEND_DEPTH - ctx->nsend;
}

/* Bytes that follow the last piece in memory lengthen it. */
static bool extend_last(struct ixev_ctx *ctx, uint32_t base, size_t len)
{
	struct ix_sg *last = &ctx->send[ctx->nsend ? ctx->nsend - 1 : 0];

	if (!ctx->nsend || last->base + last->len != base)
		return false;
	last->len += len;
	return true;
}

ssize_t ixev_send_zc(struct ixev_ctx *ctx, void *addr, size_t len)
{
	uint32_t base = (uint32_t)(uintptr_t)addr;

	if (ctx->state == IXEV_DEAD || ctx->flags & IXEV_F_CLOSING)
		return -E_CLOSED;
	if (!len)
		return 0;
	if (!extend_last(ctx, base, len)) {
		if (!ixev_send_room(ctx))
			return -E_AGAIN;
		ctx->send[ctx->nsend++] = (struct ix_sg){ base, len };
	}
	ctx->send_total += len;
	ixev_mark(ctx);
	return len;
}

void ixev_queue_shift(struct ixev_ctx *ctx, uint32_t bytes)
{
	unsigned done = 0;

	ctx->taken_total += bytes;
	while (done < ctx->nsend && bytes >= ctx->send[done].len)
		bytes -= ctx->send[done++].len;
	ctx->nsend -= done;
	memmove(ctx->send, ctx->send + done, ctx->nsend * sizeof(ctx->send[0]));
	if (ctx->nsend) {
		ctx->send[0].base += bytes;
		ctx->send[0].len -= bytes;
	}
	if (done)
		ixev_trigger(ctx, IXEVOUT);
}

/* ---- references ---- */

void ixev_add_sent_cb(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	ref->send_pos = ctx->send_total;
	ref->next = NULL;
	if (ctx->ref_head)
		ctx->ref_tail->next = ref;
	else
		ctx->ref_head = ref;
	ctx->ref_tail = ref;
	ctx->cur_buf = NULL; /* copied bytes that follow must not move a reference before this one */
	ixev_mark(ctx);
}

void ixev_fire_refs(struct ixev_ctx *ctx)
{
	struct ixev_ref *ref;

	while ((ref = ctx->ref_head) && (int32_t)(ctx->sent_total - ref->send_pos) >= 0) {
		ctx->ref_head = ref->next;
		ref->cb(ref);
	}
}
