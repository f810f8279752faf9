/* SPDX-License-Identifier: MIT */
/* cprintf: formatted text straight to the console, a buffer full for each system call. */
#include <inc/lib.h>

struct console_text {
	int total;  /* characters handed over by printfmt */
	int filled; /* of them, those still in the buffer */
	char buffer[256];
};

static void flush(struct console_text *text)
{
	sys_cputs(text->buffer, text->filled);
	text->filled = 0;
}

static void add(int c, void *putdat)
{
	struct console_text *text = putdat;

	text->buffer[text->filled++] = c;
	text->total++;
	if (text->filled == sizeof(text->buffer))
		flush(text);
}

int vcprintf(const char *fmt, va_list ap)
{
	struct console_text text;

	text.total = text.filled = 0;
	vprintfmt(add, &text, fmt, ap);
	if (text.filled > 0)
		flush(&text);
	return text.total;
}

int cprintf(const char *fmt, ...)
{
	va_list ap;
	int total;

	va_start(ap, fmt);
	total = vcprintf(fmt, ap);
	va_end(ap);
	return total;
}
