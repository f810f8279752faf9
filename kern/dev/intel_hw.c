/* SPDX-License-Identifier: MIT */
/*
 * Registers that are the same in all of Intel's gigabit controllers. Called by the drivers only; each names the
 * sections of its own chip's manual.
 */
#include <inc/x86.h>
#include <kern/clock.h>
#include <kern/dev/e1000.h>
#include <kern/dev/intel.h>
#include <kern/dev/mmio.h>
#include <kern/pmap.h>

enum {
	SETTLE_US = 5,   /* the device is not to be touched right after the reset bit was set */
	WAIT_US = 10000, /* more than a reset or a word of its memory takes */

	REG_RETA = 0x5C00,  /* which queue: a byte for each value of the hash's low bits */
	REG_RSSRK = 0x5C80, /* the hash's key */
};

/* Wait until the bits `mask` of a register read `want`. */
bool intel_wait(volatile uint32_t *regs, uint32_t reg, uint32_t mask, uint32_t want)
{
	uint64_t deadline = clock_us() + WAIT_US;

	while ((mmio_read(regs, reg) & mask) != want) {
		if (clock_us() > deadline)
			return false;
		cpu_relax();
	}
	return true;
}

static void settle(void)
{
	uint64_t start = clock_us();

	while (clock_us() - start < SETTLE_US)
		cpu_relax();
}

bool intel_reset(volatile uint32_t *regs)
{
	mmio_write(regs, E1000_CTRL, E1000_CTRL_RST);
	settle();
	return intel_wait(regs, E1000_CTRL, E1000_CTRL_RST, 0);
}

bool intel_read_mac(volatile uint32_t *regs, uint8_t *mac)
{
	uint32_t low = mmio_read(regs, E1000_RAL), high = mmio_read(regs, E1000_RAH);

	for (int i = 0; i < 6; i++)
		mac[i] = i < 4 ? low >> 8 * i : high >> 8 * (i - 4);
	return true;
}

/* Both units are told to end before the reset, which by itself does nothing in QEMU's e1000. */
void intel_quiet(struct netdev *nd)
{
	const struct intel_chip *chip = nd->priv;

	mmio_write(nd->regs, E1000_RCTL, 0);
	mmio_write(nd->regs, E1000_TCTL, 0);
	chip->reset(nd->regs);
}

/*
 * Which frames to take: those to `mac`, byte 0 of which goes over the wire first and is RAL's lowest, and broadcasts.
 * RAH holds the last two bytes, and the bit that makes the pair count. No multicast: the table MTA is all zero, which
 * it is not by itself. [14.4, 13.5.1 to 13.5.3]
 */
void intel_filter(volatile uint32_t *regs, const uint8_t *mac)
{
#ifndef EXERCISE_1
	mmio_write(regs, E1000_RAL, mac[0] | mac[1] << 8 | mac[2] << 16 | (uint32_t)mac[3] << 24);
	mmio_write(regs, E1000_RAH, mac[4] | mac[5] << 8 | E1000_RAH_AV);
	for (uint32_t off = 0; off < E1000_MTA_SIZE; off += 4)
		mmio_write(regs, E1000_MTA + off, 0);
#else
	/* LAB IX: Your code here. (Exercise 1) */
	(void)regs, (void)mac;
#endif
}

/*
 * Tell the device of an empty ring of `size` descriptors (intel.h: INTEL_DESC_SIZE bytes each) at the kernel's address
 * `ring`. `base` is the register for the low half of the ring's physical address: E1000_RDBAL or E1000_TDBAL, or the one
 * in the same place of another queue or chip. What else describes a ring stands at fixed distances behind it, as
 * e1000.h lists them: the address's high half, the length in bytes, head and tail. Both units are still off.
 * [13.4.25 to 13.4.29, 13.4.36 to 13.4.40]
 */
void intel_ring_init(volatile uint32_t *regs, uint32_t base, const void *ring, uint32_t size)
{
#ifndef EXERCISE_1
	mmio_write(regs, base, PADDR(ring));
	mmio_write(regs, base + (E1000_RDBAH - E1000_RDBAL), 0);
	mmio_write(regs, base + (E1000_RDLEN - E1000_RDBAL), size * INTEL_DESC_SIZE);
	mmio_write(regs, base + (E1000_RDH - E1000_RDBAL), 0);
	mmio_write(regs, base + (E1000_RDT - E1000_RDBAL), 0);
#else
	/* LAB IX: Your code here. (Exercise 1) */
	(void)regs, (void)base, (void)ring, (void)size;
#endif
}

/*
 * Turn both units on: the transmitter first, which pads short frames and takes the usual collision values for full
 * duplex [13.4.33]; then the receiver, for buffers of 2048 bytes, broadcasts included, the CRC stripped [13.4.22]. RCTL is
 * written once, with all of its bits: QEMU delivers nothing for a second after each time.
 */
void intel_enable(volatile uint32_t *regs)
{
#ifndef EXERCISE_1
	mmio_write(regs, E1000_TCTL,
		   E1000_TCTL_EN | E1000_TCTL_PSP | E1000_TCTL_CT_USUAL | E1000_TCTL_COLD_FULL);
	mmio_write(regs, E1000_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC);
#else
	/* LAB IX: Your code here. (Exercise 1) */
	(void)regs;
#endif
}

#ifndef EXERCISE_16
static uint32_t four_bytes(const uint8_t *p, int shift)
{
	uint32_t word = 0;

	for (int i = 0; i < 4; i++)
		word |= (uint32_t)(p[i] << shift & 0xFF) << 8 * i;
	return word;
}
#endif

/*
 * The key (RSS_KEY_SIZE bytes; NULL: it stays) and the table (RSS_TABLE_SIZE entries, each a queue's number) to the
 * registers from REG_RSSRK and REG_RETA on: four bytes in each, the first the lowest. A table's byte is its entry, shifted left
 * by entry_shift, which differs from chip to chip.
 */
void intel_rss_write(volatile uint32_t *regs, const uint8_t *key, const uint8_t *table, int entry_shift)
{
#ifndef EXERCISE_16
	for (uint32_t i = 0; key && i < RSS_KEY_SIZE; i += 4)
		mmio_write(regs, REG_RSSRK + i, four_bytes(key + i, 0));
	for (uint32_t i = 0; i < RSS_TABLE_SIZE; i += 4)
		mmio_write(regs, REG_RETA + i, four_bytes(table + i, entry_shift));
#else
	/* LAB IX: Your code here. (Exercise 16) */
	(void)regs, (void)key, (void)table, (void)entry_shift;
#endif
}
