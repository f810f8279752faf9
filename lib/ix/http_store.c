/* SPDX-License-Identifier: MIT */
/*
 * The store of responses (inc/http_store.h): one hash table by path, and one reply for each error. Threads read the table
 * without a lock, since entries are only ever added, each as a whole; one at a time reads a file.
 */
#include <inc/http.h>
#include <inc/http_store.h>
#include <inc/lib.h>
#include <inc/libix.h>
#include <lib/ix/shared.h>

#define HEAD_BYTES 512
#define NBUCKETS 256 /* a power of two */

struct entry {
	struct entry *next;
	struct http_reply reply;
	size_t len; /* of the path */
	char path[];
};

static struct entry *buckets[NBUCKETS];
static struct mutex loading;

static const int error_statuses[] = { 500, 400, 404, 405, 411, 413, 414, 431, 501, 503, 505 };
static struct http_reply errors[ARRAY_SIZE(error_statuses)];

/* ---- making replies ---- */

/* Both heads, and room for a body of head->length bytes. Its address, or NULL: out of memory. */
static char *make_reply(struct http_reply *reply, struct http_head *head)
{
	char closes[HEAD_BYTES], keeps[HEAD_BYTES];

	head->keep_alive = false;
	reply->close_len = http_format_head(closes, HEAD_BYTES, head);
	head->keep_alive = true;
	reply->keep_len = http_format_head(keeps, HEAD_BYTES, head);

	uint32_t heads_len = reply->close_len + reply->keep_len;
	reply->block = ix_alloc(heads_len + head->length);
	if (!reply->block)
		return NULL;
	reply->status = head->status;
	reply->body_len = head->length;
	memcpy(reply->block, closes, reply->close_len);
	memcpy(reply->block + reply->close_len, keeps, reply->keep_len);
	return reply->block + heads_len;
}

static int make_error(struct http_reply *reply, int status)
{
	char text[80];
	struct http_head head = {
		.status = status,
		.type = "text/plain; charset=utf-8",
		.length = snprintf(text, sizeof(text), "%d %s\n", status, http_reason(status)),
		.more = status == 405 ? "Allow: GET, HEAD\r\n" : "",
	};
	char *body = make_reply(reply, &head);

	if (!body)
		return -E_NO_MEM;
	memcpy(body, text, head.length);
	return 0;
}

int http_store_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (make_error(&errors[i], error_statuses[i]) < 0)
			return -E_NO_MEM;
	return 0;
}

const struct http_reply *http_store_error(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].status == status)
			return &errors[i];
	return &errors[0];
}

/* ---- files ---- */

/* 200, or the status that says what went wrong. */
static int read_body(struct http_reply *reply, const char *path, int fd)
{
	struct Stat stat;
	struct http_head head = { .status = 200, .type = http_content_type(path), .more = "" };

	if (fstat(fd, &stat) < 0)
		return 500;
	if (stat.st_isdir)
		return 404;
	head.length = stat.st_size;
	char *body = make_reply(reply, &head);
	if (!body)
		return 503;
	if (readn(fd, body, stat.st_size) == stat.st_size)
		return 200;
	ix_free(reply->block);
	return 500;
}

static int open_status(int error)
{
	if (error == -E_NOT_FOUND || error == -E_BAD_PATH)
		return 404;
	return error == -E_MAX_OPEN || error == -E_NO_MEM ? 503 : 500;
}

static int read_file(struct http_reply *reply, const char *path)
{
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return open_status(fd);

	int status = read_body(reply, path, fd);
	close(fd);
	return status;
}

static struct entry **bucket_of(const char *path, size_t len)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *end = path + len; path < end; path++)
		hash = (hash ^ (uint8_t)*path) * 16777619u;
	return &buckets[(hash ^ hash >> 16) % NBUCKETS];
}

static const struct http_reply *load(struct entry **bucket, const char *path, size_t len)
{
	struct entry *entry = ix_alloc(sizeof(*entry) + len);
	if (!entry)
		return http_store_error(503);

	int status = read_file(&entry->reply, path);
	if (status != 200) {
		ix_free(entry);
		return http_store_error(status);
	}
	entry->len = len;
	memcpy(entry->path, path, len);
	entry->next = *bucket;
	__atomic_store_n(bucket, entry, __ATOMIC_RELEASE);
	return &entry->reply;
}

static const struct http_reply *find(struct entry **bucket, const char *path, size_t len)
{
	for (struct entry *entry = __atomic_load_n(bucket, __ATOMIC_ACQUIRE); entry; entry = entry->next)
		if (entry->len == len && memcmp(entry->path, path, len) == 0)
			return &entry->reply;
	return NULL;
}

const struct http_reply *http_store_file(const char *path, size_t len)
{
	struct entry **bucket = bucket_of(path, len);
	const struct http_reply *reply = find(bucket, path, len);

	if (reply)
		return reply;
	lock_if_shared(&loading); /* who was destroyed in the middle of it has left the table as it was */
	reply = find(bucket, path, len); /* another thread may have loaded it meanwhile */
	if (!reply)
		reply = load(bucket, path, len);
	unlock_if_shared(&loading);
	return reply;
}
