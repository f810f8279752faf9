/* SPDX-License-Identifier: MIT */
/*
 * Intel 82576, the registers: what is written to them when a device is reset, started and stopped, in the order and
 * by the sections (in brackets) of the data sheet that igb.h names. Called by igb.c only.
 */
#include <kern/dev/e1000.h>
#include <kern/dev/igb.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>
#include <kern/dev/toeplitz.h>
#include <kern/pmap.h>

static void mask_interrupts(volatile uint32_t *regs)
{
	mmio_write(regs, IGB_IMC, 0xFFFFFFFF);
	mmio_write(regs, IGB_EIMC, 0xFFFFFFFF);
	mmio_read(regs, IGB_ICR);
}

/* [4.3.1, 8.2.1] All DMA ends and interrupts are off. The address comes back from the device's memory. */
bool igb_reset(volatile uint32_t *regs)
{
	mask_interrupts(regs);
	bool done = intel_reset(regs);
	mask_interrupts(regs);
	mmio_write(regs, IGB_GPIE, 0); /* the message mode does not outlive it */
	return done;
}

/* [4.5.7] The link is down until the PHY has negotiated; that takes a while, for which nobody waits here. */
static void link_init(volatile uint32_t *regs)
{
	mmio_write(regs, E1000_CTRL, E1000_CTRL_SLU | E1000_CTRL_ASDE);
	mmio_write(regs, IGB_MDIC, IGB_MDIC_RENEGOTIATE);
	intel_wait(regs, IGB_MDIC, IGB_MDIC_READY, IGB_MDIC_READY);
}

/* [7.3.2, 8.8.15] Receive queue n has message n, which clears its cause, and is not throttled. */
static void messages_init(volatile uint32_t *regs, int nqueues)
{
	mmio_write(regs, IGB_EIAC, (1 << nqueues) - 1);
	for (int i = 0; i < nqueues; i++) {
		mmio_write(regs, IGB_IVAR + 4 * i, IGB_IVAR_VALID | i);
		mmio_write(regs, IGB_EITR + 4 * i, 0);
	}
}

/* [4.5.10] */
static void tx_init(volatile uint32_t *regs, const struct netq *q)
{
	uint32_t own = q->index * IGB_QUEUE_STRIDE;

	intel_ring_init(regs, IGB_TDBAL + own, q->tx_ring, q->tx_size);
	mmio_write(regs, IGB_TXDCTL + own, IGB_DCTL_ENABLE);
	intel_wait(regs, IGB_TXDCTL + own, IGB_DCTL_ENABLE, IGB_DCTL_ENABLE);
}

/* [4.5.9] With one queue, there is no other that a full ring could hold up: then frames wait where they are. */
static void rx_init(volatile uint32_t *regs, const struct netq *q)
{
	uint32_t own = q->index * IGB_QUEUE_STRIDE;
	uint32_t drop = q->nd->nqueues > 1 ? (uint32_t)IGB_SRRCTL_DROP : 0;

	intel_ring_init(regs, IGB_RDBAL + own, q->rx_ring, q->rx_size);
	mmio_write(regs, IGB_SRRCTL + own, IGB_SRRCTL_2K | IGB_SRRCTL_ONE | drop);
	mmio_write(regs, IGB_RXDCTL + own, IGB_DCTL_ENABLE);
	intel_wait(regs, IGB_RXDCTL + own, IGB_DCTL_ENABLE, IGB_DCTL_ENABLE);
}

/* [7.1.2.7] One queue needs no hash. */
static void spread_init(volatile uint32_t *regs, int nqueues)
{
	static const uint8_t all_to_queue_0[RSS_TABLE_SIZE];

	intel_rss_write(regs, toeplitz_key, all_to_queue_0, 0);
	mmio_write(regs, IGB_RXCSUM, IGB_RXCSUM_IP | IGB_RXCSUM_TCPUDP | IGB_RXCSUM_PCSD);
	mmio_write(regs, IGB_MRQC, nqueues > 1 ? IGB_MRQC_RSS | IGB_MRQC_TCP4 | IGB_MRQC_UDP4 : 0);
}

void igb_run(struct netdev *nd)
{
	volatile uint32_t *regs = nd->regs;

	link_init(regs);
	messages_init(regs, nd->nqueues);
	intel_filter(regs, nd->mac);
	spread_init(regs, nd->nqueues);
	intel_enable(regs);
	for (int i = 0; i < nd->nqueues; i++) {
		tx_init(regs, &nd->q[i]);
		rx_init(regs, &nd->q[i]);
	}
}
