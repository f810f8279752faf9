/* SPDX-License-Identifier: MIT */
/*
 * Checksums of frames to send, which the device computes. What it must know stands in two places: where a checksum
 * begins and where it goes, in a context descriptor, which holds for all frames behind it; and which checksums a frame
 * wants, in its data descriptors. Frames of one kind follow one another, so contexts are seldom written: q->tx_offload
 * remembers the last one, and a start forgets it, as the device's reset does. Called by intel_tx.c only.
 */
#include <kern/dev/intel.h>

#ifndef EXERCISE_4
/* What tells one checksum context from another, in one word; 0 for a frame that needs none. */
static uint32_t context_key(const struct tx_offload *off)
{
	if (!off || !off->flags)
		return 0;
	return 1 << 24 | (off->flags & (TX_CSUM_TCP | TX_CSUM_UDP)) << 16 | off->l3_len << 8 | off->l2_len;
}
#endif

/*
 * Must a context be written before a frame with this offload? Not if it wants no checksum (`off` may be NULL), nor if
 * the last context written says the same: the same lengths, and the same one of TCP and UDP. Changes nothing.
 */
bool intel_csum_needs_context(const struct netq *q, const struct tx_offload *off)
{
#ifndef EXERCISE_4
	uint32_t key = context_key(off);

	return key && key != q->tx_offload;
#else
	/* LAB IX: Your code here. (Exercise 4) */
	(void)q, (void)off;
	return false;
#endif
}

/* Write this offload's context, in the chip's own format, to descriptor `d`, and remember it in q->tx_offload. */
void intel_csum_context(struct netq *q, volatile struct intel_tx_desc *d, const struct tx_offload *off)
{
#ifndef EXERCISE_4
	const struct intel_chip *chip = q->nd->priv;

	chip->context(d, off);
	q->tx_offload = context_key(off);
#else
	/* LAB IX: Your code here. (Exercise 4) */
	(void)q, (void)d, (void)off;
#endif
}

/* What a data descriptor's status says of it: INTEL_TXD_IXSM for the IP checksum, INTEL_TXD_TXSM for TCP's or UDP's. */
uint32_t intel_csum_options(const struct tx_offload *off)
{
#ifndef EXERCISE_4
	if (!off)
		return 0;
	return (off->flags & TX_CSUM_IP ? INTEL_TXD_IXSM : 0) |
	       (off->flags & (TX_CSUM_TCP | TX_CSUM_UDP) ? INTEL_TXD_TXSM : 0);
#else
	/* LAB IX: Your code here. (Exercise 4) */
	(void)off;
	return 0;
#endif
}
