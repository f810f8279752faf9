/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the event layer.
 *
 * Events and the program's calls change a context and put it on the active list; nothing is done for it
 * there and then. ixev_wait serves each context on the list once: calls its handler, then makes the calls
 * that its state asks for. So a batch costs a connection one handler call and at most CALLS_PER_SERVING
 * slots, and a full call array leaves the rest of the list for the next round.
 */
#ifndef JOS_LIB_IX_IXEV_IMPL_H
#define JOS_LIB_IX_IXEV_IMPL_H

#include <inc/ixev.h>

/*
 *  accept:  TO_ACCEPT ------------------> OPEN ---> CLOSED ---> DEAD
 *  dial:    TO_DIAL --> DIALING --------^
 * OPEN to CLOSED when the close call is made; DEAD from any state.
 */
enum ixev_state {
	IXEV_IDLE,      /* fresh from ixev_ctx_init */
	IXEV_TO_ACCEPT, /* the accept call is to be made */
	IXEV_TO_DIAL,   /* the connect call is to be made */
	IXEV_DIALING,   /* its outcome is awaited */
	IXEV_OPEN,
	IXEV_CLOSED,    /* closed; `sent` and `dead` are still to come */
	IXEV_DEAD,      /* no event will come, the handle is gone */
	IXEV_NSTATES
};

#define IXEV_F_ACTIVE  1 /* on the active or retry list */
#define IXEV_F_CLOSING 2 /* the program called ixev_close */
#define IXEV_F_FIN     4 /* the peer's FIN came */
#define IXEV_F_SENDING 8 /* a sendv call is in the array: its result is awaited */
#define IXEV_F_BLOCKED 16 /* the kernel takes no more before a `sent` event */

#define CALLS_PER_SERVING 4 /* accept, recv_done, sendv, close */

extern const struct ix_handlers ixev_handlers;
extern struct ixev_conn_ops *ixev_conn_ops; /* the program's */
extern int ixev_listen_result;              /* its address is the tag of the call that makes it */

void ixev_mark(struct ixev_ctx *ctx);                         /* put it on the active list */
void ixev_retry(struct ixev_ctx *ctx);                        /* the same, after the next round */
void ixev_die(struct ixev_ctx *ctx);                          /* no event will come any more */
void ixev_trigger(struct ixev_ctx *ctx, unsigned reason);     /* and tell the handler, if it wants that */
void ixev_fire_refs(struct ixev_ctx *ctx);                    /* call back what sent_total has passed */
void ixev_queue_shift(struct ixev_ctx *ctx, uint32_t bytes);  /* the kernel took so many */

bool ixev_timers_pending(void);                               /* timer calls are left to make */
void ixev_timers_flush(void);
void ixev_on_timer(const struct ix_event *event);

#endif
