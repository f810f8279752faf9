/* SPDX-License-Identifier: MIT */
/*
 * Each CPU's local APIC (Intel SDM volume 3, chapter 11): interrupts between CPUs, the one-shot timer, and
 * the end of every interrupt. All CPUs see their own one at the same address. Interrupts are off in the
 * kernel, so nothing comes between the two halves of a command.
 */
#include <inc/assert.h>
#include <inc/trap.h>
#include <inc/x86.h>
#include <kern/clock.h>
#include <kern/cpu.h>
#include <kern/dev/lapic.h>
#include <kern/dev/mmio.h>
#include <kern/pmap.h>

enum { /* registers: table 11-1 */
	VERSION = 0x030,     /* bits 16-23: the last entry of the local vector table */
	TASK_PRIORITY = 0x080,
	EOI = 0x0B0,
	SPURIOUS = 0x0F0,
	ERROR_STATUS = 0x280,
	COMMAND = 0x300,     /* writing it sends */
	COMMAND_TO = 0x310,
	LVT_TIMER = 0x320,
	LVT_PERFORMANCE = 0x340,
	LVT_LINT0 = 0x350,
	LVT_LINT1 = 0x360,
	LVT_ERROR = 0x370,
	TIMER_INITIAL = 0x380,
	TIMER_CURRENT = 0x390,
	TIMER_DIVIDE = 0x3E0,
};

enum {
	SPURIOUS_ENABLE = 0x100,    /* 11.9: the APIC itself is on */
	LVT_MASKED = 0x10000,       /* 11.5.1 */
	DIVIDE_BY_16 = 0x3,         /* 11.5.4 */
	COMMAND_FIXED = 0x000,      /* 11.6.1 */
	COMMAND_INIT = 0x500,
	COMMAND_STARTUP = 0x600,
	COMMAND_PENDING = 0x1000,
	COMMAND_ASSERT = 0x4000,
	COMMAND_LEVEL = 0x8000,
};

enum {
	CALIBRATE_SHIFT = 12, /* the timer's pace is kept as ticks in 2^12 us, about 4 ms */
	CALIBRATE_US = 1 << CALIBRATE_SHIFT,
	SEND_SPINS = 100000,
};

static volatile uint32_t *lapic; /* NULL until lapic_init on the first CPU */
static uint32_t ticks_per_calibration;

static void delay_us(uint32_t us)
{
	uint64_t end = clock_us() + us;

	while (clock_us() < end)
		cpu_relax();
}

/* a * b / c, where the caller knows that the result fits. */
static uint32_t muldiv(uint32_t a, uint32_t b, uint32_t c)
{
	asm("mull %[b]; divl %[c]" : "+&a"(a), [b] "+&d"(b) : [c] "rm"(c) : "cc");
	return a;
}

/* Let the timer run down, its interrupt masked, and see how far it gets. */
static uint32_t measure_timer(void)
{
	mmio_write(lapic, LVT_TIMER, LVT_MASKED);
	mmio_write(lapic, TIMER_INITIAL, 0xFFFFFFFF);
	uint32_t ticks_before = mmio_read(lapic, TIMER_CURRENT);
	uint64_t before = clock_us();
	delay_us(CALIBRATE_US);
	uint32_t ticks = ticks_before - mmio_read(lapic, TIMER_CURRENT);
	uint32_t us = clock_us() - before;
	mmio_write(lapic, TIMER_INITIAL, 0);
	return muldiv(ticks, CALIBRATE_US, us);
}

/* The middle one of three: an emulator translates code on the first run, and its host may interrupt any. */
static uint32_t calibrate_timer(void)
{
	uint32_t a = measure_timer(), b = measure_timer(), c = measure_timer();

	return MAX(MIN(a, b), MIN(MAX(a, b), c));
}

static void mask_local_inputs(void)
{
	mmio_write(lapic, LVT_LINT0, LVT_MASKED);
	mmio_write(lapic, LVT_LINT1, LVT_MASKED);
	if ((mmio_read(lapic, VERSION) >> 16 & 0xFF) >= 4)
		mmio_write(lapic, LVT_PERFORMANCE, LVT_MASKED);
}

void lapic_init(void)
{
	bool first = !lapic;

	if (first)
		lapic = mmio_map_region(lapic_pa, PGSIZE);
	mmio_write(lapic, SPURIOUS, SPURIOUS_ENABLE | (IRQ_OFFSET + IRQ_SPURIOUS));
	mask_local_inputs();
	mmio_write(lapic, TIMER_DIVIDE, DIVIDE_BY_16);
	if (first)
		ticks_per_calibration = calibrate_timer();
	mmio_write(lapic, LVT_TIMER, IRQ_OFFSET + IRQ_TIMER);
	mmio_write(lapic, ERROR_STATUS, 0); /* 11.5.3: a write clears it, after a first one has armed it */
	mmio_write(lapic, ERROR_STATUS, 0);
	mmio_write(lapic, LVT_ERROR, IRQ_OFFSET + IRQ_ERROR);
	mmio_write(lapic, EOI, 0);
	mmio_write(lapic, TASK_PRIORITY, 0);
}

/*
 * The task register tells: each CPU has a TSS of its own, and reading the selector is nearly free, unlike
 * reading the LAPIC's id. Before the CPU that boots has loaded it, the answer is 0, which is right.
 */
int cpunum(void)
{
	uint32_t selector;

	asm volatile("str %0" : "=r"(selector));
	return selector ? (int)(selector - GD_TSS0) / 8 : 0;
}

void lapic_eoi(void)
{
	mmio_write(lapic, EOI, 0);
}

static void send(uint8_t apicid, uint32_t command)
{
	for (int i = 0; i < SEND_SPINS && (mmio_read(lapic, COMMAND) & COMMAND_PENDING); i++)
		cpu_relax();
	mmio_write(lapic, COMMAND_TO, (uint32_t)apicid << 24);
	mmio_write(lapic, COMMAND, command);
}

void lapic_ipi(uint8_t apicid, int vector)
{
	send(apicid, COMMAND_FIXED | COMMAND_ASSERT | vector);
}

void lapic_reset_ap(uint8_t apicid)
{
	send(apicid, COMMAND_INIT | COMMAND_LEVEL | COMMAND_ASSERT);
	delay_us(200);
	send(apicid, COMMAND_INIT | COMMAND_LEVEL);
	delay_us(10000);
}

/*
 * A CPU that was reset, on old boards, asks the BIOS, which finds in CMOS byte 0x0F that it shall jump to
 * the address at 40:67 (MultiProcessor Specification 1.4, appendix B.4). Newer ones take it from the
 * start-up message.
 */
static void set_warm_reset(physaddr_t entry)
{
	uint16_t *vector = KADDR(0x467);

	outb(0x70, 0x0F);
	outb(0x71, 0x0A);
	vector[0] = 0;
	vector[1] = entry >> 4;
}

void lapic_start_ap(uint8_t apicid, physaddr_t entry)
{
	assert(entry % PGSIZE == 0 && entry < EXTPHYSMEM);
	set_warm_reset(entry);
	lapic_reset_ap(apicid);
	for (int i = 0; i < 2; i++) {
		send(apicid, COMMAND_STARTUP | COMMAND_ASSERT | entry >> PGSHIFT);
		delay_us(200);
	}
}

/* What is beyond the counter's reach (68 s in QEMU) comes early. */
void lapic_timer_oneshot(uint32_t us)
{
	uint64_t ticks = (uint64_t)us * ticks_per_calibration >> CALIBRATE_SHIFT;

	if (us && !ticks)
		ticks = 1;
	mmio_write(lapic, TIMER_INITIAL, MIN(ticks, 0xFFFFFFFFULL));
}
