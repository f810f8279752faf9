/* SPDX-License-Identifier: MIT */
/* One client: its requests are read, one after the other, and answered. */
#include "httpd.h"

static struct {
	char bytes[HTTP_HEAD_MAX];
	size_t len; /* the head that comes in, and what follows it */
} in;

/* GET of a file, and nothing else; a folder is no file, and has no page of its own here. */
static struct reply answer(const struct http_request *q, int status, bool keep)
{
	char path[HTTP_PATH_MAX];
	const char *target = in.bytes + q->target;
	int r;

	if (status != HTTP_DONE || q->method != HTTP_GET || q->body_len)
		return reply_error(400, keep);
	if ((r = http_path(target, q->target_len, path, sizeof(path))) < 0)
		return reply_error(-r, keep);
	if (q->target_len == 0 || target[q->target_len - 1] == '/')
		return reply_error(404, keep);
	return reply_file(path, keep);
}

/* The result of http_parse, or a negative number when the client has gone. */
static int read_head(int sock, struct http_request *q)
{
	int status;

	memset(q, 0, sizeof(*q));
	while ((status = http_parse(q, in.bytes, in.len)) == HTTP_MORE) {
		ssize_t n = in.len < sizeof(in.bytes) ? read(sock, in.bytes + in.len, sizeof(in.bytes) - in.len) : -E_NO_MEM;
		if (n <= 0)
			return -1;
		in.len += n;
	}
	return status;
}

void serve_client(int sock)
{
	struct http_request q;
	bool keep = true;
	int status;

	in.len = 0;
	while (keep && (status = read_head(sock, &q)) >= 0) {
		keep = options.keep_alive && status == HTTP_DONE && q.keep_alive && q.method == HTTP_GET && !q.body_len;
		struct reply reply = answer(&q, status, keep);
		if (write(sock, reply.bytes, reply.len) != (ssize_t)reply.len)
			break;
		in.len -= q.head_len;
		memmove(in.bytes, in.bytes + q.head_len, in.len);
	}
	close(sock);
}
