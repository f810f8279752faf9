/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.x for servers: requests' heads, paths and content types (lib/ix/http*.c; RFC 9110 and 9112).
 * Pure functions on bytes that someone else owns: nothing is allocated, copied or ended with '\0' behind
 * one's back.
 */
#ifndef JOS_INC_HTTP_H
#define JOS_INC_HTTP_H

#include <inc/types.h>

#define HTTP_LINE_MAX 4096    /* bytes of a request line: more are answered by 414 */
#define HTTP_HEAD_MAX 8192    /* bytes of a head, its last empty line included: more by 431 */
#define HTTP_BODY_MAX 1048576 /* bytes of a request's body that are read and thrown away: more by 413 */
#define HTTP_PATH_MAX 1024    /* bytes of a path, its end included: what the file server takes */

enum http_method {
	HTTP_UNKNOWN, /* a well-formed name that nobody has heard of: 501 */
	HTTP_GET,
	HTTP_HEAD,
	HTTP_OTHER,   /* one of HTTP's others: 405 */
};

/*
 * A request while its head comes in. All zeros before the first byte. Offsets count from the head's first
 * byte, so that the head may move in memory between two calls.
 */
struct http_request {
	/* of use when the head is complete */
	uint16_t head_len;
	uint16_t target, target_len; /* offset and length, as it was sent */
	uint8_t method;
	bool keep_alive;      /* the connection may be used again */
	uint32_t body_len;    /* bytes that follow the head */

	/* the parser's own */
	uint16_t line;   /* start of the first line that is not parsed yet */
	uint16_t scan;   /* bytes of it that are known not to end it */
	uint8_t minor;   /* of the version */
	uint8_t seen;    /* headers that came */
	bool have_line;  /* the request line is parsed */
};

/*
 * Parse what there is of a head: `len` bytes at `head`, which begin with those of earlier calls for the same
 * request. Work already done is not done again. The result is the same however the bytes arrive:
 *   HTTP_MORE  the head is not complete; call again when more has come
 *   HTTP_DONE  it is, and *r describes it; body_len bytes of body follow it, then the next request
 *   a status   the request is answered with it, and the connection cannot be used again
 */
#define HTTP_MORE 0
#define HTTP_DONE 1
int http_parse(struct http_request *r, const char *head, size_t len);

/*
 * The file that a request's target asks for, as an absolute path with a '\0': %-escapes decoded, query cut
 * off, empty and `.` segments dropped, `index.html` added to a final slash. Returns the path's length, or
 * minus a status: 400 for what is no path, or has a `..` segment or a '\0' in it; 404 for one that no file
 * can have.
 */
int http_path(const char *target, size_t len, char *path, size_t size);

const char *http_content_type(const char *path); /* by the name's ending */
const char *http_reason(int status);             /* "Not Found"; "" for an unknown one */

/* A response's head. Returns its length; it has been cut short if that is not below `size`. */
struct http_head {
	int status;
	bool keep_alive;
	const char *type;
	uint32_t length;
	const char *more; /* further header lines, each with its CR LF, or "" */
};
size_t http_format_head(char *buf, size_t size, const struct http_head *h);

#endif
