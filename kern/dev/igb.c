/* SPDX-License-Identifier: MIT */
/*
 * Driver of Intel's 82576 Gigabit Ethernet controller: up to eight queue pairs, RSS, checksums both ways, and a
 * message for each queue. The contract is netdev.h; most of it is intel.c's and intel_rx.c's; igb_hw.c writes the
 * registers that set a device up. Numbers in brackets are sections of the data sheet that igb.h names.
 */
#include <kern/dev/igb.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>

/* [7.2.2.2] The device finds the checksums' places by itself, from the headers' lengths and kinds. */
static void igb_tx_context(volatile struct intel_tx_desc *d, const struct tx_offload *off)
{
	d->where[0] = off->l2_len << IGB_CONTEXT_L2_SHIFT | off->l3_len;
	d->where[1] = 0;
	d->command = INTEL_TXD_DEXT | IGB_TXD_CONTEXT | IGB_CONTEXT_IP4 |
		     (off->flags & TX_CSUM_TCP ? IGB_CONTEXT_TCP : 0);
	d->status = 0;
}

/*
 * The pin has one cause for all queues, messages one for each. That of frames already taken is cleared first; the
 * user looks at the ring once more after this.
 */
static void igb_irq_enable(struct netq *q, bool on)
{
	volatile uint32_t *regs = q->nd->regs;
	bool messages = q->nd->msix.enabled;
	uint32_t cause = messages ? 1u << q->index : (uint32_t)IGB_INT_RXDW;

	if (on)
		mmio_write(regs, messages ? IGB_EICR : IGB_ICR, cause);
	if (messages)
		mmio_write(regs, on ? IGB_EIMS : IGB_EIMC, cause);
	else
		mmio_write(regs, on ? IGB_IMS : IGB_IMC, cause);
}

/* [8.8.8] Reading clears. A message is for one queue, and has cleared its cause by itself. */
static bool igb_irq_ack(struct netdev *nd)
{
	return nd->msix.enabled || (mmio_read(nd->regs, IGB_ICR) & IGB_INT_RXDW);
}

/* [7.3.2] The first message that is routed turns the mode on, which only messages need. */
static int igb_irq_route(struct netq *q, int irq, uint8_t apicid)
{
	int r = intel_irq_route(q, irq, apicid);

	if (r == 0)
		mmio_write(q->nd->regs, IGB_GPIE, IGB_GPIE_MSIX | IGB_GPIE_CLEAR);
	return r;
}

static const struct netdev_ops igb_ops = {
	.start = intel_start,
	.stop = intel_stop,
	.rx_poll = intel_rx_poll,
	.rx_provide = intel_rx_provide,
	.rx_flush = intel_rx_flush,
	.rx_waiting = intel_rx_waiting,
	.tx_put = intel_tx_put,
	.tx_flush = intel_tx_flush,
	.tx_reap = intel_tx_reap,
	.irq_enable = igb_irq_enable,
	.irq_ack = igb_irq_ack,
	.irq_route = igb_irq_route,
	.rss_set = intel_rss_set,
};

static const struct intel_chip igb_chip = {
	.name = "igb",
	.max_queues = IGB_QUEUES,
	.rss_kinds = RSS_TCP4 | RSS_UDP4,
	.rdt = IGB_RDT,
	.tdt = IGB_TDT,
	.stride = IGB_QUEUE_STRIDE,
	.data = INTEL_TXD_DEXT | IGB_TXD_DATA | INTEL_TXD_IFCS,
	.last = INTEL_TXD_EOP | INTEL_TXD_RS,
	.length_shift = IGB_TXD_LENGTH_SHIFT,
	.context = igb_tx_context,
	.reset = igb_reset,
	.read_mac = intel_read_mac,
	.run = igb_run,
};

int igb_attach(struct pci_func *f) { return intel_attach(f, &igb_chip, &igb_ops); }
