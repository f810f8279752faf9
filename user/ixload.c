/* SPDX-License-Identifier: MIT */
/*
 * A load generator inside the machine: an IX client on a NIC and a CPU of its own, which asks a web server in the same
 * machine for one page, over and over. It starts the server itself. `make bench-count` runs it, with two NICs joined by
 * a hub.
 *
 *	ixload conns kept|each[/page]|kv warm count server [its arguments]
 *
 * With `kept` a connection asks again when it has its answer; with `each` it is closed by the server, and another
 * is opened. The page is /64.bin unless another is named. With `kv` the server is a key-value store instead, and a request
 * sets a key and gets it back, on a kept connection. There are three windows: `warm` requests; `count` requests,
 * between two marks that only QEMU's plugin sees (bench/counter.c); and silence, between two more. Each window ends
 * when all is answered; or, without a result, when no answer has come for PATIENCE_S of the machine's own time. What the
 * server's dataplane counted in the last two, if it has one, is printed.
 */
#include <inc/ixev.h>
#include <inc/lib.h>
#include "parts/ixload/window.h"

enum {
	SERVER_IP = 10 << 24 | 2 << 8 | 15,
	WEB_PORT = 80,
	KV_PORT = 11211,
	SERVER_START_MS = 300,
	REQUEST_MAX = 256,
	ANSWER_MAX = 2048,      /* as far as it is looked at: the head is within */
	SILENCE_US = 2000,
	PATIENCE_S = 2,         /* without an answer, of which each takes a few thousandths of that */
};

struct client {
	struct ixev_ctx ctx;
	size_t got;
	bool connected;
};

static struct {
	unsigned conns, warm, count;
	bool each, kv;
	const char *page;
	struct client **clients;
	unsigned left, asking; /* this window's requests that are still to be made; those under way */
	unsigned open;         /* contexts from dial to release */
	unsigned answers, failures;
	unsigned answers_before; /* when `patience` was last set */
	struct ixev_timer patience;
	bool late;
	char *request;
	size_t request_len;
	size_t answer_len;       /* 0: not known yet */
	char head[ANSWER_MAX];   /* the first answer */
} load;

/* ---- Asking ---- */

static void on_event(struct ixev_ctx *ctx, unsigned reason);

static void dial(struct client *c)
{
	struct ip_tuple to = { .dst_ip = SERVER_IP, .dst_port = load.kv ? KV_PORT : WEB_PORT };

	load.open++;
	ixev_ctx_init(&c->ctx);
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP, on_event);
	ixev_dial(&c->ctx, &to);
}

static void send_request(struct client *c) { ixev_send_zc(&c->ctx, load.request, load.request_len); }

/* The client's next request, if this window has one left. */
static void ask(struct client *c)
{
	if (!load.left)
		return;
	load.left--;
	load.asking++;
	c->got = 0;
	if (c->connected)
		send_request(c);
	else
		dial(c);
}

static void answered(void)
{
	load.answers++;
	load.asking--;
}

/* Of the store's first answer, which is VALUE, the bytes, and END; 0: it has not come as a whole. */
static size_t kv_answer_length(size_t got)
{
	static const char end[] = "\r\nEND\r\n";

	return got >= sizeof(end) - 1 && memcmp(load.head + got - (sizeof(end) - 1), end, sizeof(end) - 1) == 0 ? got : 0;
}

/* From the first answer's head; 0: it has not come as a whole. */
static size_t web_answer_length(size_t got)
{
	static const char field[] = "Content-Length:";
	size_t body = 0, length = 0;

	for (size_t i = 0; i + 4 <= got; i++) {
		if (memcmp(load.head + i, "\r\n\r\n", 4) == 0 && !body)
			body = i + 4;
		if (i + sizeof(field) < got && memcmp(load.head + i, field, sizeof(field) - 1) == 0)
			length = strtol(load.head + i + sizeof(field) - 1, NULL, 10);
	}
	return body && length ? body + length : 0;
}

static void take(struct client *c, const void *bytes, size_t len)
{
	if (!load.answer_len && c->got + len <= ANSWER_MAX) {
		memcpy(load.head + c->got, bytes, len);
		load.answer_len = (load.kv ? kv_answer_length : web_answer_length)(c->got + len);
	}
	c->got += len;
}

/* A connection has ended: with an answer, or its request has to be made again. */
static void finished(bool good)
{
	if (good) {
		answered();
		return;
	}
	load.failures++;
	load.asking--;
	load.left++;
}

static void on_event(struct ixev_ctx *ctx, unsigned reason)
{
	struct client *c = container_of(ctx, struct client, ctx);
	void *bytes;
	size_t len;

	while ((bytes = ixev_peek(ctx, &len))) {
		take(c, bytes, len);
		ixev_consume(ctx, len);
	}
	bool whole = load.answer_len && c->got == load.answer_len;
	if (whole && !load.each) {
		answered();
		ask(c);
	}
	if (reason & IXEVHUP) {
		if (load.each)
			finished(c->got > 0);
		c->connected = false;
		ixev_close(ctx);
	}
}

/* One that failed is tried again, when its context is free. */
static void on_dialed(struct ixev_ctx *ctx, long outcome)
{
	struct client *c = container_of(ctx, struct client, ctx);

	c->connected = outcome == 0;
	if (c->connected) {
		send_request(c);
		return;
	}
	finished(false);
	ixev_close(ctx);
}

static void on_release(struct ixev_ctx *ctx)
{
	load.open--;
	ask(container_of(ctx, struct client, ctx));
}

static struct ixev_conn_ops ops = { .release = on_release, .dialed = on_dialed };

/* ---- The beginning and the end ---- */

static int make_request(void)
{
	load.request = ix_alloc(REQUEST_MAX);
	if (!load.request)
		return -E_NO_MEM;
	if (load.kv)
		load.request_len = snprintf(load.request, REQUEST_MAX, "set key 0 0 32 noreply\r\n%032u\r\nget key\r\n", 6828);
	else
		load.request_len = snprintf(load.request, REQUEST_MAX, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: %s\r\n\r\n",
					    load.page, load.each ? "close" : "keep-alive");
	return load.request_len < REQUEST_MAX ? 0 : -E_INVAL;
}

static int be_patient(void)
{
	load.answers_before = load.answers;
	return ixev_timer_add(&load.patience, (struct timeval){ .tv_sec = PATIENCE_S });
}

static void on_patience(void *arg)
{
	(void)arg;
	load.late = load.answers == load.answers_before || be_patient() < 0;
}

static int prepare(void)
{
	struct ix_config config = { .nic = NIC };
	int r;

	ixev_init(&ops);
	ixev_timer_init(&load.patience, on_patience, NULL);
	if ((r = ixev_attach(IX_ANY_CPU, &config)) < 0)
		return r;
	return make_request();
}

static int make_clients(void)
{
	load.clients = ix_alloc(load.conns * sizeof(*load.clients));
	for (unsigned i = 0; load.clients && i < load.conns; i++) {
		load.clients[i] = ix_alloc(sizeof(struct client));
		if (!load.clients[i])
			return -E_NO_MEM;
		load.clients[i]->connected = false;
	}
	return load.clients ? 0 : -E_NO_MEM;
}

/* So many requests, by all clients, to the last answer; connections that are not kept are gone after that. */
static int ask_all(unsigned requests)
{
	int r = be_patient();

	load.left = requests;
	for (unsigned i = 0; i < load.conns; i++)
		ask(load.clients[i]);
	while ((load.left || load.asking || (load.each && load.open)) && r >= 0)
		r = load.late ? -E_TIMED_OUT : ixev_wait();
	return r;
}

static int run(void)
{
	int r;

	if ((r = make_clients()) < 0 || (r = ask_all(load.warm)) < 0)
		return r;
	window_begin();
	if ((r = ask_all(load.count)) < 0)
		return r;
	window_end("busy");
	window_begin();
	ix_run(SILENCE_US);
	window_end("idle");
	return 0;
}

static int start_server(const char **argv)
{
	int r = spawn(argv[0], argv);

	if (r >= 0)
		sys_sleep_until(sys_time_msec() + SERVER_START_MS);
	return r;
}

void umain(int argc, char **argv)
{
	int r;

	binaryname = "ixload";
	if (argc < 6) {
		cprintf("usage: ixload conns kept|each[/page]|kv warm count server [its arguments]\n");
		return;
	}
	load.conns = strtol(argv[1], NULL, 10);
	load.each = strncmp(argv[2], "each", 4) == 0;
	load.kv = strcmp(argv[2], "kv") == 0;
	load.page = strlen(argv[2]) > 4 ? argv[2] + 4 : "/64.bin";
	load.warm = strtol(argv[3], NULL, 10);
	load.count = strtol(argv[4], NULL, 10);
	if ((r = start_server((const char **)argv + 5)) < 0 || (r = prepare()) < 0 || (r = run()) < 0) {
		cprintf("ixload: %e\n", r);
		return;
	}
	cprintf("ixload: done on CPU %d: %u answers, %u failures\n", ix_config()->cpu, load.answers, load.failures);
}
