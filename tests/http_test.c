/* SPDX-License-Identifier: MIT */
/* Requests' heads, paths and types: every split point, limits, pipelining, garbage. */
#include <tests/libix_host.h>

#include "../lib/ix/http.c"
#include "../lib/ix/http_path.c"
#include "../lib/ix/http_reply.c"

/*
 * Parse a copy of exactly `len` bytes that begins anew at each step: a byte read beyond them is found by the
 * sanitizer, and nothing may be remembered by address.
 */
static int parse_prefix(struct http_request *r, const char *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	int verdict = http_parse(r, copy, len);
	free(copy);
	return verdict;
}

static int parse_in_steps(struct http_request *r, const char *bytes, size_t len, size_t step)
{
	memset(r, 0, sizeof(*r));
	for (size_t there = MIN(step, len);; there = MIN(there + step, len)) {
		int verdict = parse_prefix(r, bytes, there);
		if (verdict != HTTP_MORE || there == len)
			return verdict;
	}
}

/* Whole, byte by byte, and in two parts at every point: always the same. */
static int parse_n(struct http_request *r, const char *bytes, size_t len)
{
	struct http_request other;
	int verdict = parse_in_steps(r, bytes, len, len ? len : 1);

	for (size_t step = 1; step < len; step++) {
		assert_int_equal(parse_in_steps(&other, bytes, len, step), verdict);
		if (verdict == HTTP_DONE)
			assert_memory_equal(&other, r, sizeof(*r));
	}
	return verdict;
}

static int parse(struct http_request *r, const char *text) { return parse_n(r, text, strlen(text)); }

static int verdict_of(const char *text)
{
	struct http_request r;

	return parse(&r, text);
}

static void simple_get(void **state)
{
	struct http_request r;
	const char *text = "GET /a/b.html?x=1 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";

	(void)state;
	assert_int_equal(parse(&r, text), HTTP_DONE);
	assert_int_equal(r.method, HTTP_GET);
	assert_int_equal(r.head_len, strlen(text));
	assert_int_equal(r.target, 4);
	assert_int_equal(r.target_len, strlen("/a/b.html?x=1"));
	assert_true(r.keep_alive);
	assert_int_equal(r.body_len, 0);
}

static void keeping_the_connection(void **state)
{
	static const struct {
		const char *text;
		bool keep;
	} cases[] = {
	    {"GET / HTTP/1.0\r\n\r\n", false},
	    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: x\r\n\r\n", true},
	    {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", true},
	    {"GET / HTTP/1.1\r\nHost: x\r\nCONNECTION:\t CLOSE \t\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: foo ,close,\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: closed\r\n\r\n", true},
	    {"GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", true},
	};
	struct http_request r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(&r, cases[i].text), HTTP_DONE);
		assert_int_equal(r.keep_alive, cases[i].keep);
	}
}

static void methods_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		int method;
	} cases[] = {
	    {"HEAD / HTTP/1.0\n\n", HTTP_HEAD},
	    {"POST / HTTP/1.0\n\n", HTTP_OTHER},
	    {"OPTIONS * HTTP/1.0\n\n", HTTP_OTHER},
	    {"get / HTTP/1.0\n\n", HTTP_UNKNOWN},
	    {"GETS / HTTP/1.0\n\n", HTTP_UNKNOWN},
	    {"G / HTTP/1.0\n\n", HTTP_UNKNOWN},
	};
	struct http_request r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(&r, cases[i].text), HTTP_DONE);
		assert_int_equal(r.method, cases[i].method);
	}
}

static void bodies(void **state)
{
	struct http_request r;

	(void)state;
	assert_int_equal(
	    parse(&r, "GET / HTTP/1.0\r\nContent-Length: 17\r\ncontent-length:17\r\n\r\n"), HTTP_DONE);
	assert_int_equal(r.body_len, 17);
	assert_int_equal(verdict_of("GET / HTTP/1.0\r\nContent-Length: 1048576\r\n\r\n"), HTTP_DONE);
	assert_int_equal(verdict_of("GET / HTTP/1.0\r\nContent-Length: 1048577\r\n\r\n"), 413);
	assert_int_equal(
	    verdict_of("GET / HTTP/1.0\r\nContent-Length: 99999999999999999999999\r\n\r\n"), 413);
	assert_int_equal(
	    verdict_of("GET / HTTP/1.0\r\nContent-Length: 17\r\nContent-Length: 18\r\n\r\n"), 400);
	assert_int_equal(verdict_of("GET / HTTP/1.0\r\nContent-Length:\r\n\r\n"), 400);
	assert_int_equal(verdict_of("GET / HTTP/1.0\r\nContent-Length: -1\r\n\r\n"), 400);
	assert_int_equal(verdict_of("GET / HTTP/1.0\r\nContent-Length: 0x10\r\n\r\n"), 400);
	assert_int_equal(verdict_of("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
	assert_int_equal(verdict_of("GET / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n"), 501);
	assert_int_equal(
	    verdict_of("GET / HTTP/1.0\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

static void malformed(void **state)
{
	static const char *const bad[] = {
	    "\x16\x03\x01\x02\x00\x01",
	    " GET / HTTP/1.1\r\n",
	    "GET\r\n",
	    "GET /\r\n",
	    "GET / \r\n",
	    "GET  / HTTP/1.1\r\n",
	    "GET /  HTTP/1.1\r\n",
	    "GET / HTTP/1.1 \r\n",
	    "GET / HTTP/11\r\n",
	    "GET / http/1.1\r\n",
	    "GET / HTTP/1.x\r\n",
	    "GET /a b HTTP/1.1\r\n",
	    "G\"T / HTTP/1.1\r\n",
	    "GET / HTTP/1.1\rX",
	    "GET / HTTP/1.1\r\r\n",
	    "GET /\x01 HTTP/1.1\r\n",
	    "GET / HTTP/1.0\r\nno colon\r\n",
	    "GET / HTTP/1.0\r\nname : x\r\n",
	    "GET / HTTP/1.0\r\n: x\r\n",
	    "GET / HTTP/1.0\r\na: b\r\n folded\r\n",
	    "GET / HTTP/1.0\r\na: \x02\r\n",
	    "GET / HTTP/1.1\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(verdict_of(bad[i]), 400);
	assert_int_equal(verdict_of("GET / HTTP/2.0\r\n"), 505);
	assert_int_equal(verdict_of("GET / HTTP/0.9\r\n"), 505);

	struct http_request r;
	assert_int_equal(parse_n(&r, "GET / HTTP/1.0\r\na: \0\r\n", 22), 400);
}

static void incomplete(void **state)
{
	(void)state;
	assert_int_equal(verdict_of(""), HTTP_MORE);
	assert_int_equal(verdict_of("\r\n\n\r\n"), HTTP_MORE);
	assert_int_equal(verdict_of("GET / HTTP/1.1"), HTTP_MORE);
	assert_int_equal(verdict_of("GET / HTTP/1.1\r"), HTTP_MORE);
	assert_int_equal(verdict_of("GET / HTTP/1.1\r\nHost: x\r\n\r"), HTTP_MORE);
	assert_int_equal(verdict_of("\r\n\r\nGET / HTTP/1.0\n\r\n"), HTTP_DONE);
}

/* `fill` times 'a' between two texts; parsed whole and byte by byte. */
static int verdict_of_long(const char *before, size_t fill, const char *after)
{
	size_t len = strlen(before) + fill + strlen(after);
	char *text = malloc(len + 1);
	struct http_request r;

	strcpy(text, before);
	memset(text + strlen(before), 'a', fill);
	strcpy(text + len - strlen(after), after);
	int whole = parse_in_steps(&r, text, len, len);
	assert_int_equal(parse_in_steps(&r, text, len, 1), whole);
	assert_int_equal(parse_in_steps(&r, text, len, 1460), whole);
	free(text);
	return whole;
}

static void limits(void **state)
{
	size_t line = HTTP_LINE_MAX - strlen("GET / HTTP/1.0\r\n");
	size_t head = HTTP_HEAD_MAX - strlen("GET / HTTP/1.0\r\nx: \r\n\r\n");

	(void)state;
	assert_int_equal(verdict_of_long("GET /", line, " HTTP/1.0\r\n\r\n"), HTTP_DONE);
	assert_int_equal(verdict_of_long("GET /", line + 1, " HTTP/1.0\r\n\r\n"), 414);
	assert_int_equal(verdict_of_long("GET /", 100000, ""), 414);
	assert_int_equal(verdict_of_long("GET / HTTP/1.0\r\nx: ", head, "\r\n\r\n"), HTTP_DONE);
	assert_int_equal(verdict_of_long("GET / HTTP/1.0\r\nx: ", head + 1, "\r\n\r\n"), 431);
	assert_int_equal(verdict_of_long("GET / HTTP/1.0\r\nx: ", 100000, ""), 431);
}

static void pipelined(void **state)
{
	const char *text =
	    "GET /1 HTTP/1.0\r\n\r\nHEAD /22 HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /3 HTTP/1.0\n\n";
	static const char *const targets[] = {"/1", "/22", "/3"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct http_request r;
		assert_int_equal(parse_in_steps(&r, text, strlen(text), strlen(text)), HTTP_DONE);
		assert_int_equal(r.target_len, strlen(targets[i]));
		assert_memory_equal(text + r.target, targets[i], r.target_len);
		text += r.head_len;
	}
	assert_string_equal(text, "");
}

static void random_bytes(void **state)
{
	static const char alphabet[] = "GET / HTTP/1.1\r\n\r\nHost: a\r\n:%., \t\0\xff-content-length: 3\r\n";
	char text[300];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t len = rand_r(&seed) % sizeof(text);
		struct http_request r, other;

		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[rand_r(&seed) % sizeof(alphabet)];
		if (round % 2 && len > 16)
			memcpy(text, "GET / HTTP/1.0\r\n", 16);
		int whole = parse_in_steps(&r, text, len, len ? len : 1);
		assert_int_equal(parse_in_steps(&other, text, len, 1 + rand_r(&seed) % 9), whole);
	}
}

/* ---- paths ---- */

static void assert_path(const char *target, const char *expected)
{
	char path[HTTP_PATH_MAX];

	assert_int_equal(http_path(target, strlen(target), path, sizeof(path)), strlen(expected));
	assert_string_equal(path, expected);
}

static int path_error(const char *target)
{
	char path[64];

	return -http_path(target, strlen(target), path, sizeof(path));
}

static void good_paths(void **state)
{
	(void)state;
	assert_path("/", "/index.html");
	assert_path("/a.txt", "/a.txt");
	assert_path("/a.txt?b=/../c", "/a.txt");
	assert_path("/?q", "/index.html");
	assert_path("//a///b", "/a/b");
	assert_path("/./a/./b/.", "/a/b/index.html");
	assert_path("/dir/", "/dir/index.html");
	assert_path("/%41%2f%62", "/A/b");
	assert_path("/a%20b#c", "/a b");
	assert_path("/...", "/...");
	assert_path("/..a/b..", "/..a/b..");
	assert_path("http://host:80/x", "/x");
	assert_path("HTTPS://host", "/index.html");
	assert_path("http://host?q", "/index.html");
}

static void bad_paths(void **state)
{
	static const char *const bad[] = {
	    "*",
	    "a",
	    "..",
	    "/..",
	    "/../",
	    "/a/../b",
	    "/%2e%2e/a",
	    "/.%2E",
	    "/..%2fa",
	    "/%",
	    "/%4",
	    "/%zz",
	    "/%00",
	    "/a%00b",
	    "/%2e%2e?x",
	    "ftp://x/",
	};
	char longest[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(path_error(bad[i]), 400);
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[63] = '\0';
	assert_int_equal(path_error(longest), -63);
	longest[63] = 'a';
	longest[64] = '\0';
	assert_int_equal(path_error(longest), 404);
	longest[60] = '/';
	longest[61] = '\0';
	assert_int_equal(path_error(longest), 404);
}

static void content_types(void **state)
{
	(void)state;
	assert_string_equal(http_content_type("/index.html"), "text/html; charset=utf-8");
	assert_string_equal(http_content_type("/A.PNG"), "image/png");
	assert_string_equal(http_content_type("/a.png/b"), "application/octet-stream");
	assert_string_equal(http_content_type("/a."), "application/octet-stream");
	assert_string_equal(http_content_type("/a.tar.gz"), "application/gzip");
	assert_string_equal(http_content_type("/html"), "application/octet-stream");
}

static void heads(void **state)
{
	struct http_head head = {
	    .status = 405, .keep_alive = true, .type = "t/t", .length = 7, .more = "Allow: GET\r\n"};
	char buf[256];
	size_t len = http_format_head(buf, sizeof(buf), &head);

	(void)state;
	assert_int_equal(len, strlen(buf));
	assert_string_equal(buf, "HTTP/1.1 405 Method Not Allowed\r\nServer: JOS-IX\r\nContent-Type: t/t\r\n"
				 "Content-Length: 7\r\nAllow: GET\r\nConnection: keep-alive\r\n\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(simple_get),
	    cmocka_unit_test(keeping_the_connection),
	    cmocka_unit_test(methods_are_told_apart),
	    cmocka_unit_test(bodies),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(incomplete),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(pipelined),
	    cmocka_unit_test(random_bytes),
	    cmocka_unit_test(good_paths),
	    cmocka_unit_test(bad_paths),
	    cmocka_unit_test(content_types),
	    cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
