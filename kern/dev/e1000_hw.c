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

/* [14.3] The link is as the PHY negotiates it. */
static void general_init(volatile uint32_t *regs)
{
	mmio_write(regs, E1000_CTRL, E1000_CTRL_SLU | E1000_CTRL_ASDE);
}

/* [14.5] */
static void tx_init(volatile uint32_t *regs, const struct netq *q)
{
	mmio_write(regs, E1000_TDBAL, PADDR(q->tx_ring));
	mmio_write(regs, E1000_TDBAH, 0);
	mmio_write(regs, E1000_TDLEN, q->tx_size * E1000_DESC_SIZE);
	mmio_write(regs, E1000_TDH, 0);
	mmio_write(regs, E1000_TDT, 0);
	mmio_write(regs, E1000_TIPG, E1000_TIPG_USUAL);
	mmio_write(regs, E1000_TCTL,
		   E1000_TCTL_EN | E1000_TCTL_PSP | E1000_TCTL_CT_USUAL | E1000_TCTL_COLD_FULL);
}

/* [14.4] RCTL is written once: QEMU delivers nothing for a second after each time. */
static void rx_init(volatile uint32_t *regs, const struct netq *q)
{
	mmio_write(regs, E1000_ITR, 0);
	mmio_write(regs, E1000_RDTR, 0);
	mmio_write(regs, E1000_RDBAL, PADDR(q->rx_ring));
	mmio_write(regs, E1000_RDBAH, 0);
	mmio_write(regs, E1000_RDLEN, q->rx_size * E1000_DESC_SIZE);
	mmio_write(regs, E1000_RDH, 0);
	mmio_write(regs, E1000_RDT, 0);
	mmio_write(regs, E1000_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC);
}

void e1000_run(struct netdev *nd)
{
	general_init(nd->regs);
	tx_init(nd->regs, &nd->q[0]);
	intel_filter(nd->regs, nd->mac); /* [14.4] */
	rx_init(nd->regs, &nd->q[0]);
}

/* Both units are told to end before the reset, which by itself does nothing in QEMU. */
void e1000_quiet(struct netdev *nd)
{
	mmio_write(nd->regs, E1000_RCTL, 0);
	mmio_write(nd->regs, E1000_TCTL, 0);
	e1000_reset(nd->regs);
}
