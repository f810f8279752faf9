/* SPDX-License-Identifier: MIT */
/* Ending QEMU from inside: its isa-debug-exit device takes a number n, and QEMU ends with status 2n + 1. */
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/dev/consdev.h>

#define DEBUG_EXIT_PORT 0xF4

void debug_exit(int code)
{
	const char *allowed = bootarg("exit");

	if (!allowed || strcmp(allowed, "0") == 0)
		return;
	serial_drain();
	outb(DEBUG_EXIT_PORT, code); /* nothing happens where there is no such device */
}
