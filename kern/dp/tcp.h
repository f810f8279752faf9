/* SPDX-License-Identifier: MIT */
/*
 * The one module around lwIP: tcp.c, tcp_time.c, tcp_new.c, tcp_cookie.c, tcp_note.c, tcp_call.c. It enters lwIP with the flow's
 * group and bucket in place, and lwIP's callbacks end in it; no other file calls lwIP's TCP. What must hold for lwIP to be
 * used this way is said at the top of tcp.c.
 *
 * The caller has checked what can be checked: each stack_x() below succeeds.
 */
#ifndef JOS_KERN_DP_TCP_H
#define JOS_KERN_DP_TCP_H

#include <kern/dp/dataplane.h>

/* A checked TCP segment for our address. */
struct segment {
	struct tuple tuple;
	uint32_t seq;
	uint8_t flags;    /* TCP's */
};

enum { DYNAMIC_PORTS = 16384 }; /* 49152 to 65535 */

void stack_init(struct dp *dp); /* any CPU that maps the window */

/* Each consumes p. */
void stack_segment(struct fgroup *g, struct pbuf *p, const struct segment *seg); /* from TCP's header on; to a group of ours */
void stack_packet(struct dp *dp, struct pbuf *p); /* from the IP header on; not TCP */

/* An IP packet to send, without its IP header; false: it was not. p stays the caller's, and is not to be changed. */
bool stack_output(struct dp *dp, struct pbuf *p, uint32_t to, uint8_t proto);
/* Memory for pbufs that are made outside lwIP comes from this dataplane. */
void stack_use_memory(struct dp *dp);

void stack_timers(struct dp *dp);
void stack_forget_group(struct dp *dp, struct fgroup *g); /* it is about to leave our list of groups */
uint64_t stack_due_us(const struct dp *dp); /* when stack_timers has something to do again */
void stack_shed(struct dp *dp); /* buffers are low: drop out-of-order data */

void stack_listen(struct dp *dp, struct door *d, int slot, const struct listener *l); /* d->pcb stays NULL: memory is out */
void stack_unlisten(struct dp *dp, struct door *d);
struct fgroup *stack_port_for(struct dp *dp, struct tuple *t);    /* set t->lport so that t is free, and its group ours; or NULL */
struct flow *stack_connect(struct fgroup *g, const struct tuple *t); /* NULL: memory is out */
void stack_accept(struct flow *f);
uint32_t stack_window(const struct flow *f);                      /* bytes that could be queued now */
uint32_t stack_write(struct flow *f, const void *bytes, uint32_t len, bool more); /* how many were taken */
void stack_push(struct flow *f);                                  /* send what was written */
void stack_recved(struct flow *f, uint32_t bytes);
void stack_shutdown(struct flow *f);
void stack_close(struct flow *f);
void stack_abort(struct flow *f);
void stack_abort_all(struct dp *dp);

#endif
