/* SPDX-License-Identifier: MIT */
/*
 * The web server's connections (inc/http_server.h).
 *
 * Requests are parsed where the NIC put them; only the start of one that came in pieces is copied. Answers
 * are sent from the store without a copy. A client that does not read, or sends no more, costs its struct
 * conn: while the send queue is full, its requests wait unread, and TCP's window makes it wait too.
 */
#include <inc/http.h>
#include <inc/http_server.h>
#include <inc/http_store.h>
#include <inc/stdio.h>
#include <inc/string.h>

#define PIECES_PER_REPLY 2
#define TAIL_MIN 512u

struct conn {
	struct ixev_ctx ctx;
	struct http_request req; /* that is coming in */
	char *tail;              /* copy of its first bytes, if it comes in pieces */
	uint16_t tail_len, tail_size;
	uint32_t skip;         /* bytes of a request's body still to be thrown away */
	bool waits_for_room;
	bool ending;           /* the last reply is queued: what else comes is thrown away */
	bool unread;           /* ... and something does, or may */
	bool lingers;          /* closed as soon as the peer has acknowledged all */
	struct ixev_ref acked;
};

static struct {
	unsigned max_conns, nconns;
	bool verbose;
} server;

static struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, ctx);
}

/* ---- answering ---- */

static void send_reply(struct conn *c, const struct http_reply *reply)
{
	char *keeps = reply->block + reply->close_len;
	char *body = keeps + reply->keep_len;

	if (c->req.keep_alive)
		ixev_send_zc(&c->ctx, keeps, reply->keep_len);
	else
		ixev_send_zc(&c->ctx, reply->block, reply->close_len);
	if (c->req.method != HTTP_HEAD)
		ixev_send_zc(&c->ctx, body, reply->body_len);
}

static const struct http_reply *choose_reply(const struct http_request *req, const char *head)
{
	char path[HTTP_PATH_MAX];

	if (req->method != HTTP_GET && req->method != HTTP_HEAD)
		return http_store_error(req->method == HTTP_OTHER ? 405 : 501);

	int r = http_path(head + req->target, req->target_len, path, sizeof(path));
	return r < 0 ? http_store_error(-r) : http_store_file(path, r);
}

static void log_request(const struct conn *c, const char *head, const struct http_reply *reply)
{
	uint32_t ip = c->ctx.peer_ip;

	cprintf("http: %d.%d.%d.%d %d %.*s\n", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255,
		reply->status, (int)c->req.target_len, head + c->req.target);
}

/* The request is complete. */
static void answer(struct conn *c, const char *head)
{
	const struct http_reply *reply = choose_reply(&c->req, head);

	if (server.verbose)
		log_request(c, head, reply);
	send_reply(c, reply);
	c->ending = !c->req.keep_alive;
	c->skip = c->req.body_len;
	c->unread = c->skip > 0;
}

/* It is beyond understanding, and so is whatever follows it. */
static void refuse(struct conn *c, int status)
{
	c->req.keep_alive = false;
	c->req.method = HTTP_UNKNOWN;
	send_reply(c, http_store_error(status));
	c->ending = c->unread = true;
}

/* ---- taking in ---- */

static bool grow_tail(struct conn *c, size_t size)
{
	if (size <= c->tail_size)
		return true;

	size_t larger = MAX(MAX(size, TAIL_MIN), MIN(2u * c->tail_size, (size_t)HTTP_HEAD_MAX));
	char *tail = ix_alloc(larger);
	if (!tail)
		return false;
	if (c->tail_len)
		memcpy(tail, c->tail, c->tail_len);
	ix_free(c->tail);
	c->tail = tail;
	c->tail_size = larger;
	return true;
}

static bool keep_tail(struct conn *c, const char *bytes, size_t len)
{
	if (!grow_tail(c, c->tail_len + len))
		return false;
	memcpy(c->tail + c->tail_len, bytes, len);
	c->tail_len += len;
	return true;
}

static void next_request(struct conn *c)
{
	ix_free(c->tail);
	c->tail = NULL;
	c->tail_len = c->tail_size = 0;
	c->req = (struct http_request){ 0 };
}

/* http_parse has judged the bytes at `head`. How many of them are the request's; all, if that is unknown. */
static size_t react(struct conn *c, int verdict, const char *head, size_t len)
{
	size_t used = len;

	if (verdict == HTTP_DONE) {
		used = c->req.head_len;
		answer(c, head);
	} else {
		refuse(c, verdict);
	}
	next_request(c);
	return used;
}

/* The request begins in this piece: the usual case, and without a copy if it also ends there. */
static size_t take_new(struct conn *c, const char *piece, size_t len)
{
	int verdict = http_parse(&c->req, piece, len);

	if (verdict != HTTP_MORE)
		return react(c, verdict, piece, len);
	if (!keep_tail(c, piece, len))
		react(c, 503, piece, len);
	return len;
}

static size_t take_continued(struct conn *c, const char *piece, size_t len)
{
	size_t before = c->tail_len;
	size_t n = MIN(len, HTTP_HEAD_MAX - before);

	if (!keep_tail(c, piece, n))
		return react(c, 503, piece, len);

	int verdict = http_parse(&c->req, c->tail, c->tail_len);
	if (verdict == HTTP_MORE)
		return n;
	return react(c, verdict, c->tail, c->tail_len) - before;
}

/* How many of these bytes are dealt with: at least one. */
static size_t take(struct conn *c, const char *piece, size_t len)
{
	if (c->ending) {
		c->unread = true;
		return len;
	}
	if (c->skip) {
		size_t n = MIN(c->skip, len);
		c->skip -= n;
		return n;
	}
	return c->tail_len ? take_continued(c, piece, len) : take_new(c, piece, len);
}

/* ---- the connection ---- */

static void on_acked(struct ixev_ref *ref)
{
	ixev_close(&container_of(ref, struct conn, acked)->ctx);
}

/*
 * After the last reply. To close while the peer still sends would reset the connection, and the peer might
 * never see the reply: so wait until it has it.
 */
static void end(struct conn *c)
{
	if (!c->unread) {
		ixev_close(&c->ctx);
	} else if (!c->lingers) {
		c->lingers = true;
		c->acked.cb = on_acked;
		ixev_add_sent_cb(&c->ctx, &c->acked);
	}
}

static void on_event(struct ixev_ctx *ctx, unsigned reason);

static void wait_for_room(struct conn *c, bool wait)
{
	if (wait == c->waits_for_room)
		return;
	c->waits_for_room = wait;
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP | (wait ? IXEVOUT : 0), on_event);
}

static bool may_take(const struct conn *c)
{
	return c->ending || ixev_send_room(&c->ctx) >= PIECES_PER_REPLY;
}

static void on_event(struct ixev_ctx *ctx, unsigned reason)
{
	struct conn *c = conn_of(ctx);
	char *piece;
	size_t len;

	(void)reason;
	while ((piece = ixev_peek(ctx, &len)) && may_take(c))
		ixev_consume(ctx, take(c, piece, len));

	if (ixev_eof(ctx))
		ixev_close(ctx);
	else if (c->ending)
		end(c);
	else
		wait_for_room(c, piece != NULL);
}

static struct ixev_ctx *on_accept(struct ip_tuple *id)
{
	struct conn *c = NULL;

	(void)id;
	if (!server.max_conns || server.nconns < server.max_conns) /* with several threads, one or two more may slip in */
		c = ix_alloc(sizeof(*c));
	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	ixev_ctx_init(&c->ctx);
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP, on_event);
	__atomic_fetch_add(&server.nconns, 1, __ATOMIC_RELAXED);
	return &c->ctx;
}

static void on_release(struct ixev_ctx *ctx)
{
	struct conn *c = conn_of(ctx);

	ix_free(c->tail);
	ix_free(c);
	__atomic_fetch_sub(&server.nconns, 1, __ATOMIC_RELAXED);
}

struct ixev_conn_ops *http_server(unsigned max_conns, bool verbose)
{
	static struct ixev_conn_ops ops = { .accept = on_accept, .release = on_release };

	server.max_conns = max_conns;
	server.verbose = verbose;
	return &ops;
}
