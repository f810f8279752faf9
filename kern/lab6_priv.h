/* SPDX-License-Identifier: MIT */
/* What the files of lab 6's network (kern/lab6*.c) know together: the NIC in use, its buffers, and who waits. With the big lock. */
#ifndef JOS_KERN_LAB6_PRIV_H
#define JOS_KERN_LAB6_PRIV_H

#include <inc/ns.h>

#include <kern/dev/netdev.h>
#include <kern/env.h>
#include <kern/lab6.h>
#include <kern/pmap.h>

enum {
	RX_RING = 256, /* one stays empty */
	TX_RING = 64,
	BUF_SIZE = 2048,
	NBUFS = RX_RING,
	BUFS_PER_PAGE = PGSIZE / BUF_SIZE,
	NPAGES = NBUFS / BUFS_PER_PAGE,
	FRAME_PAGES = 2,   /* a frame crosses one page boundary at most */
	FRAME_MAX = NS_PACKET_MAX,
};

_Static_assert(NS_CHAIN_PACKETS < TX_RING, "an empty ring takes any chain");

struct lab6 {
	struct netdev *nd;         /* NULL: not in use */
	struct netq *q;
	int nusers;                /* envs with env_uses_net */
	struct PageInfo *page[NPAGES];

	/* Who waits for a frame, and where it shall go; valid while that env is in ENV_WAIT_NET. */
	struct Env *receiver;
	struct lab6_target { uint32_t va, size; } target; /* size 0: a page, for a chain of packets */

	/* Pages of the frames in the transmit ring, in order: [head, tail), free-running. */
	struct lab6_pin { struct PageInfo *page[FRAME_PAGES]; } pins[TX_RING];
	uint32_t pins_head, pins_tail;

	uint32_t rx_frames, rx_dropped, tx_frames, tx_full, interrupts;
};

extern struct lab6 lab6;

static inline void *lab6_buf(uint32_t buf)
{
	return (char *)page2kva(lab6.page[buf / BUFS_PER_PAGE]) + buf % BUFS_PER_PAGE * BUF_SIZE;
}

static inline bool lab6_somebody_waits(void)
{
	struct Env *e = lab6.receiver;

	return e && e->env_status == ENV_NOT_RUNNABLE && e->env_wait == ENV_WAIT_NET;
}

/*
 * The kernel address of e's page at va, or NULL if it may not be used with `perm`. Pages that a dataplane shows its program are
 * freed with that, whoever holds them: they are not for us.
 */
char *lab6_page(struct Env *e, uint32_t va, pte_t perm, struct PageInfo **store);

void lab6_unpin(void);            /* the oldest frame in the transmit ring is done: its pages are let go */
void lab6_interrupt(void *unused); /* on CPU 0, whenever the pin is raised, by whomever */

#endif
