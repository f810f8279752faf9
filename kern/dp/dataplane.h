/* SPDX-License-Identifier: MIT */
/*
 * One thread of a dataplane: its home for state, and the calls between its files, in the order of a packet's way.
 *
 * It is a reserved CPU, a queue of the NIC, an env, and one superpage of memory, its home, drawn in member.c. After attach
 * only its own CPU touches it, without a lock; others read the counters. So every function below runs on that CPU, under
 * the env's page directory, with interrupts off, unless it says otherwise. What all threads share is struct plane.
 */
#ifndef JOS_KERN_DP_DATAPLANE_H
#define JOS_KERN_DP_DATAPLANE_H

#include <kern/cpu.h>
#include <kern/dev/netdev.h>
#include <kern/dp/buf.h>
#include <kern/dp/dp.h>
#include <kern/dp/plane.h>
#include <kern/dp/reass.h>
#include <kern/dp/trace.h>
#include <kern/dp/udp.h>

#include "lwip/netif.h"

enum {
	DP_BATCH = 64,                    /* default most frames in a cycle */
	DP_BATCH_MAX = 256,
	DP_RX_RING = 256,
	DP_TX_RING = 256,
	DP_TIMERS = 256,
	DP_WINDOW_PAGES = (KSTACKLOW - DPWINDOW) / PGSIZE,
};

struct app_timer {
	uint64_t due_us; /* 0: not set */
	uint32_t cookie;
};

/* Our part of a listener of the plane: lwIP's listening PCB, made when it is needed first. */
struct door {
	struct tcp_pcb_listen *pcb;       /* NULL: there is none */
	const struct listener *listener;
	uint32_t gen;                     /* which of those that use the slot in turn */
	struct dp *dp;
};

struct dp {
	/* Who: set at attach. */
	struct plane *plane;
	uint32_t thread;
	struct Env *env;
	struct CpuInfo *cpu;
	struct netdev *nd;                /* the plane's */
	struct netq *q;
	uint32_t ip;                      /* the plane's; network byte order */

	/* Memory. */
	struct reserve reserve;           /* pages for the groups' slabs */
	struct bufpool bufs;
	struct buf *buf_recs;             /* of the buffers that came with us, */
	uint32_t nbuf_recs;               /* at most so many */
	bool loans_ended;                 /* some pages that were lent are not any more */

	/* What is shared with the program, by our own addresses. */
	struct ix_event *events;          /* we write, the program reads */
	struct ix_call *calls;            /* the program writes, we read each slot once */

	/* This cycle. */
	uint64_t now_us;
	uint32_t ncalls;                  /* calls of the app's array to run; 0 after that */
	uint32_t nevents;                 /* events written to the app's array */
	bool busy;                        /* something was done */
	bool settled;                     /* the program has nothing in hand: it would wait */

	/* What siblings, or the core, want. */
	bool asked;                       /* that we look at the plane */
	bool leaving;                     /* that we give our CPU back; set by the core */
	bool parks;                       /* and we can: the program is to be stopped (loop.c) */
	bool hands_on;                    /* we leave, and keep frames for others: they are handed on */
	bool stuck;                       /* we left while the NIC had frames to send: the ring is not used again */

	/* Between cycles. */
	uint64_t busy_us;                 /* when something was done last */
	uint64_t seen_us;                 /* when the program was here last */
	bool unresponsive;
	bool looks_again;                 /* before it halts: the NIC may interrupt from now on */
	bool nic_woke;
	int irq;                          /* the queue's that is registered for us, or -1 */

	/* lwIP's time: a pass over all groups' buckets starts every quarter of a second and is done in slices. */
	uint32_t ticks;                   /* half seconds */
	uint64_t tick_us, pass_us;        /* when the next tick, and the next pass, starts */
	struct link *pass_at;             /* the group that the pass is at; groups' head: it is over */
	struct link *shed_at;             /* where to look for out-of-order data next: a group, or that head */
	uint32_t shed_bucket;             /* and its bucket */

	/* The stack. Flows are in groups; on these lists are those of all groups that we own. */
	struct fgroup own;                /* for what belongs to no flow: it has one bucket, */
	struct bucket no_flows;           /* which stays empty */
	struct link groups;
	struct link pending;              /* flows with something to tell, first come, first served */
	struct link graves;               /* flows whose dead was delivered */
	struct link waiting;              /* flows in TIME_WAIT, oldest first */
	uint32_t ngroups, nflows;         /* flows: TIME_WAIT included */
	struct netif netif;
	struct door doors[NLISTENERS];
	bool resuming;                    /* a handshake that began with a cookie, which is */
	uint32_t cookie;
	struct udp_ports udp;
	struct neigh_wait neigh;
	struct reass reass;
	uint16_t next_port;               /* where the search for a local port goes on */

	struct app_timer timers[DP_TIMERS];
	uint64_t timer_us;                /* no timer is due before */

	/* The lwIP window: a page table for this CPU's DPWINDOW, and the pages behind it. */
	pte_t *window_table;
	struct PageInfo *window_page[DP_WINDOW_PAGES];

	struct trace trace;
	struct ix_stat stat;              /* counters; gauges are filled in when published */
	uint64_t counted_us;              /* busy and idle time are counted up to here */

	/* What other CPUs write, when they hand groups or frames over. Frames that came before their group wait, oldest first. */
	struct fgroup *volatile incoming __attribute__((aligned(64)));
	struct buf *volatile returned;
	struct buf *volatile handed;      /* frames for us; */
	uint32_t owed[IX_NTHREADS];       /* and those that we handed to others: so many buffers each sibling is to return */
	struct buf *parked_first __attribute__((aligned(64))), *parked_last;

	/* What other CPUs read: a copy, and a number that is odd while it is being written. */
	uint64_t publish_us;              /* not before */
	uint32_t queue_max;               /* most frames taken at once since then */
	volatile uint32_t publications __attribute__((aligned(64)));
	struct ix_stat published;
} __attribute__((aligned(64)));

static inline struct fgroup *group_at(struct link *owned) { return container_of(owned, struct fgroup, owned); }
void dp_take_group(struct dp *dp, struct fgroup *g);   /* member.c: it is ours from now on */
void dp_drop_group(struct dp *dp, struct fgroup *g);   /* and not any more; its flows are on none of our lists */

bool dp_has_groups(struct dp *dp);  /* move.c: here, or on their way to us */

/* ask.c: what siblings and the core ask of this CPU; plane_ask is theirs. */
void plane_ask(struct dp *dp);            /* any CPU; it looks soon */
void plane_answer(struct dp *dp, bool app_waits);

/* loop.c: one pass. */
void dp_cycle(struct dp *dp, bool app_waits);
void dp_settle(struct dp *dp);

/*
 * idle.c: after a cycle without news. `until`: when the caller wants to go on in any case. dp_resume ends what dp_idle has
 * begun, before the program or the core goes on.
 */
void dp_idle(struct dp *dp, uint64_t until);
void dp_resume(struct dp *dp);
void nic_irq_attach(struct dp *dp);       /* with the big lock */
void nic_irq_detach(struct dp *dp);
void nic_irq_follow(struct dp *dp);       /* somebody else may have the pin now */

/* address.c */
struct address { uint32_t ip, gateway; }; /* host byte order */
void addresses_init(void);                /* boot arguments */
const struct address *address_of(uint32_t nic);

/* policy.c */
void policy_init(void);                   /* boot arguments */
int policy_set(struct policy *p, enum ix_ctl op, uint32_t a, uint32_t b); /* 0 or -E_INVAL */
extern struct policy default_policy;

/* stat.c */
void stat_publish(struct dp *dp);

/* rx.c: frames from the NIC, checked (rx.h), to the stack. */
int rx_batch(struct dp *dp);              /* at most the batch bound; how many */
void rx_refill(struct dp *dp);            /* free buffers to the ring */

/* listen.c */
struct door *door_of(struct dp *dp, int slot, const struct listener *l); /* ready for a SYN; NULL: memory is out */
void doors_follow(struct dp *dp);         /* close those whose listener is gone */

/* tcp.c: the stack; see tcp.h. netif.c: frames from the stack to the NIC. */
void netif_attach(struct dp *dp);         /* any CPU that maps the window */
void tx_reap(struct dp *dp);
void tx_kick(struct dp *dp);              /* one doorbell, if anything is queued */

/* event.c: from what the flows noted to the program's event array. */
void flow_pend(struct flow *f);           /* it has something to tell */
void events_fill(struct dp *dp);          /* what does not fit stays pending */
void flow_bury(struct flow *f);           /* its app never knew it, or has been told of its end */
void graves_clear(struct dp *dp);         /* what dead flows had lent is ours again */

/* call.c: the program's batched calls. */
void calls_run(struct dp *dp);

/* timer.c: the program's timers. */
void timer_set(struct dp *dp, uint32_t id, uint32_t us, uint32_t cookie);
void timer_clear(struct dp *dp, uint32_t id);
void timers_expire(struct dp *dp);        /* as events, as long as there is room */
#define NEVER_US (~0ull)

/* The next event's place, zeroed; NULL: the array is full. */
static inline struct ix_event *event_slot(struct dp *dp)
{
	if (dp->nevents == IX_NEVENTS)
		return NULL;
	dp->stat.events++;
	struct ix_event *ev = &dp->events[dp->nevents++];
	*ev = (struct ix_event){ 0 };
	return ev;
}

/* window.c, with the big lock: make lwIP's globals for one more CPU, seen under the env's page directory. */
int window_install(struct dp *dp);        /* 0 or -E_NO_MEM, and window_remove is still to be called */
void window_remove(struct dp *dp);

/*
 * With DP_DEBUG the rules of the stack are checked where they matter; so is, at each entry to the stack and each look at a
 * thread's things, that it is their CPU that comes. owner.c: a panic that names both CPUs, and `where`.
 */
#ifdef DP_DEBUG
#define RULE(x) assert(x)
#define OWN_CPU(dp) owner_check(dp, __func__)
#define OWN_GROUP(g) owner_check_group(g, __func__)
#else
#define RULE(x) ((void)0)
#define OWN_CPU(dp) ((void)0)
#define OWN_GROUP(g) ((void)0)
#endif
void owner_check(const struct dp *dp, const char *where);
void owner_check_group(const struct fgroup *g, const char *where);

#endif
