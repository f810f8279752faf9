/* SPDX-License-Identifier: MIT */
/*
 * Responses from files. Each is put together in memory, head and body in one piece, so that it leaves in as few messages as
 * possible. With -c what was put together once is kept, and sent again without asking the file server.
 */
#include "httpd.h"

enum { HEAD_ROOM = 512, ENTRIES = 64 };

static struct entry {
	char *path;       /* NULL: free */
	bool keep_alive;
	struct reply reply;
} entries[ENTRIES];
static int nentries;

static char *scratch; /* the last response that is not kept */

static char *start_reply(struct reply *reply, const struct http_head *head)
{
	char text[HEAD_ROOM];
	size_t n = http_format_head(text, sizeof(text), head);

	free(scratch);
	scratch = n < sizeof(text) ? malloc(n + head->length + 1) : NULL;
	*reply = (struct reply){ NULL, 0 };
	if (!scratch)
		return NULL;
	memcpy(scratch, text, n);
	*reply = (struct reply){ scratch, n + head->length };
	return scratch + n;
}

struct reply reply_error(int status, bool keep_alive)
{
	char body[128];
	struct http_head head = { .status = status, .keep_alive = keep_alive, .type = "text/html", .more = "" };
	struct reply reply;

	head.length = snprintf(body, sizeof(body), "<html><body><p>%d %s</p></body></html>\r\n", status, http_reason(status));
	char *to = start_reply(&reply, &head);
	if (to)
		memcpy(to, body, head.length);
	return reply;
}

/* 200, or the status that says why not. */
static int read_file(const char *path, bool keep_alive, struct reply *reply)
{
	struct Stat st;
	int fd = open(path, O_RDONLY), status = 404;

	if (fd < 0)
		return 404;
	if (fstat(fd, &st) == 0 && !st.st_isdir) {
		struct http_head head = { .status = 200, .keep_alive = keep_alive, .type = http_content_type(path),
					  .length = st.st_size, .more = "" };
		char *to = start_reply(reply, &head);
		status = to && readn(fd, to, st.st_size) == st.st_size ? 200 : 500;
	}
	close(fd);
	return status;
}

static struct entry *find(const char *path, bool keep_alive)
{
	for (struct entry *e = entries; e < entries + nentries; e++)
		if (e->keep_alive == keep_alive && strcmp(e->path, path) == 0)
			return e;
	return NULL;
}

static void remember(const char *path, bool keep_alive, const struct reply *reply)
{
	char *name = nentries < ENTRIES ? malloc(strlen(path) + 1) : NULL;

	if (!name)
		return;
	strcpy(name, path);
	entries[nentries++] = (struct entry){ name, keep_alive, *reply };
	scratch = NULL; /* it stays */
}

struct reply reply_file(const char *path, bool keep_alive)
{
	struct entry *known = options.cache ? find(path, keep_alive) : NULL;
	struct reply reply;

	if (known)
		return known->reply;
	int status = read_file(path, keep_alive, &reply);
	if (status != 200)
		return reply_error(status, keep_alive);
	if (options.cache)
		remember(path, keep_alive, &reply);
	return reply;
}
