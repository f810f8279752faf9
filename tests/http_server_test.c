/* SPDX-License-Identifier: MIT */
/* The web server's connections on a fake dataplane and a fake store: requests in, answers out. */
#include <tests/fake_ix.h>

#include <inc/http_store.h>

static int cprintf(const char *fmt, ...);

#include "../lib/ix/mem.c"
#include "../lib/ix/pages.c"
#include "../lib/ix/rxq.c"
#include "../lib/ix/ix.c"
#include "../lib/ix/ixev.c"
#include "../lib/ix/ixev_event.c"
#include "../lib/ix/ixev_io.c"
#include "../lib/ix/ixev_timer.c"
#include "../lib/ix/http.c"
#include "../lib/ix/http_path.c"
#include "../lib/ix/http_server.c"

static unsigned printed;

static int cprintf(const char *fmt, ...)
{
	(void)fmt;
	return printed++;
}

/* ---- the store: heads are "[status close]" and "[status keep]"; a path's body is the path ---- */

static struct http_reply replies[64];
static unsigned nreplies;

static const struct http_reply *make(int status, const char *body)
{
	struct http_reply *reply = &replies[nreplies++];
	char text[8192];

	assert_true(nreplies <= ARRAY_SIZE(replies));
	reply->status = status;
	reply->close_len = sprintf(text, "[%d close]", status);
	reply->keep_len = sprintf(text + reply->close_len, "[%d keep]", status);
	reply->body_len = sprintf(text + reply->close_len + reply->keep_len, "%s", body);
	size_t len = reply->close_len + reply->keep_len + reply->body_len;
	reply->block = ix_alloc(len);
	assert_non_null(reply->block);
	memcpy(reply->block, text, len);
	return reply;
}

const struct http_reply *http_store_error(int status)
{
	for (unsigned i = 0; i < nreplies; i++)
		if (replies[i].status == status)
			return &replies[i];
	return make(status, "!");
}

static const struct http_reply *find_file(const char *path)
{
	for (unsigned i = 0; i < nreplies; i++)
		if (replies[i].status == 200 && replies[i].body_len == strlen(path) &&
		    memcmp(replies[i].block + replies[i].close_len + replies[i].keep_len, path,
			strlen(path)) == 0)
			return &replies[i];
	return make(200, path);
}

const struct http_reply *http_store_file(const char *path, size_t len)
{
	assert_int_equal(len, strlen(path));
	return strcmp(path, "/none") == 0 ? http_store_error(404) : find_file(path);
}

/* ---- driving it ---- */

static unsigned seed;

static int take_some(uint32_t offered)
{
	static const int refusals[] = {0, -E_AGAIN, -E_NO_MEM};

	if (rand_r(&seed) % 4 == 0)
		return refusals[rand_r(&seed) % ARRAY_SIZE(refusals)];
	return rand_r(&seed) % (offered + 1);
}

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	memset(&server, 0, sizeof(server));
	nreplies = printed = 0;
	seed = 1;
	active = retry = (struct ctx_list){0};
	ix_detach();
	ixev_init(http_server(0, false));
	return ixev_init_thread();
}

/* Acknowledge what was sent, a random part at a time, until nothing moves any more. */
static void settle(ix_handle_t flow)
{
	for (int quiet = 0; quiet < 6; quiet++) {
		assert_true(ixev_wait() >= 0);
		if (fake.flows[flow].unsent && !fake.flows[flow].dead) {
			fake_sent(flow, 1 + rand_r(&seed) % fake.flows[flow].unsent);
			quiet = 0;
		} else if (fake_pending() || fake.last_timeout != IX_FOREVER) {
			quiet = 0;
		}
	}
}

static void open_flow(ix_handle_t flow)
{
	fake_knock(flow);
	settle(flow);
	assert_true(fake.flows[flow].accepted);
}

/* In parts of `most` bytes, or of random length, and never more than a receive window ahead of its credit. */
static void feed(ix_handle_t flow, const char *text, size_t len, size_t most)
{
	enum { WINDOW = 2000 };
	size_t fed = fake.flows[flow].credit;

	while (len) {
		size_t part = most ? most : 1u + rand_r(&seed) % 40;
		size_t n = MIN(len, part);
		if (fed + n - fake.flows[flow].credit > WINDOW)
			settle(flow);
		fake_data(flow, text, n, false);
		if (rand_r(&seed) % 2)
			assert_true(ixev_wait() >= 0);
		text += n;
		fed += n;
		len -= n;
	}
	settle(flow);
}

static void expect(ix_handle_t flow, const char *text)
{
	assert_string_equal(fake.flows[flow].out ? fake.flows[flow].out : "", text);
}

static size_t heap_unused(void)
{
	struct ix_heap_stat stat;

	ix_heap_stat(&stat);
	return stat.unused;
}

/* One connection, one text in, one text out; in pieces of every kind, and with a window of every size. */
static void exchange(const char *in, const char *out, bool closes)
{
	for (size_t round = 0; round < 60; round++) {
		ix_handle_t flow = 1;
		fake.take = NULL;
		open_flow(flow);
		fake.take = round % 2 ? take_some : NULL;
		feed(flow, in, strlen(in), round < 30 ? round : 1400);
		expect(flow, out);
		assert_int_equal(fake.flows[flow].credit, strlen(in));
		assert_int_equal(fake.flows[flow].closed, closes);
		fake_dead(flow, 0);
		settle(flow);
		assert_int_equal(server.nconns, 0);
		free(fake.flows[flow].out);
		fake.flows[flow] = (struct fake_flow){0};
	}
}

#define HOST "Host: x\r\n"

static void kept_connections(void **state)
{
	(void)state;
	exchange("GET /a HTTP/1.1\r\n" HOST "\r\n", "[200 keep]/a", false);
	exchange("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "[200 keep]/index.html", false);
	exchange("HEAD /a HTTP/1.1\r\n" HOST "\r\n", "[200 keep]", false);
	exchange("GET /none HTTP/1.1\r\n" HOST "\r\nGET /b HTTP/1.1\r\n" HOST "\r\n",
	    "[404 keep]![200 keep]/b", false);
	exchange("PUT /a HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nGET /b HTHEAD /b HTTP/1.1\r\n" HOST
		 "\r\n",
	    "[405 keep]![200 keep]", false);
	exchange("BREW / HTTP/1.1\r\n" HOST "\r\nGET /../b HTTP/1.1\r\n" HOST "\r\n",
	    "[501 keep]![400 keep]!", false);
}

static void closed_connections(void **state)
{
	(void)state;
	exchange("GET /a HTTP/1.0\r\n\r\n", "[200 close]/a", true);
	exchange("HEAD /a HTTP/1.0\r\n\r\n", "[200 close]", true);
	exchange("GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "[200 close]/a", true);
	exchange("GET /a HTTP/1.1\r\n" HOST "\r\nGET /b HTTP/1.0\r\n\r\nGET /c HTTP/1.1\r\n" HOST "\r\n",
	    "[200 keep]/a[200 close]/b", true);
	exchange(
	    "GET /a HTTP/1.0\r\nContent-Length: 4\r\n\r\nbodyGET /b HTTP/1.0\r\n\r\n", "[200 close]/a", true);
}

static void refusals(void **state)
{
	(void)state;
	exchange("\r\n\r\nnonsense\r\nand more of it\r\n\r\n", "[400 close]!", true);
	exchange("GET /a HTTP/1.1\r\n" HOST "\r\nGET / HTTP/3.0\r\n\r\n", "[200 keep]/a[505 close]!", true);
	exchange("GET / HTTP/1.1\r\n" HOST "Content-Length: 10000000\r\n\r\nbody", "[413 close]!", true);
	exchange(
	    "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "[411 close]!", true);
}

static void endless_heads(void **state)
{
	static char text[3 * HTTP_HEAD_MAX];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "GET /", 5);
	exchange(text, "[414 close]!", true);
	memcpy(text, "GET / HTTP/1.0\r\nx:", 18);
	exchange(text, "[431 close]!", true);
}

static void many_pipelined(void **state)
{
	static char in[200 * 40], out[200 * 40];

	(void)state;
	in[0] = out[0] = '\0';
	for (int i = 0; i < 200; i++) {
		sprintf(in + strlen(in), "GET /f%d HTTP/1.1\r\n" HOST "\r\n", i % 20);
		sprintf(out + strlen(out), "[200 keep]/f%d", i % 20);
	}
	exchange(in, out, false);
}

/* What is left over after all connections are gone: the replies, and nothing else. */
static void nothing_leaks(void **state)
{
	(void)state;
	exchange("GET /a HTTP/1.1\r\n" HOST "\r\nGET /b HT", "[200 keep]/a", false);
	size_t before = heap_unused();
	exchange("GET /a HTTP/1.1\r\n" HOST "\r\nGET /b HT", "[200 keep]/a", false);
	assert_int_equal(heap_unused(), before);
}

static void a_half_closed_client_gets_all(void **state)
{
	const char *in = "GET /a HTTP/1.1\r\n" HOST "\r\nGET /b HTTP/1.1\r\n" HOST "\r\nGET /c";

	(void)state;
	open_flow(1);
	fake.take = take_some;
	fake_data(1, in, strlen(in), true);
	settle(1);
	expect(1, "[200 keep]/a[200 keep]/b");
	assert_true(fake.flows[1].closed);
}

/* A client that does not read: its requests stay in their buffers, without credit, until it does. */
static void a_full_window_holds_requests_back(void **state)
{
	const char *in = "GET /a HTTP/1.1\r\n" HOST "\r\n";

	(void)state;
	open_flow(1);
	for (int i = 0; i < 100; i++)
		fake_data(1, in, strlen(in), false);
	fake_data(1, "", 0, true);
	fake.take = take_some;
	for (int i = 0; i < 10; i++)
		ixev_wait();
	assert_true(fake.flows[1].credit < 40 * strlen(in));
	assert_false(fake.flows[1].closed);
	fake.take = NULL;
	settle(1);
	assert_int_equal(fake.flows[1].credit, 100 * strlen(in));
	assert_int_equal(fake.flows[1].out_len, 100 * strlen("[200 keep]/a"));
	assert_true(fake.flows[1].closed);
}

static void a_client_that_goes_away(void **state)
{
	(void)state;
	open_flow(1);
	fake_data(1, "GET / HT", 8, false);
	ixev_wait();
	fake_dead(1, -E_RESET);
	settle(1);
	assert_int_equal(server.nconns, 0);
}

static void no_more_than_allowed(void **state)
{
	(void)state;
	http_server(2, true);
	open_flow(1);
	open_flow(2);
	fake_knock(3);
	settle(3);
	assert_int_equal(fake_count(IX_CALL_REJECT), 1);
	fake_dead(1, -E_RESET);
	settle(1);
	open_flow(4);
	feed(4, "GET / HTTP/1.0\r\n\r\n", 18, 0);
	assert_int_equal(printed, 1);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(kept_connections),
	    TEST(closed_connections),
	    TEST(refusals),
	    TEST(endless_heads),
	    TEST(many_pipelined),
	    TEST(nothing_leaks),
	    TEST(a_half_closed_client_gets_all),
	    TEST(a_full_window_holds_requests_back),
	    TEST(a_client_that_goes_away),
	    TEST(no_more_than_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
