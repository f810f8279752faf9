/* SPDX-License-Identifier: MIT */
/*
 * Flows: what the dataplane knows of a connection besides lwIP's PCB, and the handles that name them.
 *
 *             SYN             handshake done            accept
 *   FLOW_FREE ---> FLOW_HALF ----------------> KNOCKING -------> OPEN ---> BURIED ---> FLOW_FREE
 *        '---------------------> CONNECTING ----------------------^   dead      PCB gone too, and
 *                 connect                      connected        delivered   lent buffers returned
 *
 * lwIP's callbacks note here what happened and put the flow on the pending list. Events are made from the
 * notes, by event.c, which is also the only place where a flow is freed: a flow is never freed inside lwIP.
 */
#ifndef JOS_KERN_DP_FLOW_H
#define JOS_KERN_DP_FLOW_H

#include <inc/ix.h>

#include <kern/dp/list.h>
#include <kern/dp/loan.h>
#include <kern/dp/slab.h>

struct buf;
struct fgroup;
struct tcp_pcb;

enum flow_state { FLOW_FREE, FLOW_HALF, FLOW_KNOCKING, FLOW_CONNECTING, FLOW_OPEN, FLOW_BURIED };

enum {
	FLOW_TOLD = 1,       /* the app knows the handle, by a knock or by its own connect */
	FLOW_CONNECTED = 2,  /* the active open succeeded; the event is still to be delivered */
	FLOW_FIN_IN = 4,     /* the peer sends no more */
	FLOW_FIN_TOLD = 8,
	FLOW_SHUT = 16,      /* the app sends no more */
	FLOW_CLOSED = 32,    /* the app wants nothing more, but `sent` and `dead` */
	FLOW_ENDED = 64,     /* TCP is done with it: no PCB, or one in TIME_WAIT */
	FLOW_GRAVE = 128,    /* dead was delivered; what it lent returns after the next batch of calls */
	FLOW_MOVED = 256,    /* it came from another CPU; the app is to be told before anything else */
	FLOW_STUCK = 512,    /* a ring that nobody looks at any more may name its bytes: `sent` and `dead` never come */
};

/* A connection's ends; addresses in network byte order, ports in the host's. */
struct tuple {
	uint32_t lip, rip;
	uint16_t lport, rport;
};

struct flow {
	uint32_t index;      /* the slot's */
	uint32_t gen;        /* 0: no handle is good */

	struct link pending; /* flows with something to tell, or free, or in the graves; or alone */
	struct link waiting; /* in TIME_WAIT: on the dataplane's list of those, oldest first */
	struct fgroup *g;
	struct tcp_pcb *pcb; /* NULL once lwIP has freed it */
	struct tuple tuple;
	uint16_t bucket;
	uint16_t flags;
	uint8_t state;
	uint32_t cookie;     /* the listener's until accept */
	int32_t reason;      /* why it ended: 0 or a negated error */

	/*
	 * Receive: a chain of buffers, [rx_first, rx_next) lent to the app, [rx_next, rx_last] to be
	 * delivered.
	 */
	struct buf *rx_first, *rx_next, *rx_last;
	uint32_t rx_lent;    /* bytes lent and not done */
	uint32_t rx_credit;  /* of them done in rx_first, but not all of it */

	/*
	 * Transmit: bytes acknowledged. `ready` may be told. A descriptor may still read those in `wait`
	 * until the ring's head passes stamp_wait; what is acknowledged meanwhile gathers in `next`, so
	 * that `wait` comes to an end.
	 */
	uint32_t tx_ready, tx_wait, tx_next;
	uint32_t stamp_wait, stamp_next;
	uint32_t stamp_end;  /* for dead */

	/* Bytes queued, bytes that may be told as sent, and the program's pages that hold those between. */
	uint32_t tx_written, tx_done;
	struct loans loans;
};

/*
 * The table hands out slots from pages of FLOWS_PER_PAGE, which come from the slab and return there. Slot 0
 * of each page would lie over the slab's header and is not used. Generations count through the whole table,
 * so that a handle is never good twice, whatever happens to its page.
 */
enum {
	FLOW_SLOT = sizeof(void *) == 4 ? 128 : 256,
	FLOWS_PER_PAGE = PGSIZE / FLOW_SLOT,
	FLOW_PAGES_MAX = 4096, /* of the only group of a dataplane; of one of several, FLOW_PAGES_GROUP */
	FLOW_PAGES_GROUP = 256,
	FLOW_LISTENER = 0x800000, /* this bit of an index: a listener's handle */
};
_Static_assert(sizeof(struct flow) <= FLOW_SLOT, "a slot holds a flow");
_Static_assert((int)SLAB_PAGE_HEADER <= (int)FLOW_SLOT, "and slot 0 the slab's header");
_Static_assert(FLOW_PAGES_MAX * FLOWS_PER_PAGE <= FLOW_LISTENER, "indices and listeners do not meet");

struct flow_table {
	struct slab *slab;
	struct link free;
	uint32_t nfree, nused;         /* slots */
	uint32_t npages;               /* entries of page[] that were ever used */
	uint32_t nholes;               /* those of them that are NULL again */
	uint32_t last_gen;
	uint32_t max_pages;
	char **page;                   /* max_pages of them */
};

void flow_table_init(struct flow_table *t, struct slab *slab, char **page, uint32_t max_pages);
bool flow_table_has_room(const struct flow_table *t);
struct flow *flow_alloc(struct flow_table *t, enum flow_state state);   /* NULL: no room */
void flow_release(struct flow_table *t, struct flow *f);
struct flow *flow_at(const struct flow_table *t, uint32_t index);       /* in use, or NULL */
struct flow *flow_find(const struct flow_table *t, ix_handle_t handle); /* of this table's group, as the app names it, or NULL */

/* Bytes acknowledged now, while the transmit ring spans [head, tail). */
void flow_acked(struct flow *f, uint32_t bytes, uint32_t head, uint32_t tail);
void flow_ripen(struct flow *f, uint32_t head); /* the ring's head has moved: see what may be told */

/*
 * The receive chain (flow_rx.c). Payload is taken from the stack in order, lent to the app one buffer at a
 * time, and done with by counts of bytes, which need not end where buffers do.
 */
void flow_take(struct flow *f, struct buf *b);
struct buf *flow_lend(struct flow *f);               /* the next to deliver, now the app's; NULL: none */
void flow_done(struct flow *f, uint32_t bytes);      /* at most rx_lent */
void flow_drop_undelivered(struct flow *f);
void flow_drop_all(struct flow *f);                  /* what the app had included */

static inline bool ring_passed(uint32_t head, uint32_t stamp) { return (int32_t)(head - stamp) >= 0; }

#endif
