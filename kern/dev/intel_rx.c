/* SPDX-License-Identifier: MIT */
/*
 * Receiving: the doorbell of all chips; and frames as e1000e and igb receive them, with checksums looked at and the hash
 * that chose the queue, where the device writes over the address it was given. e1000.c has the older format. The
 * contract is netdev.h; the ring's rules are intel.c's.
 */
#include <inc/error.h>
#include <inc/x86.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>

/*
 * The doorbell: buffers provided since the last one are the device's from now on, by one write of the tail register
 * (q->rx_door). With nothing new there is none. rx_doorbells counts them. Their descriptors must be in memory by then.
 */
void intel_rx_flush(struct netq *q)
{
#ifndef EXERCISE_3
	if (q->rx_flushed == q->rx_tail)
		return;
	compiler_barrier(); /* descriptors are written before RDT, which gives them to the device */
	mmio_write(q->nd->regs, q->rx_door, q->rx_tail & (q->rx_size - 1));
	q->rx_flushed = q->rx_tail;
	q->rx_doorbells++;
#else
	/* LAB IX: Your code here. (Exercise 3) */
	(void)q;
#endif
}

#ifndef EXERCISE_3
/* What the device found out about a frame that lies in one buffer. */
static uint16_t findings(uint32_t status, uint32_t kind)
{
	bool checked = (status & (INTEL_RXD_L4CS | INTEL_RXD_IXSM)) == INTEL_RXD_L4CS;
	bool wrong = status & (INTEL_RXD_L4E | INTEL_RXD_IPE);

	return (checked && !wrong ? RX_CSUM_OK : 0) | (kind & INTEL_RXD_KIND ? RX_HASH : 0);
}

/*
 * A frame longer than a buffer fills several; only the last has EOP. None of them is of use, but each
 * goes back to the user, marked. rx_spans remembers from one descriptor to the next that a frame goes on.
 */
static void take(struct netq *q, const volatile struct intel_rx_desc *d, uint32_t buf, struct rx_frame *frame)
{
	uint32_t status = d->status;
	bool ends = status & INTEL_RXD_EOP;
	bool bad = !ends || q->rx_spans || (status & INTEL_RXD_RXE);

	q->rx_spans = !ends;
	frame->buf = buf;
	frame->len = d->length;
	frame->hash = d->hash;
	frame->flags = bad ? RX_ERROR : findings(status, d->kind);
}
#endif

/*
 * Frames that have come, oldest first, at most `max`; how many. A descriptor is the driver's again when it has
 * INTEL_RXD_DD. A frame's buf is the number that this descriptor was provided with; hash and length are the device's.
 * Flags: RX_ERROR alone for what is damaged, or longer than a buffer, in which case each of its buffers is handed back so
 * (rx_spans); else RX_CSUM_OK if the device has looked at TCP's or UDP's checksum and found neither it nor IP's
 * wrong, and RX_HASH if it has hashed anything.
 */
int intel_rx_poll(struct netq *q, struct rx_frame *frames, int max)
{
#ifndef EXERCISE_3
	volatile struct intel_rx_desc *ring = q->rx_ring;
	int n;

	for (n = 0; n < max && q->rx_head != q->rx_tail; n++, q->rx_head++) {
		uint32_t i = q->rx_head & (q->rx_size - 1);
		if (!(ring[i].status & INTEL_RXD_DD))
			break;
		compiler_barrier(); /* DD is read before the rest, and the frame, that it vouches for */
		take(q, &ring[i], q->rx_buf[i], &frames[n]);
	}
	return n;
#else
	/* LAB IX: Your code here. (Exercise 3) */
	(void)q, (void)frames, (void)max;
	return 0;
#endif
}

/* How many frames have come that rx_poll has not taken yet. Nothing changes. */
int intel_rx_waiting(struct netq *q)
{
#ifndef EXERCISE_3
	const volatile struct intel_rx_desc *ring = q->rx_ring;
	uint32_t at = q->rx_head;

	while (at != q->rx_tail && (ring[at & (q->rx_size - 1)].status & INTEL_RXD_DD))
		at++;
	return at - q->rx_head;
#else
	/* LAB IX: Your code here. (Exercise 3) */
	(void)q;
	return 0;
#endif
}

/*
 * One more buffer, at the ring's tail; -E_AGAIN: it is full, with one descriptor left empty. The first half is the
 * address; the second is a header's address, which is not used, and where DD will be: all 0. The device does not hear
 * of it before intel_rx_flush().
 */
int intel_rx_provide(struct netq *q, uint32_t buf, physaddr_t pa)
{
#ifndef EXERCISE_3
	volatile struct intel_rx_desc *ring = q->rx_ring;
	uint32_t i = q->rx_tail & (q->rx_size - 1);

	if (q->rx_tail - q->rx_head == q->rx_size - 1u)
		return -E_AGAIN;
	ring[i].addr = pa;
	ring[i].status = 0;
	ring[i].length = 0;
	ring[i].vlan = 0;
	q->rx_buf[i] = buf;
	q->rx_tail++;
	return 0;
#else
	/* LAB IX: Your code here. (Exercise 3) */
	(void)q, (void)buf, (void)pa;
	return -E_NOT_SUPP;
#endif
}
