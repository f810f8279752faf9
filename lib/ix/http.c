/* SPDX-License-Identifier: MIT */
/*
 * Parsing a request's head, line by line: a line is found first, by the one loop that looks at every byte,
 * and parsed when it is whole, as far as its beginning says that it matters. An error is reported as soon as the
 * bytes that prove it are there.
 */
#include <inc/http.h>
#include <lib/ix/http_text.h>

#define LINE_DONE 0

enum {
	SEEN_HOST = 1,
	SEEN_LENGTH = 2,
	SEEN_CHUNKED = 4,
	SEEN_CLOSE = 8,
	SEEN_EXPECT = 16,
};

/* Bytes of a line; `s` may be at its end, where len is 0. */
struct text {
	const char *s;
	size_t len;
};

/* ---- finding lines ---- */

static bool is_text(uint8_t c)
{
	return c >= ' ' || c == '\t';
}

/*
 * The first place from i on, at which four bytes hold one that may be no text; or less than four are left. Bytes below
 * ' ' are found all at once: taking ' ' from one borrows, and so sets its highest bit.
 */
static size_t skip_plain(const char *head, size_t i, size_t stop)
{
	while (i + 4 <= stop && !((http_load(head + i) - 0x20202020) & ~http_load(head + i) & 0x80808080))
		i += 4;
	return i;
}

/*
 * The line that begins at r->line: *end is where its text ends and *next where the following line begins.
 * Both CR LF and a bare LF end a line. LINE_DONE, or what http_parse is to return.
 */
static int find_line(struct http_request *r, const char *head, size_t len, size_t *end, size_t *next)
{
	size_t limit = r->have_line ? HTTP_HEAD_MAX : MIN(r->line + HTTP_LINE_MAX, HTTP_HEAD_MAX);
	size_t stop = MIN(len, limit);
	size_t i = skip_plain(head, r->line + r->scan, stop);
	int no_end = len < limit ? -1 : r->have_line ? 431 : 414;

	while (i < stop && is_text(head[i]))
		i++;
	r->scan = i - r->line;
	*end = i;
	if (i < stop && head[i] == '\r')
		i++;
	if (i >= stop)
		return no_end;
	*next = i + 1;
	return head[i] == '\n' ? LINE_DONE : 400;
}

/* ---- the request line ---- */

static const struct {
	const char *name;
	uint8_t len, method;
} methods[] = {
	{ "GET", 3, HTTP_GET },       { "HEAD", 4, HTTP_HEAD },     { "POST", 4, HTTP_OTHER },
	{ "PUT", 3, HTTP_OTHER },     { "DELETE", 6, HTTP_OTHER },  { "CONNECT", 7, HTTP_OTHER },
	{ "OPTIONS", 7, HTTP_OTHER }, { "TRACE", 5, HTTP_OTHER },   { "PATCH", 5, HTTP_OTHER },
};

/* Names of methods and headers are made of these: letters, digits and !#$%&'*+-.^_`|~ */
static bool is_token(uint8_t c)
{
	static const uint32_t set[4] = { 0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff };

	return c < 128 && set[c / 32] >> c % 32 & 1;
}

static size_t token_len(struct text t)
{
	size_t n = 0;

	while (n < t.len && is_token(t.s[n]))
		n++;
	return n;
}

static enum http_method method_of(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (methods[i].len == len && memcmp(methods[i].name, name, len) == 0)
			return methods[i].method;
	return HTTP_UNKNOWN;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int parse_version(struct http_request *r, struct text t)
{
	if (t.len != 8 || __builtin_memcmp(t.s, "HTTP/", 5) != 0)
		return 400;
	if (!is_digit(t.s[5]) || t.s[6] != '.' || !is_digit(t.s[7]))
		return 400;
	if (t.s[5] != '1')
		return 505;
	r->minor = t.s[7] - '0';
	r->keep_alive = r->minor > 0;
	return LINE_DONE;
}

static int parse_request_line(struct http_request *r, struct text line)
{
	size_t name = token_len(line);
	size_t target = name + 1, end = target;

	if (name == 0 || name == line.len || line.s[name] != ' ')
		return 400;
	while (end < line.len && (uint8_t)line.s[end] > ' ')
		end++;
	if (end == target || end == line.len || line.s[end] != ' ')
		return 400;

	r->method = method_of(line.s, name);
	r->target = r->line + target;
	r->target_len = end - target;
	r->have_line = true;
	return parse_version(r, (struct text){ line.s + end + 1, line.len - end - 1 });
}

/* ---- headers ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text trim(struct text t)
{
	while (t.len && is_blank(t.s[0]))
		t.s++, t.len--;
	while (t.len && is_blank(t.s[t.len - 1]))
		t.len--;
	return t;
}

/* Two hosts, or none, could mean different files to a proxy and to us. */
static int parse_host(struct http_request *r, struct text value)
{
	(void)value;
	if (r->seen & SEEN_HOST)
		return 400;
	r->seen |= SEEN_HOST;
	return LINE_DONE;
}

/* Is this one that we know? */
static bool connection_option(struct http_request *r, struct text option)
{
	bool close = http_is(option.s, option.len, "close");
	bool keep_alive = http_is(option.s, option.len, "keep-alive");

	if (close)
		r->seen |= SEEN_CLOSE;
	if (keep_alive)
		r->keep_alive = true;
	return close || keep_alive;
}

/* Mostly it is a single one; else it may be a list. */
static int parse_connection(struct http_request *r, struct text value)
{
	if (connection_option(r, value))
		return LINE_DONE;
	while (value.len) {
		size_t n = 0;
		while (n < value.len && value.s[n] != ',')
			n++;
		connection_option(r, trim((struct text){ value.s, n }));
		n += n < value.len;
		value = (struct text){ value.s + n, value.len - n };
	}
	return LINE_DONE;
}

static int parse_length(struct http_request *r, struct text value)
{
	uint32_t length = 0;

	if (value.len == 0)
		return 400;
	for (size_t i = 0; i < value.len; i++) {
		if (!is_digit(value.s[i]))
			return 400;
		length = MIN(length * 10 + (value.s[i] - '0'), HTTP_BODY_MAX + 1u);
	}
	if (r->seen & SEEN_LENGTH && length != r->body_len)
		return 400;
	r->seen |= SEEN_LENGTH;
	r->body_len = length;
	return LINE_DONE;
}

static int parse_transfer_encoding(struct http_request *r, struct text value)
{
	if (!http_is(value.s, value.len, "chunked"))
		return 501;
	r->seen |= SEEN_CHUNKED;
	return LINE_DONE;
}

static int parse_expect(struct http_request *r, struct text value)
{
	(void)value;
	r->seen |= SEEN_EXPECT;
	return LINE_DONE;
}

static const struct {
	const char *name;
	size_t len;
	int (*parse)(struct http_request *r, struct text value);
} headers[] = {
	{ "host", 4, parse_host },
	{ "connection", 10, parse_connection },
	{ "content-length", 14, parse_length },
	{ "transfer-encoding", 17, parse_transfer_encoding },
	{ "expect", 6, parse_expect },
};

/* A name is compared where the line has a colon right behind it; only one that nobody knows is looked at letter by letter. */
static int parse_header(struct http_request *r, struct text line)
{
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		size_t name = headers[i].len;
		if (line.len > name && line.s[name] == ':' && http_same(line.s, headers[i].name, name))
			return headers[i].parse(r, trim((struct text){ line.s + name + 1, line.len - name - 1 }));
	}
	size_t name = token_len(line);
	return name == 0 || name == line.len || line.s[name] != ':' ? 400 : LINE_DONE;
}

/* ---- the whole head ---- */

/*
 * A chunked body is refused in a way that tells the client what would be accepted. A client that waits for
 * leave to send its body gets the final answer instead, and may or may not send the body: hence the close.
 */
static int finish(struct http_request *r, size_t head_len)
{
	if (r->minor > 0 && !(r->seen & SEEN_HOST))
		return 400;
	if (r->seen & SEEN_CHUNKED)
		return r->seen & SEEN_LENGTH ? 400 : 411;
	if (r->body_len > HTTP_BODY_MAX)
		return 413;
	if (r->seen & SEEN_CLOSE || (r->seen & SEEN_EXPECT && r->body_len))
		r->keep_alive = false;
	r->head_len = head_len;
	return HTTP_DONE;
}

/* Empty lines before a request are let pass. */
static int parse_line(struct http_request *r, struct text line)
{
	if (r->have_line)
		return parse_header(r, line);
	return line.len ? parse_request_line(r, line) : LINE_DONE;
}

int http_parse(struct http_request *r, const char *head, size_t len)
{
	for (;;) {
		size_t end, next;
		int status = find_line(r, head, len, &end, &next);
		if (status)
			return status < 0 ? HTTP_MORE : status;

		struct text line = { head + r->line, end - r->line };
		if (r->have_line && line.len == 0)
			return finish(r, next);
		status = parse_line(r, line);
		if (status)
			return status;
		r->line = next;
		r->scan = 0;
	}
}
