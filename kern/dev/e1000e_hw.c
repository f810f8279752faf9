/* SPDX-License-Identifier: MIT */
/*
 * Intel 82574L, the registers: what is written to them when a device is reset, started and stopped, in the order and
 * by the sections (in brackets) of the data sheet that e1000e.h names. Called by e1000e.c only.
 */
#include <kern/dev/e1000.h>
#include <kern/dev/e1000e.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>
#include <kern/dev/toeplitz.h>
#include <kern/pmap.h>

/* [4.6.1, 10.2.2.1] All DMA ends and interrupts are off. The address comes back from the device's memory. */
bool e1000e_reset(volatile uint32_t *regs)
{
	mmio_write(regs, E1000_IMC, 0xFFFFFFFF);
	bool done = intel_reset(regs);
	mmio_write(regs, E1000_IMC, 0xFFFFFFFF);
	mmio_read(regs, E1000_ICR);
	return done;
}

/* [4.6.3, 7.4] A message clears its cause; no throttling. */
static void general_init(volatile uint32_t *regs)
{
	mmio_write(regs, E1000_CTRL, E1000_CTRL_SLU | E1000_CTRL_ASDE);
	mmio_write(regs, E1000E_IVAR, E1000E_IVAR_RX0 | E1000E_IVAR_RX1);
	mmio_write(regs, E1000E_EIAC, E1000E_INT_RXQ0 | E1000E_INT_RXQ0 << 1);
	mmio_write(regs, E1000_ITR, 0);
	for (uint32_t i = 0; i < E1000E_QUEUES; i++)
		mmio_write(regs, E1000E_EITR + 4 * i, 0);
}

/* [4.6.6] */
static void tx_init(volatile uint32_t *regs, const struct netq *q)
{
	uint32_t own = q->index * E1000E_QUEUE_STRIDE;

	intel_ring_init(regs, E1000_TDBAL + own, q->tx_ring, q->tx_size);
	mmio_write(regs, E1000E_TXDCTL + own, E1000E_TXDCTL_ALWAYS);
}

/* [4.6.5] */
static void rx_init(volatile uint32_t *regs, const struct netq *q)
{
	intel_ring_init(regs, E1000_RDBAL + q->index * E1000E_QUEUE_STRIDE, q->rx_ring, q->rx_size);
}

/* [4.6.5.1, 7.1.11] One queue needs no hash. */
static void spread_init(volatile uint32_t *regs, int nqueues)
{
	static const uint8_t all_to_queue_0[RSS_TABLE_SIZE];

	intel_rss_write(regs, toeplitz_key, all_to_queue_0, 0);
	mmio_write(regs, E1000E_RXCSUM, E1000E_RXCSUM_IP | E1000E_RXCSUM_TCPUDP | E1000E_RXCSUM_PCSD);
	mmio_write(regs, E1000E_RFCTL, E1000E_RFCTL_EXTEN);
	mmio_write(regs, E1000E_MRQC, nqueues > 1 ? E1000E_MRQC_RSS | E1000E_MRQC_TCP4 : 0);
}

void e1000e_run(struct netdev *nd)
{
	volatile uint32_t *regs = nd->regs;

	general_init(regs);
	intel_filter(regs, nd->mac);
	spread_init(regs, nd->nqueues);
	for (int i = 0; i < nd->nqueues; i++) {
		tx_init(regs, &nd->q[i]);
		rx_init(regs, &nd->q[i]);
	}
	mmio_write(regs, E1000_TIPG, E1000_TIPG_USUAL);
	intel_enable(regs);
}
