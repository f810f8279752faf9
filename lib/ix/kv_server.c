/* SPDX-License-Identifier: MIT */
/*
 * The key-value server's connections (inc/kv_server.h).
 *
 * Requests are parsed where the NIC put them; only the start of one that came in pieces is copied. A
 * connection takes in bytes by its mode, and takes none while an answer waits for room in the send queue: so
 * a client that does not read has to wait by TCP's window, and holds the items that its queue names only.
 */
#include <inc/lib.h>
#include <lib/ix/kv_conn.h>

#define REPLY_PIECES 3 /* free places in the send queue that any request's reply but a value does with */

struct kv_self kv_self;
struct mutex kv_mutex;

/* A cache that may be half changed is worth nothing: clients find it empty, once it is started again. */
void kv_end_broken(void)
{
	cprintf("%s: a thread was destroyed in the middle of a request: the store may be half changed\n", binaryname);
	exit();
}

static struct kv_conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct kv_conn, ctx);
}

/* ---- taking in ---- */

static size_t parse_next(struct kv_conn *c, const char *bytes, size_t len)
{
	if (c->mode == MODE_KEYS)
		return c->protocol->parse_key(&c->req, bytes, len);
	c->req = (struct kv_request){ 0 };
	return c->protocol->parse(&c->req, bytes, len);
}

static void act_on_key(struct kv_conn *c)
{
	if (c->req.key_len && c->req.op != KV_BAD) {
		kv_do(c);
	} else if (!c->req.keys_follow) {
		c->mode = MODE_HEAD;
		if (c->req.op == KV_BAD)
			kv_do(c);
		else
			kv_send_status(c, KV_OK);
	}
}

/* What was parsed is there as a whole. */
static void act(struct kv_conn *c)
{
	if (c->mode == MODE_KEYS)
		act_on_key(c);
	else if (c->req.keys_follow && c->req.op != KV_BAD)
		c->mode = MODE_KEYS;
	else
		kv_do(c);
}

static void drop_tail(struct kv_conn *c)
{
	ix_free(c->tail);
	c->tail = NULL;
	c->tail_len = 0;
}

static bool keep_tail(struct kv_conn *c, const char *bytes, size_t len)
{
	if (!c->tail)
		c->tail = ix_alloc(KV_LINE_MAX);
	if (!c->tail)
		return false;
	memcpy(c->tail + c->tail_len, bytes, len);
	c->tail_len += len;
	return true;
}

static size_t take_continued(struct kv_conn *c, const char *bytes, size_t len)
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

static size_t take_head(struct kv_conn *c, const char *bytes, size_t len)
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

static size_t take_value(struct kv_conn *c, const char *bytes, size_t len)
{
	size_t n = MIN(len, (size_t)c->left);

	kv_write(&c->in, bytes, n);
	c->left -= n;
	if (!c->left) {
		c->mode = MODE_HEAD;
		kv_put_value(c);
	}
	return n;
}

static size_t skip_bytes(struct kv_conn *c, const char *bytes, size_t len)
{
	size_t n = MIN(len, (size_t)c->left);

	(void)bytes;
	c->left -= n;
	if (!c->left)
		c->mode = MODE_HEAD;
	return n;
}

static size_t skip_line(struct kv_conn *c, const char *bytes, size_t len)
{
	size_t n = (const char *)memfind(bytes, '\n', len) - bytes;

	if (n == len)
		return len;
	c->mode = MODE_HEAD;
	return n + 1;
}

static size_t (*const take[NMODES])(struct kv_conn *c, const char *bytes, size_t len) = {
	[MODE_HEAD] = take_head, [MODE_KEYS] = take_head, [MODE_VALUE] = take_value,
	[MODE_SKIP] = skip_bytes, [MODE_SKIP_LINE] = skip_line,
};

/* ---- the connection ---- */

static void on_event(struct ixev_ctx *ctx, unsigned reason);

static void wait_for_room(struct kv_conn *c, bool wait)
{
	if (wait == c->waits_for_room)
		return;
	c->waits_for_room = wait;
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP | (wait ? IXEVOUT : 0), on_event);
}

/* True: there is nothing to do until more comes. */
static bool serve(struct kv_conn *c)
{
	char *bytes;
	size_t len;

	while (kv_pump(c)) {
		bytes = ixev_peek(&c->ctx, &len);
		if (!bytes || c->mode == MODE_END)
			return true;
		if (ixev_send_room(&c->ctx) < REPLY_PIECES)
			return false;
		if (!c->protocol)
			c->protocol = (uint8_t)*bytes == KV_MAGIC ? &kv_binary : &kv_text;
		len = take[c->mode](c, bytes, len);
		kv_self.count.bytes_read += len;
		ixev_consume(&c->ctx, len);
	}
	return false;
}

static void on_event(struct ixev_ctx *ctx, unsigned reason)
{
	struct kv_conn *c = conn_of(ctx);

	(void)reason;
	kv_lock();
	bool done = serve(c);
	kv_unlock();
	if (c->mode == MODE_END || (done && ixev_eof(ctx)))
		ixev_close(ctx);
	else
		wait_for_room(c, !done);
}

static struct kv_conn *new_conn(void)
{
	struct kv_conn *c = NULL;

	if (!kv_self.max_conns || kv_self.count.curr_connections < kv_self.max_conns)
		c = ix_alloc(sizeof(*c));
	if (!c) {
		kv_self.count.rejected_connections++;
		return NULL;
	}
	kv_self.count.curr_connections++;
	kv_self.count.total_connections++;
	return c;
}

static struct ixev_ctx *on_accept(struct ip_tuple *id)
{
	(void)id;
	kv_lock();
	struct kv_conn *c = new_conn();
	kv_unlock();
	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	ixev_ctx_init(&c->ctx);
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP, on_event);
	return &c->ctx;
}

static void on_release(struct ixev_ctx *ctx)
{
	struct kv_conn *c = conn_of(ctx);

	kv_lock();
	if (c->item)
		kv_release(c->item);
	if (c->out)
		kv_end_sending(c->out);
	kv_self.count.curr_connections--;
	kv_unlock();
	drop_tail(c);
	ix_free(c);
}

struct ixev_conn_ops *kv_server(unsigned max_conns)
{
	static struct ixev_conn_ops ops = { .accept = on_accept, .release = on_release };

	kv_self.max_conns = max_conns;
	return &ops;
}

/* ---- the clock ---- */

static void on_second(void *arg)
{
	uint32_t ms = sys_time_msec();

	(void)arg;
	kv_lock();
	kv_self.odd_ms += ms - kv_self.last_ms;
	kv_self.last_ms = ms;
	kv_self.uptime += kv_self.odd_ms / 1000;
	kv_self.odd_ms %= 1000;
	kv_store_clock(kv_self.uptime);
	kv_unlock();
	ixev_timer_add(&kv_self.clock, (struct timeval){ .tv_sec = 1 });
}

int kv_server_start(uint32_t limit, uint32_t epoch)
{
	kv_self.epoch = epoch;
	kv_self.last_ms = sys_time_msec();
	ixev_timer_init(&kv_self.clock, on_second, NULL);
	int r = ixev_timer_add(&kv_self.clock, (struct timeval){ .tv_sec = 1 });
	return r < 0 ? r : kv_store_init(limit, epoch);
}
