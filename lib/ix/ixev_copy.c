/* SPDX-License-Identifier: MIT */
/*
 * ixev_send: bytes are copied into buffers of the send heap. Small writes in a row share a buffer; its own
 * reference, always the last of the connection's while the buffer takes more, frees it.
 */
#include <inc/string.h>
#include <lib/ix/ixev_impl.h>

#define BUF_BYTES 2048

struct ixev_buf {
	struct ixev_ref ref;
	struct ixev_ctx *ctx;
	uint32_t used;
	uint8_t bytes[];
};
#define BUF_ROOM (BUF_BYTES - sizeof(struct ixev_buf))

static void on_buf_sent(struct ixev_ref *ref)
{
	struct ixev_buf *buf = container_of(ref, struct ixev_buf, ref);

	if (buf->ctx->cur_buf == buf)
		buf->ctx->cur_buf = NULL;
	ix_free(buf);
}

/* The buffer to append to: the last one, or a new one. */
static struct ixev_buf *writable_buf(struct ixev_ctx *ctx)
{
	if (ctx->cur_buf && ctx->cur_buf->used < BUF_ROOM)
		return ctx->cur_buf;

	struct ixev_buf *buf = ix_alloc(BUF_BYTES);
	if (!buf)
		return NULL;
	buf->ctx = ctx;
	buf->used = 0;
	buf->ref.cb = on_buf_sent;
	ixev_add_sent_cb(ctx, &buf->ref);
	ctx->cur_buf = buf;
	return buf;
}

/* As much of it as one buffer takes. */
static ssize_t send_some(struct ixev_ctx *ctx, const uint8_t *from, size_t len)
{
	if (!ixev_send_room(ctx))
		return -E_AGAIN;

	struct ixev_buf *buf = writable_buf(ctx);
	if (!buf)
		return -E_NO_MEM;

	size_t n = MIN(len, BUF_ROOM - buf->used);
	memcpy(buf->bytes + buf->used, from, n);
	ssize_t r = ixev_send_zc(ctx, buf->bytes + buf->used, n);
	if (r < 0)
		return r;
	buf->used += n;
	buf->ref.send_pos = ctx->send_total;
	return n;
}

ssize_t ixev_send(struct ixev_ctx *ctx, void *addr, size_t len)
{
	size_t queued = 0;

	if (ctx->state == IXEV_DEAD || ctx->flags & IXEV_F_CLOSING)
		return -E_CLOSED;
	while (queued < len) {
		ssize_t n = send_some(ctx, (uint8_t *)addr + queued, len - queued);
		if (n < 0)
			return queued ? (ssize_t)queued : n;
		queued += n;
	}
	return queued;
}
