/* SPDX-License-Identifier: MIT */
/*
 * Fetches one page by HTTP from another machine, through the dataplane, and tells what came of it.
 *
 *	ixfetch [-b] [-t seconds] address port path
 *
 * The last line is the outcome: the status and the length of the body, or the error. With -b the body comes
 * before it.
 */
#include <inc/ixev.h>
#include <inc/ixopt.h>
#include <inc/lib.h>

#define HEAD_MAX 8192
#define LINGER_S 2
#define UNKNOWN_LEN 0xffffffff

static struct {
	struct ip_tuple to;
	const char *address, *path;
	unsigned seconds;
	bool show_body;
} options = { .seconds = 30 };

static struct {
	struct ixev_ctx ctx;
	struct ixev_timer timer;
	char head[HEAD_MAX + 1];
	uint32_t head_len;
	bool in_body, done, released;
	bool mid_line; /* the body that was shown does not end a line */
	uint32_t want, got; /* bytes of the body */
} fetch;

/* ---- the outcome ---- */

/* The last line begins. */
static void begin_line(void)
{
	cprintf(fetch.mid_line ? "\nixfetch: " : "ixfetch: ");
}

static void finish(void)
{
	fetch.done = true;
	ixev_timer_del(&fetch.timer);
	ixev_close(&fetch.ctx);
}

static void fail(const char *what)
{
	begin_line();
	cprintf("%s:%u: %s\n", options.address, options.to.dst_port, what);
	finish();
}

static void fail_with(int error)
{
	char text[64];

	snprintf(text, sizeof(text), "%e", error);
	fail(text);
}

static void succeed(void)
{
	char *status = fetch.head + strlen("HTTP/1.x ");

	*strfind(status, '\r') = '\0';
	begin_line();
	cprintf("%s, %u bytes\n", status, fetch.got);
	finish();
}

/* ---- the answer ---- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* The value if the line is the header `name`, given in lower case with its colon. */
static const char *header_value(const char *line, const char *name)
{
	while (*name && lower(*line) == *name)
		line++, name++;
	return *name ? NULL : line;
}

static const char *next_line(const char *line)
{
	line = strfind(line, '\n');
	return *line ? line + 1 : line;
}

static uint32_t content_length(void)
{
	for (const char *line = fetch.head; *line; line = next_line(line)) {
		const char *value = header_value(line, "content-length:");
		if (value)
			return strtol(value, NULL, 10);
	}
	return UNKNOWN_LEN;
}

static bool head_is_good(void)
{
	return strncmp(fetch.head, "HTTP/1.", 7) == 0 && fetch.head[8] == ' ';
}

/* The head goes on for how many of these bytes? Sets in_body when it ends among them. */
static size_t take_head(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (fetch.head_len == HEAD_MAX)
			return i;
		fetch.head[fetch.head_len++] = bytes[i];
		if (fetch.head_len >= 4 && memcmp(fetch.head + fetch.head_len - 4, "\r\n\r\n", 4) == 0) {
			fetch.in_body = true;
			fetch.want = content_length();
			return i + 1;
		}
	}
	return len;
}

static void take_body(const char *bytes, size_t len)
{
	size_t n = MIN(len, (size_t)(fetch.want - fetch.got));

	if (options.show_body && n) {
		sys_cputs(bytes, n);
		fetch.mid_line = bytes[n - 1] != '\n';
	}
	fetch.got += n;
}

static void take(const char *bytes, size_t len)
{
	size_t used = fetch.in_body ? 0 : take_head(bytes, len);

	if (!fetch.in_body && (fetch.head_len == HEAD_MAX || (fetch.head_len > 8 && !head_is_good())))
		fail("that is no HTTP");
	else if (fetch.in_body)
		take_body(bytes + used, len - used);
	if (fetch.in_body && !fetch.done && fetch.got == fetch.want)
		succeed();
}

static void on_end(void)
{
	int error = ixev_error(&fetch.ctx);

	if (error)
		fail_with(error);
	else if (fetch.in_body && fetch.want == UNKNOWN_LEN)
		succeed();
	else
		fail("the connection ended in the middle of the answer");
}

static void on_event(struct ixev_ctx *ctx, unsigned reason)
{
	size_t len;
	char *bytes;

	(void)reason;
	while (!fetch.done && (bytes = ixev_peek(ctx, &len))) {
		take(bytes, len);
		if (!fetch.done)
			ixev_consume(ctx, len);
	}
	if (!fetch.done && ixev_eof(ctx))
		on_end();
}

/* ---- the request ---- */

static void send_request(struct ixev_ctx *ctx)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\nHost: %s:%u\r\nConnection: close\r\n\r\n",
		options.path, options.address, options.to.dst_port);

	if (len >= (int)sizeof(text) || ixev_send(ctx, text, len) != len)
		fail("the path is too long");
}

static void on_dialed(struct ixev_ctx *ctx, long outcome)
{
	if (outcome < 0)
		fail_with(outcome);
	else
		send_request(ctx);
}

static void on_timeout(void *arg)
{
	(void)arg;
	fail_with(-E_TIMED_OUT);
}

static struct ixev_ctx *on_accept(struct ip_tuple *id)
{
	(void)id;
	return NULL;
}

static void on_release(struct ixev_ctx *ctx)
{
	(void)ctx;
	fetch.released = true;
}

static void on_lingered(void *arg)
{
	(void)arg;
	fetch.released = true;
}

static int set_timer(unsigned seconds, ixev_timer_handler_t handler)
{
	ixev_timer_init(&fetch.timer, handler, NULL);
	return ixev_timer_add(&fetch.timer, (struct timeval){ .tv_sec = seconds });
}

static int run(void)
{
	static struct ixev_conn_ops ops = { .accept = on_accept, .release = on_release, .dialed = on_dialed };
	int r;

	ixev_init(&ops);
	if ((r = ixev_init_thread()) < 0 || (r = set_timer(options.seconds, on_timeout)) < 0)
		return r;
	ixev_ctx_init(&fetch.ctx);
	ixev_set_handler(&fetch.ctx, IXEVIN | IXEVHUP, on_event);
	ixev_dial(&fetch.ctx, &options.to);
	while (!fetch.done && r >= 0)
		r = ixev_wait();
	set_timer(LINGER_S, on_lingered); /* so that the peer sees an orderly end, if it comes soon */
	while (!fetch.released && r >= 0)
		r = ixev_wait();
	return r;
}

static bool read_arguments(int argc, char **argv)
{
	struct Argstate args;
	unsigned port;
	int flag;

	argstart(&argc, argv, &args);
	while ((flag = argnext(&args)) >= 0) {
		if (flag == 'b')
			options.show_body = true;
		else if (flag != 't' || !ix_read_number(argvalue(&args), 1, IXEV_TIMER_MAX_S, &options.seconds))
			return false;
	}
	if (argc != 4 || ix_parse_ip(argv[1], &options.to.dst_ip) < 0 || !ix_read_number(argv[2], 1, 65535, &port))
		return false;
	options.address = argv[1];
	options.to.dst_port = port;
	options.path = argv[3];
	return true;
}

void umain(int argc, char **argv)
{
	int r;

	binaryname = "ixfetch";
	if (!read_arguments(argc, argv)) {
		cprintf("usage: ixfetch [-b] [-t seconds] address port path\n");
		return;
	}
	if ((r = run()) < 0)
		cprintf("ixfetch: %e\n", r);
}
