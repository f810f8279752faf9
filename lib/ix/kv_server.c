/* SPDX-License-Identifier: MIT */
/*
 * The key-value server's connections (inc/kv_server.h).
 *
 * Requests are parsed where the NIC put them; only the start of one that came in pieces is copied. A
 * connection takes in bytes by its mode, and takes none while an answer waits for room in the send queue: so a
 * client that does not read has to wait by TCP's window, and holds at most the items that its queue names.
 */
#include <inc/kv_server.h>
#include <inc/lib.h>

#define REPLY_PIECES 3 /* free places in the send queue that any request's reply but a value does with */

enum mode {
	MODE_HEAD,      /* a request begins */
	MODE_KEYS,      /* a get's keys follow */
	MODE_VALUE,     /* a value comes, for `item` */
	MODE_SKIP,      /* `left` bytes mean nothing */
	MODE_SKIP_LINE, /* nor does anything up to the line's end */
	MODE_END,       /* all that was answered is queued, or cannot be: close it */
	NMODES
};

/* An answer to a get: from its first byte that is queued until its last one is acknowledged. */
struct sending {
	struct ixev_ref sent;
	struct kv_item *item;
	char head[KV_HEAD_BYTES];
};

struct conn {
	struct ixev_ctx ctx;
	const struct kv_protocol *protocol; /* NULL: its first byte has not come */
	struct kv_request req;
	uint8_t mode;       /* enum mode */
	bool waits_for_room;

	char *tail; /* copy of a head's first bytes, if it comes in pieces: KV_LINE_MAX */
	uint16_t tail_len;

	/* The value that comes in. */
	struct kv_item *item;
	struct kv_cursor in;
	uint32_t left;

	/* The answer that is being queued; NULL: none. */
	struct sending *out;
	struct kv_slice slices[KV_SLICES_MAX];
	uint8_t slice, nslices;
	uint32_t slice_done;
	struct kv_cursor from;
};

static struct {
	unsigned max_conns;
	struct kv_counters count;
	struct ixev_timer clock;
	uint32_t last_ms, odd_ms, uptime, epoch;
} server;

static struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, ctx);
}

/* ---- replies ---- */

/* What cannot be queued as a whole must not go on in part. */
static void send_text(struct conn *c, char *bytes, size_t len)
{
	if (!len)
		return;
	server.count.bytes_written += len;
	if (ixev_send(&c->ctx, bytes, len) != (ssize_t)len)
		c->mode = MODE_END;
}

static void send_result(struct conn *c, const struct kv_result *result)
{
	char buf[KV_REPLY_MAX];

	send_text(c, buf, c->protocol->reply(buf, &c->req, result));
}

static void send_status(struct conn *c, enum kv_status status)
{
	send_result(c, &(struct kv_result){ .status = status });
}

/* ---- values that go out ---- */

static void end_sending(struct sending *out)
{
	kv_release(out->item);
	ix_free(out);
}

static void on_value_sent(struct ixev_ref *ref)
{
	end_sending(container_of(ref, struct sending, sent));
}

static void next_slice(struct conn *c)
{
	const struct kv_slice *s = &c->slices[c->slice];

	c->slice_done = 0;
	if (c->slice < c->nslices && s->offset != KV_FROM_HEAD)
		kv_seek(&c->from, c->out->item, s->offset);
}

/* The next bytes of the slice that lie in one piece. */
static char *next_piece(struct conn *c, uint32_t *len)
{
	const struct kv_slice *s = &c->slices[c->slice];

	*len = s->len - c->slice_done;
	c->slice_done += *len;
	if (s->offset == KV_FROM_HEAD)
		return c->out->head;
	c->slice_done -= *len;
	char *piece = kv_next(&c->from, len);
	c->slice_done += *len;
	return piece;
}

/* Queue what there is room for. False: some is left; for good, if the connection is dead. */
static bool pump(struct conn *c)
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
		server.count.bytes_written += len;
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

static void send_value(struct conn *c, struct kv_item *item)
{
	struct sending *out = ix_alloc(sizeof(*out));

	if (!out) {
		send_status(c, KV_NO_MEM);
		return;
	}
	kv_hold(item);
	out->item = item;
	out->sent.cb = on_value_sent;
	c->out = out;
	c->nslices = c->protocol->value(c->slices, out->head, &c->req, item);
	c->slice = 0;
	next_slice(c);
	pump(c);
}

/* ---- requests ---- */

static void do_get(struct conn *c)
{
	const struct kv_request *rq = &c->req;
	struct kv_item *item = kv_find(rq->key, rq->key_len);

	server.count.cmd_get++;
	if (!item) {
		server.count.get_misses++;
		send_status(c, KV_NOT_FOUND);
		return;
	}
	server.count.get_hits++;
	if (rq->op == KV_GAT) {
		server.count.cmd_touch++;
		server.count.touch_hits++;
		kv_touch(item, kv_expiry(rq->exptime));
	}
	send_value(c, item);
}

static void do_touch(struct conn *c)
{
	struct kv_item *item = kv_find(c->req.key, c->req.key_len);
	struct kv_result result = { .status = KV_NOT_FOUND };

	server.count.cmd_touch++;
	if (item) {
		kv_touch(item, kv_expiry(c->req.exptime));
		server.count.touch_hits++;
		result = (struct kv_result){ .status = KV_OK, .flags = item->flags, .cas = item->cas };
	} else {
		server.count.touch_misses++;
	}
	send_result(c, &result);
}

static void do_delete(struct conn *c)
{
	uint8_t status = kv_delete(c->req.key, c->req.key_len, c->req.cas);

	if (status == KV_NOT_FOUND)
		server.count.delete_misses++;
	else
		server.count.delete_hits++;
	send_status(c, status);
}

static void do_count(struct conn *c)
{
	struct kv_result result = { 0 };
	bool up = c->req.op == KV_INCR;
	uint64_t *hits = up ? &server.count.incr_hits : &server.count.decr_hits;
	uint64_t *misses = up ? &server.count.incr_misses : &server.count.decr_misses;

	kv_count(&c->req, &result);
	++*(result.status == KV_NOT_FOUND ? misses : hits);
	send_result(c, &result);
}

static void do_flush(struct conn *c)
{
	server.count.cmd_flush++;
	kv_store_flush(kv_expiry(c->req.exptime));
	send_status(c, KV_OK);
}

static void report(void *arg, const char *name, const char *value)
{
	struct conn *c = arg;
	char buf[KV_REPLY_MAX];

	send_text(c, buf, c->protocol->stat(buf, &c->req, name, value));
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

static void do_stats(struct conn *c)
{
	uint64_t open = server.count.curr_connections;

	if (!c->req.key_len) {
		kv_stats(&server.count, server.uptime, server.epoch, report, c);
	} else if (key_is(&c->req, "reset")) {
		server.count = (struct kv_counters){ .curr_connections = open };
		c->req.op = KV_RESET_STATS;
	} else if (!is_empty_group(&c->req)) {
		send_status(c, KV_NOT_FOUND);
		return;
	}
	send_status(c, KV_OK);
}

static void do_nothing(struct conn *c)
{
	send_status(c, KV_OK);
}

static void do_quit(struct conn *c)
{
	send_status(c, KV_OK);
	c->mode = MODE_END;
}

static void skip_value(struct conn *c)
{
	uint64_t left = (uint64_t)c->req.value_len + c->protocol->trailer;

	c->left = MIN(left, 0xffffffffu);
	c->mode = MODE_SKIP;
}

static void do_refuse(struct conn *c)
{
	if (c->req.hang_up) {
		c->mode = MODE_END;
		return;
	}
	send_status(c, c->req.status);
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
		server.count.cas_misses++;
	else if (status == KV_EXISTS)
		server.count.cas_badval++;
	else if (status == KV_OK)
		server.count.cas_hits++;
}

/* The value is there. A text one must be followed by a line's end; if not, a line's end is looked for. */
static void put_value(struct conn *c)
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
	send_result(c, &result);
}

/* A new value that cannot be kept takes the old one along: nobody shall read that as the newest. */
static void refuse_value(struct conn *c, enum kv_status status)
{
	if (c->req.op == KV_SET)
		kv_delete(c->req.key, c->req.key_len, 0);
	send_status(c, status);
	if (c->mode != MODE_END)
		skip_value(c);
}

static void do_store(struct conn *c)
{
	uint8_t status;

	server.count.cmd_set++;
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
		put_value(c);
}

static void (*const do_op[KV_NOPS])(struct conn *c) = {
	[KV_BAD] = do_refuse, [KV_GET] = do_get, [KV_GAT] = do_get, [KV_TOUCH] = do_touch,
	[KV_SET] = do_store, [KV_ADD] = do_store, [KV_REPLACE] = do_store, [KV_APPEND] = do_store,
	[KV_PREPEND] = do_store, [KV_CAS] = do_store, [KV_DELETE] = do_delete, [KV_INCR] = do_count,
	[KV_DECR] = do_count, [KV_FLUSH] = do_flush, [KV_NOOP] = do_nothing, [KV_STATS] = do_stats,
	[KV_GET_VERSION] = do_nothing, [KV_VERBOSITY] = do_nothing, [KV_QUIT] = do_quit,
};

/* ---- taking in ---- */

static size_t parse_next(struct conn *c, const char *bytes, size_t len)
{
	if (c->mode == MODE_KEYS)
		return c->protocol->parse_key(&c->req, bytes, len);
	c->req = (struct kv_request){ 0 };
	return c->protocol->parse(&c->req, bytes, len);
}

static void act_on_key(struct conn *c)
{
	if (c->req.key_len && c->req.op != KV_BAD) {
		do_op[c->req.op](c);
	} else if (!c->req.keys_follow) {
		c->mode = MODE_HEAD;
		if (c->req.op == KV_BAD)
			do_refuse(c);
		else
			send_status(c, KV_OK);
	}
}

/* What was parsed is there as a whole. */
static void act(struct conn *c)
{
	if (c->mode == MODE_KEYS)
		act_on_key(c);
	else if (c->req.keys_follow && c->req.op != KV_BAD)
		c->mode = MODE_KEYS;
	else
		do_op[c->req.op](c);
}

static void drop_tail(struct conn *c)
{
	ix_free(c->tail);
	c->tail = NULL;
	c->tail_len = 0;
}

static bool keep_tail(struct conn *c, const char *bytes, size_t len)
{
	if (!c->tail)
		c->tail = ix_alloc(KV_LINE_MAX);
	if (!c->tail)
		return false;
	memcpy(c->tail + c->tail_len, bytes, len);
	c->tail_len += len;
	return true;
}

static size_t take_continued(struct conn *c, const char *bytes, size_t len)
{
	size_t before = c->tail_len, n = MIN(len, (size_t)KV_LINE_MAX - before);

	keep_tail(c, bytes, n);
	size_t used = parse_next(c, c->tail, c->tail_len);
	if (!used)
		return n;
	act(c);
	drop_tail(c);
	return used - before;
}

static size_t take_head(struct conn *c, const char *bytes, size_t len)
{
	if (c->tail_len)
		return take_continued(c, bytes, len);

	size_t used = parse_next(c, bytes, len);
	if (used) {
		act(c);
		return used;
	}
	if (!keep_tail(c, bytes, len))
		c->mode = MODE_END;
	return len;
}

static size_t take_value(struct conn *c, const char *bytes, size_t len)
{
	size_t n = MIN(len, (size_t)c->left);

	kv_write(&c->in, bytes, n);
	c->left -= n;
	if (!c->left) {
		c->mode = MODE_HEAD;
		put_value(c);
	}
	return n;
}

static size_t skip_bytes(struct conn *c, const char *bytes, size_t len)
{
	size_t n = MIN(len, (size_t)c->left);

	(void)bytes;
	c->left -= n;
	if (!c->left)
		c->mode = MODE_HEAD;
	return n;
}

static size_t skip_line(struct conn *c, const char *bytes, size_t len)
{
	size_t n = (const char *)memfind(bytes, '\n', len) - bytes;

	if (n == len)
		return len;
	c->mode = MODE_HEAD;
	return n + 1;
}

static size_t (*const take[NMODES])(struct conn *c, const char *bytes, size_t len) = {
	[MODE_HEAD] = take_head, [MODE_KEYS] = take_head, [MODE_VALUE] = take_value,
	[MODE_SKIP] = skip_bytes, [MODE_SKIP_LINE] = skip_line,
};

/* ---- the connection ---- */

static void on_event(struct ixev_ctx *ctx, unsigned reason);

static void wait_for_room(struct conn *c, bool wait)
{
	if (wait == c->waits_for_room)
		return;
	c->waits_for_room = wait;
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP | (wait ? IXEVOUT : 0), on_event);
}

/* True: there is nothing to do until more comes. */
static bool serve(struct conn *c)
{
	char *bytes;
	size_t len;

	while (pump(c)) {
		bytes = ixev_peek(&c->ctx, &len);
		if (!bytes || c->mode == MODE_END)
			return true;
		if (ixev_send_room(&c->ctx) < REPLY_PIECES)
			return false;
		if (!c->protocol)
			c->protocol = (uint8_t)*bytes == KV_MAGIC ? &kv_binary : &kv_text;
		len = take[c->mode](c, bytes, len);
		server.count.bytes_read += len;
		ixev_consume(&c->ctx, len);
	}
	return false;
}

static void on_event(struct ixev_ctx *ctx, unsigned reason)
{
	struct conn *c = conn_of(ctx);
	bool done = serve(c);

	(void)reason;
	if (c->mode == MODE_END || (done && ixev_eof(ctx)))
		ixev_close(ctx);
	else
		wait_for_room(c, !done);
}

static struct ixev_ctx *on_accept(struct ip_tuple *id)
{
	struct conn *c = NULL;

	(void)id;
	if (!server.max_conns || server.count.curr_connections < server.max_conns)
		c = ix_alloc(sizeof(*c));
	if (!c) {
		server.count.rejected_connections++;
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	ixev_ctx_init(&c->ctx);
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP, on_event);
	server.count.curr_connections++;
	server.count.total_connections++;
	return &c->ctx;
}

static void on_release(struct ixev_ctx *ctx)
{
	struct conn *c = conn_of(ctx);

	if (c->item)
		kv_release(c->item);
	if (c->out)
		end_sending(c->out);
	drop_tail(c);
	ix_free(c);
	server.count.curr_connections--;
}

struct ixev_conn_ops *kv_server(unsigned max_conns)
{
	static struct ixev_conn_ops ops = { .accept = on_accept, .release = on_release };

	server.max_conns = max_conns;
	return &ops;
}

/* ---- the clock ---- */

static void on_second(void *arg)
{
	uint32_t ms = sys_time_msec();

	(void)arg;
	server.odd_ms += ms - server.last_ms;
	server.last_ms = ms;
	server.uptime += server.odd_ms / 1000;
	server.odd_ms %= 1000;
	kv_store_clock(server.uptime);
	ixev_timer_add(&server.clock, (struct timeval){ .tv_sec = 1 });
}

int kv_server_start(uint32_t limit, uint32_t epoch)
{
	server.epoch = epoch;
	server.last_ms = sys_time_msec();
	ixev_timer_init(&server.clock, on_second, NULL);
	int r = ixev_timer_add(&server.clock, (struct timeval){ .tv_sec = 1 });
	return r < 0 ? r : kv_store_init(limit, epoch);
}
