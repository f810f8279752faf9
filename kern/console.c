/* SPDX-License-Identifier: MIT */
/* The console's input queue and lock; contract in console.h, devices in kern/dev/consdev.h. */
#include <inc/stdio.h>
#include <inc/trap.h>
#include <inc/x86.h>

#include <kern/console.h>
#include <kern/cpu.h>
#include <kern/dev/consdev.h>
#include <kern/dev/lapic.h>
#include <kern/trap.h>

enum { QUEUE = 512, CTRL_RIGHT_BRACKET = 0x1D, PATIENCE = 10000000 };

/* Guarded by the console's lock. Indices run free. */
static struct {
	uint32_t head, tail;
	uint8_t bytes[QUEUE];
} input;
static bool monitor_wanted;

/* The lock: its holder's CPU number plus 1, or 0; how often the holder has taken it. */
static volatile uint32_t lock_holder;
static int lock_depth;

static bool claim(volatile uint32_t *holder, uint32_t self)
{
	uint32_t nobody = 0;

	return __atomic_compare_exchange_n(holder, &nobody, self, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* If a CPU stopped while it printed, others print all the same after a while. */
void cons_lock(void)
{
	uint32_t self = cpunum() + 1;

	for (int i = 0; lock_holder != self && !claim(&lock_holder, self) && i < PATIENCE; i++)
		cpu_relax();
	if (lock_holder != self) {
		lock_holder = self;
		lock_depth = 0;
	}
	lock_depth++;
}

void cons_unlock(void)
{
	uint32_t self = cpunum() + 1;

	if (lock_holder != self || --lock_depth > 0) /* taken away by an impatient CPU, or nested */
		return;
	compiler_barrier();
	lock_holder = 0;
}

void cons_init(void)
{
	serial_init();
	vga_init();
	kbd_init();
}

void cons_write(const char *s, size_t n)
{
	cons_lock();
	serial_write(s, n);
	vga_write(s, n);
	cons_unlock();
}

static void enqueue(int c)
{
	if (c == CTRL_RIGHT_BRACKET) {
		monitor_wanted = true;
		return;
	}
	if (input.tail - input.head < QUEUE) /* who types further ahead loses it, as on any terminal */
		input.bytes[input.tail++ % QUEUE] = c;
}

static void take_input(int (*getc)(void))
{
	int c;

	cons_lock();
	while ((c = getc()) != CONS_NONE)
		if (c != 0)
			enqueue(c);
	cons_unlock();
}

void kbd_intr(void) { take_input(kbd_getc); }
void serial_intr(void) { take_input(serial_getc); }

int cons_pending(void) { return input.tail - input.head; }

/* Asks the devices as well, so that it works while interrupts are off. */
int cons_getc(void)
{
	int c = 0;

	serial_intr();
	kbd_intr();
	cons_lock();
	if (cons_pending() > 0)
		c = input.bytes[input.head++ % QUEUE];
	cons_unlock();
	return c;
}

bool cons_wants_monitor(void)
{
	bool wanted = monitor_wanted;

	if (wanted)
		monitor_wanted = false;
	return wanted;
}

/* Somebody may have polled the device in the meantime: it is the queue that tells whether there is news. */
static void input_irq(void *read_device)
{
	((void (*)(void))read_device)();
	if (cons_pending() > 0)
		cons_input_ready();
}

/* A device that holds input since before its pin was enabled gives no edge: read it once afterwards. */
void cons_irq_init(void)
{
	irq_register(IRQ_KBD, input_irq, kbd_intr);
	irq_register(IRQ_SERIAL, input_irq, serial_intr);
	ioapic_enable(IRQ_KBD, bootcpu->cpu_apicid);
	ioapic_enable(IRQ_SERIAL, bootcpu->cpu_apicid);
	serial_irq_enable();
	kbd_intr();
	serial_intr();
}

/* What lib/readline.c and lib/printfmt.c build on. */

void cputchar(int c)
{
	char ch = c;

	cons_write(&ch, 1);
}

int getchar(void)
{
	int c;

	while ((c = cons_getc()) == 0) {
		mail_poll(); /* other CPUs may wait for an answer of this one */
		cpu_relax();
	}
	return c;
}

int iscons(int fd)
{
	(void)fd;
	return true; /* the kernel has no other files */
}
