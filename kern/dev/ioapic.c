/* SPDX-License-Identifier: MIT */
/*
 * The IOAPIC (82093AA data sheet) hands each device's interrupt pin to one CPU. Pin n raises trap
 * IRQ_OFFSET + n. ISA interrupts keep their numbers as pins, but for the PIT, which nobody uses here.
 * Called at boot and, by drivers' users, with the big lock.
 */
#include <inc/stdio.h>
#include <inc/trap.h>
#include <kern/dev/lapic.h>
#include <kern/dev/mmio.h>
#include <kern/pmap.h>

enum {
	SELECT = 0x00,            /* which register the window shows */
	WINDOW = 0x10,

	REG_VERSION = 0x01,       /* bits 16-23: the last pin */
	REG_PIN = 0x10,           /* two registers for each pin: 3.2.4, I/O redirection table */

	PIN_MASKED = 1 << 16,
	PIN_LEVEL = 1 << 15,      /* else edge; bits 11 and 13 clear: to one CPU, active high */
};

static volatile uint32_t *ioapic;
static int npins;

static uint32_t reg_read(uint32_t reg)
{
	mmio_write(ioapic, SELECT, reg);
	return mmio_read(ioapic, WINDOW);
}

static void reg_write(uint32_t reg, uint32_t value)
{
	mmio_write(ioapic, SELECT, reg);
	mmio_write(ioapic, WINDOW, value);
}

/* The half that names the CPU goes first: the other one may unmask the pin. */
static void pin_set(int pin, uint8_t apicid, uint32_t mode)
{
	if (pin < 0 || pin >= npins) {
		cprintf("IOAPIC: there is no pin %d\n", pin);
		return;
	}
	reg_write(REG_PIN + 2 * pin + 1, (uint32_t)apicid << 24);
	reg_write(REG_PIN + 2 * pin, mode | (IRQ_OFFSET + pin));
}

void ioapic_init(void)
{
	ioapic = mmio_map_region(ioapic_pa, PGSIZE);
	npins = (reg_read(REG_VERSION) >> 16 & 0xFF) + 1;
	for (int pin = 0; pin < npins; pin++)
		pin_set(pin, 0, PIN_MASKED);
}

void ioapic_enable(int irq, uint8_t apicid)
{
	pin_set(irq, apicid, 0);
}

/* The PIIX inverts the PCI bus's active-low lines on their way to the ISA pins. */
void ioapic_enable_pci(int irq, uint8_t apicid)
{
	pin_set(irq, apicid, PIN_LEVEL);
}

void ioapic_disable(int irq)
{
	pin_set(irq, 0, PIN_MASKED);
}
