/* SPDX-License-Identifier: MIT */
/*
 * Receiving as e1000e and igb do it, with checksums looked at and the hash that chose the queue. The contract is
 * netdev.h; the ring's rules are intel.c's. The device writes over the address it was given.
 */
#include <inc/error.h>
#include <inc/x86.h>
#include <kern/dev/intel.h>

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

int intel_rx_poll(struct netq *q, struct rx_frame *frames, int max)
{
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
}

int intel_rx_waiting(struct netq *q)
{
	const volatile struct intel_rx_desc *ring = q->rx_ring;
	uint32_t at = q->rx_head;

	while (at != q->rx_tail && (ring[at & (q->rx_size - 1)].status & INTEL_RXD_DD))
		at++;
	return at - q->rx_head;
}

/* The second half is a header's address, which is not used, and where DD will be. */
int intel_rx_provide(struct netq *q, uint32_t buf, physaddr_t pa)
{
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
}
