/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 and 1.0 over the event layer: GET and HEAD of what inc/http_store.h has, kept connections,
 * pipelining. The program attaches, fills the store, listens and waits: user/ixhttpd.c.
 */
#ifndef JOS_INC_HTTP_SERVER_H
#define JOS_INC_HTTP_SERVER_H

#include <inc/ixev.h>

/* What ixev_init takes. At most max_conns connections at a time (0: as memory allows); others are reset. */
struct ixev_conn_ops *http_server(unsigned max_conns, bool verbose);

#endif
