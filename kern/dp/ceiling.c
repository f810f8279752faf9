/* SPDX-License-Identifier: MIT */
/*
 * What no server on this NIC can beat: boot argument `ceiling=1` makes the machine a responder at 10.0.2.15 that
 * remembers nothing of any connection. There is no stack, no copy and no program; each answer is written over its
 * question, in the same buffer (ceiling_answer.c). `make bench PEERS=ceiling` measures it.
 *
 *	TCP port 80	one page of 64 bytes for each segment with data; HTTP/1.0 requests end the connection
 *	TCP port 7	each segment's data
 *	UDP port 7	each datagram
 *
 * It takes CPU 0, with interrupts off, for good; the others are never started.
 */
#include <inc/error.h>
#include <inc/stdio.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/dev/netdev.h>
#include <kern/dp/ceiling.h>
#include <kern/pmap.h>

enum {
	RING = 256,
	NBUFS = RING - 1,
	BUF_SIZE = 2048,
	BATCH = 64,
	ETH_LEN = 14,
	IP_LEN = 20,
	OWN_IP = 10 << 24 | 2 << 8 | 15,
};

static struct {
	struct netdev *nd;
	struct netq *q;
	uint8_t *bufs;    /* NBUFS of BUF_SIZE, contiguous */
} ceiling;

static void provide(uint32_t buf)
{
	ceiling.nd->ops->rx_provide(ceiling.q, buf, PADDR(ceiling.bufs + buf * BUF_SIZE));
}

/* A buffer is with the NIC for receiving, or for sending, and goes from one to the other. */
static void take(const struct rx_frame *frame)
{
	uint8_t *bytes = ceiling.bufs + frame->buf * BUF_SIZE;
	bool is_tcp = false;
	uint32_t len = frame->flags & RX_ERROR ? 0 : ceiling_answer(bytes, frame->len, &is_tcp);
	struct tx_frag frag = { PADDR(bytes), len };
	struct tx_offload off = { is_tcp ? TX_CSUM_TCP : 0, ETH_LEN, IP_LEN };

	if (!len || ceiling.nd->ops->tx_put(ceiling.q, &frag, 1, &off, (void *)(uintptr_t)(frame->buf + 1)) < 0)
		provide(frame->buf);
}

static void cycle(void)
{
	const struct netdev_ops *ops = ceiling.nd->ops;
	struct rx_frame frames[BATCH];
	void *sent[BATCH];

	int n = ops->rx_poll(ceiling.q, frames, BATCH);
	for (int i = 0; i < n; i++)
		take(&frames[i]);
	if (n)
		ops->tx_flush(ceiling.q);
	int done = ops->tx_reap(ceiling.q, sent, BATCH);
	for (int i = 0; i < done; i++)
		provide((uintptr_t)sent[i] - 1);
	if (n + done)
		ops->rx_flush(ceiling.q);
	else
		cpu_relax();
}

/*
 * The last buffer is not for receiving yet. It says where we are, for QEMU's e1000 receives nothing in the first second, and a
 * peer that had to ask in that second gives up the packet for which it asked.
 */
static void announce(void)
{
	uint8_t *frame = ceiling.bufs + (NBUFS - 1) * BUF_SIZE;
	struct tx_frag frag = { PADDR(frame), ceiling_announce(frame) };

	ceiling.nd->ops->tx_put(ceiling.q, &frag, 1, &(struct tx_offload){ 0 }, (void *)NBUFS);
	ceiling.nd->ops->tx_flush(ceiling.q);
}

static int start(void)
{
	struct PageInfo *memory = superpage_alloc();

	ceiling.nd = netdev_claim(0, NETDEV_DP);
	if (!memory || !ceiling.nd)
		return memory ? -E_NO_QUEUE : -E_NO_MEM;
	ceiling.bufs = page2kva(memory);
	ceiling_answer_init(OWN_IP, ceiling.nd->mac);
	int r = ceiling.nd->ops->start(ceiling.nd, 1, RING, RING);
	if (r < 0)
		return r;
	ceiling.q = &ceiling.nd->q[0];
	for (uint32_t buf = 0; buf < NBUFS - 1; buf++)
		provide(buf);
	ceiling.nd->ops->rx_flush(ceiling.q);
	announce();
	return 0;
}

void ceiling_run(void)
{
	if (!bootarg_u32("ceiling", 0))
		return;
	int r = start();
	if (r < 0) {
		cprintf("ceiling: %e\n", r);
		return;
	}
	cprintf("ceiling: answering; nothing else runs\n");
	for (;;)
		cycle();
}
