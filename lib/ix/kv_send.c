/* SPDX-License-Identifier: MIT */
/* The key-value server's answers: short ones are copied, values lent from the store (lib/ix/kv_conn.h). */
#include <lib/ix/kv_conn.h>

/* ---- replies ---- */

/* What cannot be queued as a whole must not go on in part. */
void kv_send_text(struct kv_conn *c, char *bytes, size_t len)
{
	if (!len)
		return;
	kv_self.count.bytes_written += len;
	if (ixev_send(&c->ctx, bytes, len) != (ssize_t)len)
		c->mode = MODE_END;
}

void kv_send_result(struct kv_conn *c, const struct kv_result *result)
{
	char buf[KV_REPLY_MAX];

	kv_send_text(c, buf, c->protocol->reply(buf, &c->req, result));
}

void kv_send_status(struct kv_conn *c, enum kv_status status)
{
	kv_send_result(c, &(struct kv_result){ .status = status });
}

/* ---- values that go out ---- */

void kv_end_sending(struct kv_sending *out)
{
	kv_release(out->item);
	ix_free(out);
}

static void on_value_sent(struct ixev_ref *ref)
{
	kv_lock();
	kv_end_sending(container_of(ref, struct kv_sending, sent));
	kv_unlock();
}

static void next_slice(struct kv_conn *c)
{
	const struct kv_slice *s = &c->slices[c->slice];

	c->slice_done = 0;
	if (c->slice < c->nslices && s->offset != KV_FROM_HEAD)
		kv_seek(&c->from, c->out->item, s->offset);
}

/* The next bytes of the slice that lie in one piece. */
static char *next_piece(struct kv_conn *c, uint32_t *len)
{
	const struct kv_slice *s = &c->slices[c->slice];

	*len = s->len - c->slice_done;
	char *piece = s->offset == KV_FROM_HEAD ? c->out->head : kv_next(&c->from, len);
	c->slice_done += *len;
	return piece;
}

/* Queue what there is room for. False: some is left; for good, if the connection is dead. */
bool kv_pump(struct kv_conn *c)
{
	while (c->out && c->slice < c->nslices) {
		uint32_t len;

		if (c->slice_done == c->slices[c->slice].len) {
			c->slice++;
			next_slice(c);
			continue;
		}
		if (!ixev_send_room(&c->ctx))
			return false;
		char *piece = next_piece(c, &len);
		kv_self.count.bytes_written += len;
		if (ixev_send_zc(&c->ctx, piece, len) < 0) {
			c->mode = MODE_END;
			return false;
		}
	}
	if (c->out)
		ixev_add_sent_cb(&c->ctx, &c->out->sent);
	c->out = NULL;
	return true;
}

void kv_send_value(struct kv_conn *c, struct kv_item *item)
{
	struct kv_sending *out = ix_alloc(sizeof(*out));

	if (!out) {
		kv_send_status(c, KV_NO_MEM);
		return;
	}
	kv_hold(item);
	out->item = item;
	out->sent.cb = on_value_sent;
	c->out = out;
	c->nslices = c->protocol->value(c->slices, out->head, &c->req, item);
	c->slice = 0;
	next_slice(c);
	kv_pump(c);
}
