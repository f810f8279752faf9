/* SPDX-License-Identifier: MIT */
/*
 * From a request's target to a file's path. Escapes are decoded before segments are looked at, so that `..`
 * is found however it is written; each file has one path only, which can serve as its key.
 */
#include <inc/http.h>
#include <lib/ix/http_text.h>

struct path {
	char *s;
	size_t len, size;
	size_t segment; /* where the last segment begins, right after its slash */
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = http_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character and how much of the target it takes; -400 for a broken escape or a '\0'. */
static int decode(const char *s, size_t len, size_t *used)
{
	*used = 1;
	if (s[0] != '%')
		return s[0] ? (uint8_t)s[0] : -400;
	if (len < 3 || hex_digit(s[1]) < 0 || hex_digit(s[2]) < 0)
		return -400;
	*used = 3;
	int c = hex_digit(s[1]) * 16 + hex_digit(s[2]);
	return c ? c : -400;
}

/* Neither '\0' nor one of #%/?, which mean something. */
static bool is_plain(uint8_t c)
{
	static const uint32_t special[2] = { 1, 0x80008028 };

	return c >= 64 || !(special[c / 32] >> c % 32 & 1);
}

static size_t plain_run(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && is_plain(s[n]))
		n++;
	return n;
}

static int add_run(struct path *p, const char *s, size_t n)
{
	if (p->len + n >= p->size)
		return -404;
	memcpy(p->s + p->len, s, n);
	p->len += n;
	return 0;
}

static int add(struct path *p, char c)
{
	return add_run(p, &c, 1);
}

/* The last segment is complete: drop it if it says nothing, refuse it if it leads upwards. */
static int end_segment(struct path *p)
{
	const char *segment = p->s + p->segment;
	size_t len = p->len - p->segment;

	if (len == 2 && memcmp(segment, "..", 2) == 0)
		return -400;
	if (len == 1 && segment[0] == '.')
		p->len = p->segment;
	return 0;
}

static int add_decoded(struct path *p, char c)
{
	if (c != '/')
		return add(p, c);

	int r = end_segment(p);
	if (r < 0 || p->len == p->segment)
		return r;
	r = add(p, '/');
	p->segment = p->len;
	return r;
}

/* Proxies' clients send http://host/path: what counts begins at the path. */
static size_t skip_authority(const char *target, size_t len)
{
	size_t i = http_begins(target, len, "http://") ? 7 : http_begins(target, len, "https://") ? 8 : 0;

	while (i && i < len && target[i] != '/' && target[i] != '?')
		i++;
	return i;
}

static int add_index(struct path *p)
{
	int r = end_segment(p);

	if (r < 0 || p->len > p->segment)
		return r;
	return add_run(p, "index.html", 10);
}

int http_path(const char *target, size_t len, char *path, size_t size)
{
	struct path p = { .s = path, .size = size };
	size_t i = len && target[0] == '/' ? 0 : skip_authority(target, len), used;
	int r = add(&p, '/');

	if (i < len && target[i] != '/' && (i == 0 || target[i] != '?'))
		return -400;
	for (p.segment = p.len; r == 0 && i < len && target[i] != '?' && target[i] != '#'; i += used) {
		used = plain_run(target + i, len - i);
		if (used) {
			r = add_run(&p, target + i, used);
			continue;
		}
		int c = decode(target + i, len - i, &used);
		r = c < 0 ? c : add_decoded(&p, c);
	}
	if (r == 0)
		r = add_index(&p);
	if (r < 0)
		return r;
	path[p.len] = '\0';
	return p.len;
}
