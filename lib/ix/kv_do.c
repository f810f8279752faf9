/* SPDX-License-Identifier: MIT */
/* What the key-value server does for each kind of request (lib/ix/kv_conn.h). */
#include <inc/string.h>
#include <lib/ix/kv_conn.h>

static void do_get(struct kv_conn *c)
{
	const struct kv_request *rq = &c->req;
	struct kv_item *item = kv_find(rq->key, rq->key_len);

	kv_self.count.cmd_get++;
	if (!item) {
		kv_self.count.get_misses++;
		kv_send_status(c, KV_NOT_FOUND);
		return;
	}
	kv_self.count.get_hits++;
	if (rq->op == KV_GAT) {
		kv_self.count.cmd_touch++;
		kv_self.count.touch_hits++;
		kv_touch(item, kv_expiry(rq->exptime));
	}
	kv_send_value(c, item);
}

static void do_touch(struct kv_conn *c)
{
	struct kv_item *item = kv_find(c->req.key, c->req.key_len);
	struct kv_result result = { .status = KV_NOT_FOUND };

	kv_self.count.cmd_touch++;
	if (item) {
		kv_touch(item, kv_expiry(c->req.exptime));
		kv_self.count.touch_hits++;
		result = (struct kv_result){ .status = KV_OK, .flags = item->flags, .cas = item->cas };
	} else {
		kv_self.count.touch_misses++;
	}
	kv_send_result(c, &result);
}

static void do_delete(struct kv_conn *c)
{
	uint8_t status = kv_delete(c->req.key, c->req.key_len, c->req.cas);

	if (status == KV_NOT_FOUND)
		kv_self.count.delete_misses++;
	else
		kv_self.count.delete_hits++;
	kv_send_status(c, status);
}

static void do_count(struct kv_conn *c)
{
	struct kv_result result = { 0 };
	bool up = c->req.op == KV_INCR;
	uint64_t *hits = up ? &kv_self.count.incr_hits : &kv_self.count.decr_hits;
	uint64_t *misses = up ? &kv_self.count.incr_misses : &kv_self.count.decr_misses;

	kv_count(&c->req, &result);
	++*(result.status == KV_NOT_FOUND ? misses : hits);
	kv_send_result(c, &result);
}

static void do_flush(struct kv_conn *c)
{
	kv_self.count.cmd_flush++;
	kv_store_flush(kv_expiry(c->req.exptime));
	kv_send_status(c, KV_OK);
}

static void report(void *arg, const char *name, const char *value)
{
	struct kv_conn *c = arg;
	char buf[KV_REPLY_MAX];

	kv_send_text(c, buf, c->protocol->stat(buf, &c->req, name, value));
}

static bool key_is(const struct kv_request *rq, const char *name)
{
	return rq->key_len == strlen(name) && memcmp(rq->key, name, rq->key_len) == 0;
}

/* Statistics that clients ask for by name, of which there are none here. */
static bool is_empty_group(const struct kv_request *rq)
{
	static const char *const names[] = { "settings", "items", "slabs", "sizes", "conns" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (key_is(rq, names[i]))
			return true;
	return false;
}

static void do_stats(struct kv_conn *c)
{
	uint64_t open = kv_self.count.curr_connections;

	if (!c->req.key_len) {
		kv_stats(&kv_self.count, kv_self.uptime, kv_self.epoch, report, c);
	} else if (key_is(&c->req, "reset")) {
		kv_self.count = (struct kv_counters){ .curr_connections = open };
		c->req.op = KV_RESET_STATS;
	} else if (!is_empty_group(&c->req)) {
		kv_send_status(c, KV_NOT_FOUND);
		return;
	}
	kv_send_status(c, KV_OK);
}

static void do_nothing(struct kv_conn *c)
{
	kv_send_status(c, KV_OK);
}

static void do_quit(struct kv_conn *c)
{
	kv_send_status(c, KV_OK);
	c->mode = MODE_END;
}

static void skip_value(struct kv_conn *c)
{
	uint64_t left = (uint64_t)c->req.value_len + c->protocol->trailer;

	c->left = MIN(left, 0xffffffffu);
	c->mode = MODE_SKIP;
}

static void do_refuse(struct kv_conn *c)
{
	if (c->req.hang_up) {
		c->mode = MODE_END;
		return;
	}
	kv_send_status(c, c->req.status);
	if (c->mode == MODE_END)
		return;
	if (c->req.skip_line)
		c->mode = MODE_SKIP_LINE;
	else if (c->req.has_value)
		skip_value(c);
}

static void count_cas(uint8_t status)
{
	if (status == KV_NOT_FOUND)
		kv_self.count.cas_misses++;
	else if (status == KV_EXISTS)
		kv_self.count.cas_badval++;
	else if (status == KV_OK)
		kv_self.count.cas_hits++;
}

/* The value is there. A text one must be followed by a line's end; if not, a line's end is looked for. */
void kv_put_value(struct kv_conn *c)
{
	struct kv_result result = { 0 };
	char last[2];

	if (!c->protocol->trailer)
		kv_write(&c->in, "\r\n", 2);
	kv_seek(&c->in, c->item, c->item->head_len + c->item->value_len);
	kv_read(&c->in, last, 2);
	if (last[0] == '\r' && last[1] == '\n') {
		result.status = kv_put(&c->req, c->item, &result.cas);
		if (c->req.op == KV_CAS)
			count_cas(result.status);
	} else {
		result.status = KV_BAD_CHUNK;
		if (last[1] != '\n')
			c->mode = MODE_SKIP_LINE;
	}
	kv_release(c->item);
	c->item = NULL;
	kv_send_result(c, &result);
}

/* A new value that cannot be kept takes the old one along: nobody shall read that as the newest. */
static void refuse_value(struct kv_conn *c, enum kv_status status)
{
	if (c->req.op == KV_SET)
		kv_delete(c->req.key, c->req.key_len, 0);
	kv_send_status(c, status);
	if (c->mode != MODE_END)
		skip_value(c);
}

static void do_store(struct kv_conn *c)
{
	uint8_t status;

	kv_self.count.cmd_set++;
	c->item = kv_item_new(&c->req, c->req.value_len, &status);
	if (!c->item) {
		refuse_value(c, status);
		return;
	}
	kv_seek(&c->in, c->item, c->item->head_len);
	c->left = c->req.value_len + c->protocol->trailer;
	if (c->left)
		c->mode = MODE_VALUE;
	else
		kv_put_value(c);
}

static void (*const do_op[KV_NOPS])(struct kv_conn *c) = {
	[KV_BAD] = do_refuse, [KV_GET] = do_get, [KV_GAT] = do_get, [KV_TOUCH] = do_touch,
	[KV_SET] = do_store, [KV_ADD] = do_store, [KV_REPLACE] = do_store, [KV_APPEND] = do_store,
	[KV_PREPEND] = do_store, [KV_CAS] = do_store, [KV_DELETE] = do_delete, [KV_INCR] = do_count,
	[KV_DECR] = do_count, [KV_FLUSH] = do_flush, [KV_NOOP] = do_nothing, [KV_STATS] = do_stats,
	[KV_GET_VERSION] = do_nothing, [KV_VERBOSITY] = do_nothing, [KV_QUIT] = do_quit,
};

void kv_do(struct kv_conn *c)
{
	do_op[c->req.op](c);
}
