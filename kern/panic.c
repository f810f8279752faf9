/* SPDX-License-Identifier: MIT */
/*
 * The end of the kernel, told as well as still possible: message, backtrace, then QEMU ends (boot argument
 * `exit`) or the monitor takes over, for ever.
 *
 * The first CPU that panics has the floor; others say their line and stop. A panic inside the panic, or in
 * the monitor after it, says its line only; too many of them, and the CPU stops.
 */
#include <inc/assert.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/console.h>
#include <kern/cpu.h>
#include <kern/monitor.h>

enum { PANICS_MAX = 10 };

static volatile uint32_t first_cpu; /* which panicked first: its number plus 1 */
static int panics;                  /* of that CPU */

static void __attribute__((noreturn)) stop(void)
{
	for (;;)
		asm volatile("cli; hlt");
}

static bool is_first_cpu(void)
{
	uint32_t self = cpunum() + 1, nobody = 0;

	__atomic_compare_exchange_n(&first_cpu, &nobody, self, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return first_cpu == self;
}

static void say(const char *kind, const char *file, int line, const char *fmt, va_list ap)
{
	cons_lock();
	cprintf("kernel %s on CPU %d at %s:%d: ", kind, cpunum(), file, line);
	vcprintf(fmt, ap);
	cprintf("\n");
	cons_unlock();
}

void _panic(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	cli();
	bool first = is_first_cpu();
	if (first && ++panics > PANICS_MAX)
		stop();

	va_start(ap, fmt);
	say("panic", file, line, fmt, ap);
	va_end(ap);
	if (!first)
		stop();

	if (panics == 1)
		backtrace_from(read_ebp(), 0);
	debug_exit(EXIT_PANIC);
	for (;;)
		monitor(NULL);
}

void _warn(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning", file, line, fmt, ap);
	va_end(ap);
}
