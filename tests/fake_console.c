/* SPDX-License-Identifier: MIT */
/*
 * What drivers may say, in tests without dp_machine.c: words go nowhere, a panic fails the case.
 */
#include "host.h"

#define JOS_INC_STDIO_H /* the C library has it */
int cprintf(const char *fmt, ...);

#include <inc/assert.h>

int cprintf(const char *fmt, ...)
{
	(void)fmt;
	return 0;
}

void _warn(const char *file, int line, const char *fmt, ...)
{
	(void)file, (void)line, (void)fmt;
}

void _panic(const char *file, int line, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_error("kernel panic at %s:%d: %s\n", file, line, text);
	fail();
	abort();
}
