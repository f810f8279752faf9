/* SPDX-License-Identifier: MIT */
/* What the parts of ixremote share: its connections and ports, and what it sends. */
#ifndef JOS_USER_IXREMOTE_H
#define JOS_USER_IXREMOTE_H

#include <inc/lib.h>
#include <inc/libix.h>
#include <inc/x86.h>

enum {
	NCONNS = 16384,
	LINE = 128,
	NPORTS = 8,
	NWAITING = 512,
	PATTERN = 1 << 20,
};
enum { ACCEPT, REJECT, WAIT };

struct conn {
	ix_handle_t handle;
	uint32_t peer_ip;
	bool open, dead;
	uint32_t kept;
	uint32_t to_send, sent;   /* of the pattern */
	uint32_t queued, acked;   /* bytes in all */
	uint32_t owed;            /* received, to be given back when all that is queued is acknowledged */
	struct conn *told;        /* who is told of the outcome of a connect */
};

struct port {
	uint32_t port;
	ix_handle_t handle;
	struct conn *told;        /* who asked for it */
};

struct waiting {              /* a knock that is not answered yet */
	ix_handle_t handle;
	uint32_t ip;
};

extern struct remote {
	struct conn conns[NCONNS];
	uint32_t nconns, ndead, nmistakes, nrefused;
	int policy;               /* for new connections */
	bool keeping;             /* receive buffers are not given back */
	struct waiting waiting[NWAITING];
	uint32_t nwaiting;
	struct port ports[NPORTS];
	char *pattern;
	int cpu;
} remote;

struct conn *new_conn(ix_handle_t handle, uint32_t ip);
uint32_t cookie_of(const struct conn *c);

/* send.c. What is said, or is in a line, stays where it is until it is sent, or nearly always. */
struct ix_sg *sg_of(const void *base, uint32_t len);
void send_bytes(struct conn *c, const void *base, uint32_t len);
void send_pattern(struct conn *c); /* as much of what it is to get as goes */
char *a_line(void);
void say(struct conn *c, const char *fmt, ...);

/* command.c */
void command(struct conn *c, char *text, uint32_t len);
void unmap_given(void); /* pages that bytes were sent from, and that are to be given up */

/* udp.c */
void on_udp_recv(const struct ix_event *ev);
void on_udp_sent(const struct ix_event *ev);

#endif
