/* SPDX-License-Identifier: MIT */
/*
 * Ready-made HTTP responses in the send heap: each file is read once, when it is first asked for, and is
 * sent from there ever after. Nothing is ever freed, so that what is lent to the dataplane needs no
 * bookkeeping; a change of the file on disk is not seen.
 */
#ifndef JOS_INC_HTTP_STORE_H
#define JOS_INC_HTTP_STORE_H

#include <inc/types.h>

/*
 * A response lies in one piece:  [ head that closes | head that keeps the connection | body ].
 * So the usual answer, the second head and the body, is one piece to send.
 */
struct http_reply {
	char *block;
	uint16_t status;
	uint16_t close_len, keep_len;
	uint32_t body_len;
};

int http_store_init(void); /* after ixev_attach; -E_NO_MEM */

/* The file's response, or the one that says why there is none: 404, 500, or 503 when memory ran out. `len` of the path. */
const struct http_reply *http_store_file(const char *path, size_t len);
const struct http_reply *http_store_error(int status); /* 500's for a status that has none */

#endif
