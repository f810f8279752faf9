/* SPDX-License-Identifier: MIT */
/*
 * Frames from the NIC: a batch in, free buffers back. The contract of what happens to each is rx.h. A descriptor's buffer
 * goes from the NIC to the stack; what lwIP does not keep is free when it returns.
 */
#include <inc/error.h>

#include <kern/dp/move.h>
#include <kern/dp/rx.h>
#include <kern/dp/tcp.h>
#include <kern/pmap.h>

#include "lwip/prot/ethernet.h"

enum {
	ARP_LEN = 28,
	RX_FLUSH_PART = 8,
};

static void arp_in(struct dp *dp, struct packet *pk)
{
	if (pk->len < ETH_LEN + ARP_LEN)
		dp->stat.drop_rx_length++;
	else if (!neigh_input(dp, pk->bytes + ETH_LEN))
		dp->stat.drop_rx_type++;
	buf_put(pk->buf);
}

/* All that stands before the segment was checked and counted when it came. */
void frame_unpark(struct dp *dp, struct buf *b)
{
	struct packet pk = { .buf = b, .bytes = buf_bytes(b), .len = b->len, .flags = b->off };

	ip_in(dp, &pk);
}

static void frame_in(struct dp *dp, const struct rx_frame *frame)
{
	struct buf *b = buf_at(dp->bufs.set, frame->buf);
	struct packet pk = { .buf = b, .bytes = buf_bytes(b), .len = frame->len, .hash = frame->hash, .flags = frame->flags };

	buf_move(b, BUF_STACK);
	dp->stat.rx_frames++;
	dp->stat.rx_bytes += frame->len;
	uint16_t type = frame->len >= ETH_LEN ? get16(pk.bytes + 12) : 0;
	if (frame->flags & RX_ERROR)
		packet_drop(&pk, &dp->stat.drop_rx_error);
	else if (frame->len < ETH_LEN || frame->len > IX_BUFSIZE)
		packet_drop(&pk, &dp->stat.drop_rx_length);
	else if (type == ETHTYPE_IP)
		ip_in(dp, &pk);
	else if (type == ETHTYPE_ARP)
		arp_in(dp, &pk);
	else
		packet_drop(&pk, &dp->stat.drop_rx_type);
}

/* The most frames that a cycle takes: plane->policy.batch, which sys_dp_ctl may change at any time. */
static uint32_t batch_bound(const struct dp *dp)
{
#ifndef EXERCISE_13
	return dp->plane->policy.batch;
#else
	/* LAB IX: Your code here. (Exercise 13) Until then, one frame at a time: right, but slow. */
	(void)dp;
	return 1;
#endif
}

/*
 * The tail register is dear to write: a doorbell is due when the buffers that wait for it (provided since the last one) are
 * at least one in RX_FLUSH_PART of the ring. The NIC has plenty left until then: BUF_RESERVE sees to that.
 */
static bool doorbell_is_due(const struct netq *q)
{
#ifndef EXERCISE_13
	return q->rx_tail - q->rx_flushed >= q->rx_size / RX_FLUSH_PART;
#else
	/* LAB IX: Your code here. (Exercise 13) Until then, for every buffer. */
	(void)q;
	return true;
#endif
}

/*
 * One batch: what has come, at most batch_bound() frames (DP_BATCH_MAX is the most that can be), never waiting for more.
 * Each goes through frame_in(). A poll that found any counts in stat.rx_batches, makes the cycle busy, and raises
 * dp->queue_max to its number of frames. If segments were trimmed meanwhile (stat.drop_rx_nobuf) because buffers ran low,
 * stack_shed() gives up out-of-order data: between two frames they are not low, for what was trimmed is back.
 * Returns how many frames there were.
 */
int rx_batch(struct dp *dp)
{
#ifndef EXERCISE_8
	struct rx_frame frames[DP_BATCH_MAX];
	uint64_t trimmed = dp->stat.drop_rx_nobuf;
	OWN_CPU(dp);
	int n = dp->nd->ops->rx_poll(dp->q, frames, batch_bound(dp));

	for (int i = 0; i < n; i++)
		frame_in(dp, &frames[i]);
	if (n) {
		dp->stat.rx_batches++;
		dp->queue_max = MAX(dp->queue_max, (uint32_t)n);
		dp->busy = true;
	}
	if (dp->stat.drop_rx_nobuf != trimmed)
		stack_shed(dp);
	return n;
#else
	/* LAB IX: Your code here. (Exercise 8) */
	(void)dp, (void)frame_in, (void)batch_bound;
	return 0;
#endif
}

/*
 * Free buffers to the ring, as many as fit: each named by its index and its bytes' physical address. One that the ring
 * does not take is free again. The doorbell rings if doorbell_is_due().
 */
void rx_refill(struct dp *dp)
{
#ifndef EXERCISE_8
	const struct netdev_ops *ops = dp->nd->ops;
	struct buf *b;

	while (dp->q->rx_tail - dp->q->rx_head < dp->q->rx_size - 1u && (b = buf_take(&dp->bufs))) {
		if (ops->rx_provide(dp->q, buf_index(b), PADDR(buf_bytes(b))) < 0) {
			buf_put(b);
			break;
		}
	}
	if (doorbell_is_due(dp->q))
		ops->rx_flush(dp->q);
#else
	/* LAB IX: Your code here. (Exercise 8) */
	(void)dp, (void)doorbell_is_due;
#endif
}
