/* SPDX-License-Identifier: MIT */
/*
 * The program's batched calls: what call.c, which runs them, and call_listen.c, call_flow.c, call_data.c and call_udp.c,
 * which know them, have in common.
 *
 * decode_x() checks everything, changes nothing, and leaves in the request what it found; 0 or an error of inc/error.h.
 * do_x() comes after it and cannot fail, but for want of memory, or when another CPU was quicker. It returns the slot's
 * result.
 */
#ifndef JOS_KERN_DP_CALL_H
#define JOS_KERN_DP_CALL_H

#include <kern/dp/dataplane.h>

/* One call: as read, and what decoding made of it. */
struct request {
	struct ix_call call;     /* its handle goes back to the slot, too */
	struct flow *flow;
	struct fgroup *group;
	int listener;
	struct udp_port *udp;
	struct buf *buf;
	struct tuple tuple;
	struct ix_sg sg[IX_SG_MAX];
};

static inline bool port_is_good(uint32_t port) { return port >= 1 && port <= 65535; }
static inline bool ip_is_host(uint32_t ip) { return ip != 0 && ip >> 28 < 0xe && ip >> 24 != 127; }

/* call_listen.c */
int decode_listen(struct dp *dp, struct request *rq);
int do_listen(struct dp *dp, struct request *rq);
int decode_unlisten(struct dp *dp, struct request *rq);
int do_unlisten(struct dp *dp, struct request *rq);

/* call_flow.c: connections begin and end; `close` is also for UDP ports. */
int find_open_flow(struct dp *dp, struct request *rq, uint16_t blocked);
int find_knocking_flow(struct dp *dp, struct request *rq);
void close_flow(struct flow *f);
int decode_connect(struct dp *dp, struct request *rq);
int do_connect(struct dp *dp, struct request *rq);
int do_accept(struct dp *dp, struct request *rq);
int decode_shutdown(struct dp *dp, struct request *rq);
int do_shutdown(struct dp *dp, struct request *rq);
int decode_close(struct dp *dp, struct request *rq);
int do_close(struct dp *dp, struct request *rq);
int decode_abort(struct dp *dp, struct request *rq);
int do_abort(struct dp *dp, struct request *rq);

/* call_data.c: a connection's bytes. */
int decode_sendv(struct dp *dp, struct request *rq);
int do_sendv(struct dp *dp, struct request *rq);
int decode_recv_done(struct dp *dp, struct request *rq);
int do_recv_done(struct dp *dp, struct request *rq);

/* call_udp.c */
int decode_udp_bind(struct dp *dp, struct request *rq);
int do_udp_bind(struct dp *dp, struct request *rq);
int decode_udp_sendv(struct dp *dp, struct request *rq);
int do_udp_sendv(struct dp *dp, struct request *rq);
int decode_udp_recv_done(struct dp *dp, struct request *rq);
int do_udp_recv_done(struct dp *dp, struct request *rq);

#endif
