/* SPDX-License-Identifier: MIT */
/* Parts of httpd: options, one client's requests, files. */
#ifndef JOS_USER_PARTS_HTTPD_HTTPD_H
#define JOS_USER_PARTS_HTTPD_HTTPD_H

#include <inc/http.h>
#include <inc/lib.h>

struct options {
	bool keep_alive;
	bool cache;
	int workers;
};
extern struct options options;

void serve_client(int sock); /* until the client has no more requests, or must not; closes */

/* A response: `head_len` bytes of head, then the body, in one piece. Valid until the next call. */
struct reply {
	const char *bytes;
	size_t len;
};
struct reply reply_file(const char *path, bool keep_alive);
struct reply reply_error(int status, bool keep_alive);

#endif
