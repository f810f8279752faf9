/* SPDX-License-Identifier: MIT */
/*
 * Sending, the same on all of Intel's gigabit controllers but for the command bits that struct intel_chip names. The
 * contract is netdev.h; the ring's rules are intel.c's. A frame is one or more descriptors, perhaps behind one that
 * holds a checksum context (intel_csum.c); only its last one asks for, and gets, the DD bit.
 */
#include <inc/error.h>
#include <inc/x86.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>

enum { TX_BYTES_MAX = 1518 }; /* a frame with a VLAN tag, without its CRC */

#ifndef EXERCISE_2
static volatile struct intel_tx_desc *tx_next(struct netq *q)
{
	volatile struct intel_tx_desc *ring = q->tx_ring;
	uint32_t i = q->tx_tail++ & (q->tx_size - 1);

	q->tx_ctx[i] = NULL;
	q->tx_descriptors++;
	return &ring[i];
}

static void put_data(struct netq *q, const struct tx_frag *frag, uint32_t command, uint32_t status)
{
	volatile struct intel_tx_desc *d = tx_next(q);

	d->where[0] = frag->pa;
	d->where[1] = 0;
	d->command = command | frag->len;
	d->status = status;
}

/* A frame's length; 0 if it could never be sent, at any time: too long, or too many pieces for the ring. */
static uint32_t frame_length(const struct netq *q, const struct tx_frag *frags, int n)
{
	uint32_t bytes = 0;

	if (n < 1 || n > TX_FRAGS_MAX || n + 1 > q->tx_size - 1)
		return 0;
	for (int i = 0; i < n; i++) {
		if (frags[i].len == 0 || frags[i].len > TX_BYTES_MAX)
			return 0;
		bytes += frags[i].len;
	}
	return bytes <= TX_BYTES_MAX ? bytes : 0;
}

static void put_frame(struct netq *q, const struct tx_frag *frags, int n, uint32_t status)
{
	const struct intel_chip *chip = q->nd->priv;

	for (int i = 0; i < n - 1; i++)
		put_data(q, &frags[i], chip->data, status);
	put_data(q, &frags[n - 1], chip->data | chip->last, status);
}
#endif

/*
 * Queue one frame of `n` pieces: all of it, or nothing, and then nothing at all has changed. netdev.h names the errors
 * of tx_put; of TX_BYTES_MAX bytes at most; a frame that would not fit into an empty ring behind a context could never
 * be sent.
 *
 * - A context, if one is needed (intel_csum.c), takes the first descriptor. The frame's own follow, one a piece, each
 *   with chip->data and the piece's length as command, the last with chip->last besides; all with the same status:
 *   intel_csum_options(), and the frame's whole length where the chip wants it (chip->length_shift).
 * - Indices are free-running: descriptor i of the ring is tx_tail & (tx_size - 1), and one always stays empty.
 * - tx_last[], at the first descriptor of all that were used, is the index (free-running, too) of the frame's last;
 *   tx_ctx[] is `ctx` at that last one, and NULL at all others. tx_descriptors counts them all.
 *
 * The device does not hear of it: intel_tx_flush() tells it.
 */
int intel_tx_put(struct netq *q, const struct tx_frag *frags, int n, const struct tx_offload *off, void *ctx)
{
#ifndef EXERCISE_2
	const struct intel_chip *chip = q->nd->priv;
	uint32_t mask = q->tx_size - 1, first = q->tx_tail;
	uint32_t length = frame_length(q, frags, n);
	bool new_context = intel_csum_needs_context(q, off);

	if (!length)
		return -E_INVAL;
	if (mask - (q->tx_tail - q->tx_head) < (uint32_t)n + new_context)
		return -E_AGAIN;
	if (new_context)
		intel_csum_context(q, tx_next(q), off);
	put_frame(q, frags, n, intel_csum_options(off) | (chip->length_shift ? length << chip->length_shift : 0));
	q->tx_last[first & mask] = q->tx_tail - 1;
	q->tx_ctx[(q->tx_tail - 1) & mask] = ctx;
	return 0;
#else
	/* LAB IX: Your code here. (Exercise 2) */
	(void)q, (void)frags, (void)n, (void)off, (void)ctx;
	return -E_NOT_SUPP;
#endif
}

/*
 * The doorbell: what was put since the last one is the device's from now on. One write of the tail register (q->tx_door)
 * tells it of any number of frames; with nothing new there is none, for it is dear. tx_doorbells counts them. Everything
 * that the device will read must be in memory by then.
 */
void intel_tx_flush(struct netq *q)
{
#ifndef EXERCISE_2
	if (q->tx_flushed == q->tx_tail)
		return;
	compiler_barrier(); /* frames and descriptors are written before TDT, which gives them away */
	mmio_write(q->nd->regs, q->tx_door, q->tx_tail & (q->tx_size - 1));
	q->tx_flushed = q->tx_tail;
	q->tx_doorbells++;
#else
	/* LAB IX: Your code here. (Exercise 2) */
	(void)q;
#endif
}

/*
 * Frames that the device has sent, oldest first: their ctx words to `ctxs`, at most `max`; how many. A frame is done
 * when its last descriptor (tx_last[] of its first) has DD; its memory is the user's again, and tx_head moves behind it.
 * No descriptor beyond tx_tail is looked at; those behind tx_flushed have no DD.
 */
int intel_tx_reap(struct netq *q, void **ctxs, int max)
{
#ifndef EXERCISE_2
	const volatile struct intel_tx_desc *ring = q->tx_ring;
	uint32_t mask = q->tx_size - 1;
	int n;

	for (n = 0; n < max && q->tx_head != q->tx_tail; n++) {
		uint32_t last = q->tx_last[q->tx_head & mask];
		if (!(ring[last & mask].status & INTEL_TXD_DD))
			break;
		compiler_barrier(); /* DD is read before the user writes to the frame's bytes again */
		ctxs[n] = q->tx_ctx[last & mask];
		q->tx_head = last + 1;
	}
	return n;
#else
	/* LAB IX: Your code here. (Exercise 2) */
	(void)q, (void)ctxs, (void)max;
	return 0;
#endif
}
