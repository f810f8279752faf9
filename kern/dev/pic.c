/* SPDX-License-Identifier: MIT */
/*
 * The two 8259A interrupt controllers. The IOAPIC does their work here, so they are programmed once, at
 * boot, to keep silent. Masking is not enough: a request that goes away while it is acknowledged still
 * arrives as input 7, and would look like a processor exception at the vectors that the BIOS left.
 */
#include <inc/trap.h>
#include <inc/x86.h>
#include <kern/dev/lapic.h>

enum {
	MASTER = 0x20,     /* command port; data port is the next one */
	SLAVE = 0xA0,
	SLAVE_INPUT = 2,   /* where the slave hangs on the master */
	ICW1_INIT = 0x11,  /* cascaded, edge triggered, four words follow */
	ICW4_8086 = 0x01,
	MASK_ALL = 0xFF,
};

static void init_and_mask(int port, uint8_t first_vector, uint8_t cascade)
{
	outb(port, ICW1_INIT);
	outb(port + 1, first_vector);
	outb(port + 1, cascade);
	outb(port + 1, ICW4_8086);
	outb(port + 1, MASK_ALL);
}

void pic_disable(void)
{
	init_and_mask(MASTER, IRQ_OFFSET, 1 << SLAVE_INPUT);
	init_and_mask(SLAVE, IRQ_OFFSET + 8, SLAVE_INPUT);
}
