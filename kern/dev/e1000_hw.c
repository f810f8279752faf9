/* SPDX-License-Identifier: MIT */
/*
 * Intel 8254x, the registers: what is written to them when a device is reset, started and stopped, in the
 * order and by the sections (in brackets) of the manual that e1000.h names. Called by e1000.c only.
 */
#include <kern/dev/e1000.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>
#include <kern/pmap.h>

/* [14.7, 13.4.1] All DMA ends and interrupts are off. A real device forgets its settings, too. */
bool e1000_reset(volatile uint32_t *regs)
{
	mmio_write(regs, E1000_IMC, 0xFFFFFFFF);
	bool done = intel_reset(regs);
	mmio_write(regs, E1000_IMC, 0xFFFFFFFF);
	mmio_read(regs, E1000_ICR);
	return done;
}

/* [5.6.1, 13.4.4] Words 0 to 2 of the EEPROM, low byte first. */
bool e1000_read_mac(volatile uint32_t *regs, uint8_t *mac)
{
	for (uint32_t word = 0; word < 3; word++) {
		mmio_write(regs, E1000_EERD, word << E1000_EERD_ADDR_SHIFT | E1000_EERD_START);
		if (!intel_wait(regs, E1000_EERD, E1000_EERD_DONE, E1000_EERD_DONE))
			return false;
		uint32_t data = mmio_read(regs, E1000_EERD) >> E1000_EERD_DATA_SHIFT;
		mac[2 * word] = data & 0xFF;
		mac[2 * word + 1] = data >> 8;
	}
	return true;
}

/* [14.3] The link is as the PHY negotiates it; interrupts are not delayed. */
static void general_init(volatile uint32_t *regs)
{
	mmio_write(regs, E1000_CTRL, E1000_CTRL_SLU | E1000_CTRL_ASDE);
	mmio_write(regs, E1000_ITR, 0);
	mmio_write(regs, E1000_RDTR, 0);
}

/* [14.4, 14.5] */
void e1000_run(struct netdev *nd)
{
	volatile uint32_t *regs = nd->regs;
	const struct netq *q = &nd->q[0];

	general_init(regs);
	intel_filter(regs, nd->mac);
	intel_ring_init(regs, E1000_TDBAL, q->tx_ring, q->tx_size);
	intel_ring_init(regs, E1000_RDBAL, q->rx_ring, q->rx_size);
	mmio_write(regs, E1000_TIPG, E1000_TIPG_USUAL);
	intel_enable(regs);
}
