/* SPDX-License-Identifier: MIT */
/*
 * Driver of Intel's 8254x Gigabit Ethernet controllers: one queue pair, and transmit checksums. The contract
 * is netdev.h; intel.c has the rings' rules, and all that its relatives share; e1000_hw.c writes the registers
 * that set a device up. Numbers in brackets are sections of the manual that e1000.h names.
 */
#include <inc/error.h>
#include <inc/x86.h>
#include <kern/dev/e1000.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>

#ifndef EXERCISE_3
/*
 * A frame longer than a buffer fills several; only the last has EOP. None of them is of use, but each
 * goes back to the user, marked. rx_spans remembers from one descriptor to the next that a frame goes on.
 */
static void take(struct netq *q, const volatile struct e1000_rx_desc *d, uint32_t buf, struct rx_frame *frame)
{
	bool ends = d->status & E1000_RXD_EOP;
	bool bad = !ends || q->rx_spans || (d->errors & E1000_RXD_BAD);

	q->rx_spans = !ends;
	*frame = (struct rx_frame){ .buf = buf, .len = d->length, .flags = bad ? RX_ERROR : 0 };
}
#endif

/*
 * As intel_rx_poll() in intel_rx.c, whose contract says it all; but by struct e1000_rx_desc: no hash, no word on checksums,
 * and E1000_RXD_BAD are the errors that count. [3.2.3]
 */
static int e1000_rx_poll(struct netq *q, struct rx_frame *frames, int max)
{
#ifndef EXERCISE_3
	volatile struct e1000_rx_desc *ring = q->rx_ring;
	int n;

	for (n = 0; n < max && q->rx_head != q->rx_tail; n++, q->rx_head++) {
		uint32_t i = q->rx_head & (q->rx_size - 1);
		if (!(ring[i].status & E1000_RXD_DD))
			break;
		compiler_barrier(); /* DD is read before the length and the frame that it vouches for */
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
static int e1000_rx_waiting(struct netq *q)
{
#ifndef EXERCISE_3
	const volatile struct e1000_rx_desc *ring = q->rx_ring;
	uint32_t at = q->rx_head;

	while (at != q->rx_tail && (ring[at & (q->rx_size - 1)].status & E1000_RXD_DD))
		at++;
	return at - q->rx_head;
#else
	/* LAB IX: Your code here. (Exercise 3) */
	(void)q;
	return 0;
#endif
}

/* As intel_rx_provide(). What the device writes is all but the address; DD is in `status`. */
static int e1000_rx_provide(struct netq *q, uint32_t buf, physaddr_t pa)
{
#ifndef EXERCISE_3
	volatile struct e1000_rx_desc *ring = q->rx_ring;
	uint32_t i = q->rx_tail & (q->rx_size - 1);

	if (q->rx_tail - q->rx_head == q->rx_size - 1u)
		return -E_AGAIN;
	ring[i].addr = pa;
	ring[i].status = 0;
	q->rx_buf[i] = buf;
	q->rx_tail++;
	return 0;
#else
	/* LAB IX: Your code here. (Exercise 3) */
	(void)q, (void)buf, (void)pa;
	return -E_NOT_SUPP;
#endif
}

/*
 * [3.3.6] Where checksums start, where they go, and where they end: IP's with its header, TCP's and UDP's with the frame,
 * which is written as 0. Offsets count from the frame's first byte; a last byte is named by its own offset. The field
 * lies 10 bytes into an IP header, 16 into TCP's, 6 into UDP's. e1000.h draws the descriptor.
 */
void e1000_tx_context(volatile struct intel_tx_desc *d, const struct tx_offload *off)
{
#ifndef EXERCISE_4
	uint32_t ip = off->l2_len, payload = ip + off->l3_len;
	uint32_t ip_field = ip + 10, payload_field = payload + (off->flags & TX_CSUM_UDP ? 6 : 16);

	d->where[0] = (payload - 1) << 16 | ip_field << 8 | ip;
	d->where[1] = payload_field << 8 | payload;
	d->command = INTEL_TXD_DEXT | E1000_TXD_CONTEXT;
	d->status = 0;
#else
	/* LAB IX: Your code here. (Exercise 4) */
	(void)d, (void)off;
#endif
}

/* Causes of frames already taken are cleared first; the user looks at the ring once more after this. */
static void e1000_irq_enable(struct netq *q, bool on)
{
	if (on)
		mmio_read(q->nd->regs, E1000_ICR);
	mmio_write(q->nd->regs, on ? E1000_IMS : E1000_IMC, E1000_INT_RX);
}

/* [13.4.17] Reading clears. */
static bool e1000_irq_ack(struct netdev *nd)
{
	return mmio_read(nd->regs, E1000_ICR) & E1000_INT_RX;
}

static const struct netdev_ops e1000_ops = {
	.start = intel_start,
	.stop = intel_stop,
	.rx_poll = e1000_rx_poll,
	.rx_provide = e1000_rx_provide,
	.rx_flush = intel_rx_flush,
	.rx_waiting = e1000_rx_waiting,
	.tx_put = intel_tx_put,
	.tx_flush = intel_tx_flush,
	.tx_reap = intel_tx_reap,
	.irq_enable = e1000_irq_enable,
	.irq_ack = e1000_irq_ack,
	.irq_route = intel_irq_route,
	.rss_set = intel_rss_set,
};

static const struct intel_chip e1000_chip = {
	.name = "e1000",
	.max_queues = 1,
	.rdt = E1000_RDT,
	.tdt = E1000_TDT,
	.data = INTEL_TXD_DEXT | E1000_TXD_DATA,
	.last = INTEL_TXD_EOP | INTEL_TXD_IFCS | INTEL_TXD_RS,
	.context = e1000_tx_context,
	.reset = e1000_reset,
	.read_mac = e1000_read_mac,
	.run = e1000_run,
};

int e1000_attach(struct pci_func *f) { return intel_attach(f, &e1000_chip, &e1000_ops); }
