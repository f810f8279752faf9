/* SPDX-License-Identifier: MIT */
/*
 * Driver of Intel's 82574L Gigabit Ethernet controller: two queue pairs, RSS, checksums both ways, and a message
 * for each queue. The contract is netdev.h; most of it is intel.c's and intel_rx.c's; e1000e_hw.c writes the
 * registers that set a device up. Numbers in brackets are sections of the data sheet that e1000e.h names.
 */
#include <kern/dev/e1000.h>
#include <kern/dev/e1000e.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>

/* The pin has one cause for all queues. */
static uint32_t rx_cause(const struct netq *q)
{
	return q->nd->msix.enabled ? (uint32_t)E1000E_INT_RXQ0 << q->index : (uint32_t)E1000_INT_RX;
}

/*
 * [10.2.4.1] A cause is cleared by writing it: other queues keep theirs. That of frames already taken is cleared
 * first; the user looks at the ring once more after this.
 */
static void e1000e_irq_enable(struct netq *q, bool on)
{
	uint32_t cause = rx_cause(q);

	if (on)
		mmio_write(q->nd->regs, E1000_ICR, cause);
	mmio_write(q->nd->regs, on ? E1000_IMS : E1000_IMC, cause);
}

/* A message is for one queue, and has cleared its cause by itself. */
static bool e1000e_irq_ack(struct netdev *nd)
{
	return nd->msix.enabled || (mmio_read(nd->regs, E1000_ICR) & E1000_INT_RX);
}

static const struct netdev_ops e1000e_ops = {
	.start = intel_start,
	.stop = intel_stop,
	.rx_poll = intel_rx_poll,
	.rx_provide = intel_rx_provide,
	.rx_flush = intel_rx_flush,
	.rx_waiting = intel_rx_waiting,
	.tx_put = intel_tx_put,
	.tx_flush = intel_tx_flush,
	.tx_reap = intel_tx_reap,
	.irq_enable = e1000e_irq_enable,
	.irq_ack = e1000e_irq_ack,
	.irq_route = intel_irq_route,
	.rss_set = intel_rss_set,
};

static const struct intel_chip e1000e_chip = {
	.name = "e1000e",
	.max_queues = E1000E_QUEUES,
	.rss_kinds = RSS_TCP4,
	.rdt = E1000_RDT,
	.tdt = E1000_TDT,
	.stride = E1000E_QUEUE_STRIDE,
	.data = INTEL_TXD_DEXT | E1000_TXD_DATA,
	.last = INTEL_TXD_EOP | INTEL_TXD_IFCS | INTEL_TXD_RS,
	.reta_shift = E1000E_RETA_SHIFT,
	.context = e1000_tx_context,
	.reset = e1000e_reset,
	.read_mac = intel_read_mac,
	.run = e1000e_run,
};

int e1000e_attach(struct pci_func *f) { return intel_attach(f, &e1000e_chip, &e1000e_ops); }
