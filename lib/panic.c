/* SPDX-License-Identifier: MIT */
/*
 * Complaints. Each is put together first and printed by one system call, because other CPUs print too. A
 * panic ends in the breakpoint trap, which stops in the kernel's monitor.
 */
#include <inc/lib.h>
#include <inc/x86.h>

#define COMPLAINT_MAX 512

static void complain(const char *what, const char *file, int line, const char *fmt, va_list ap)
{
	char text[COMPLAINT_MAX];
	int room = sizeof(text) - 1; /* for the '\n' */
	int len = snprintf(text, room, "[%08x] user %s in %s at %s:%d: ", sys_getenvid(), what, binaryname,
			   file, line);

	len = MIN(len, room - 1);
	len += vsnprintf(text + len, room - len, fmt, ap);
	len = MIN(len, room - 1);
	text[len++] = '\n';
	sys_cputs(text, len);
}

void _panic(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain("panic", file, line, fmt, ap);
	va_end(ap);
	for (;;)
		breakpoint();
}

void _warn(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain("warning", file, line, fmt, ap);
	va_end(ap);
}
