/* SPDX-License-Identifier: MIT */
/*
 * cprintf for the kernel: any CPU, any time. A message is collected on the stack and written in pieces, with
 * the console locked from the first to the last, so that messages of two CPUs do not mix.
 */
#include <inc/stdio.h>

#include <kern/console.h>

struct message {
	int length;  /* so far, in all */
	size_t used; /* bytes of `piece` */
	char piece[128];
};

static void write_out(struct message *m)
{
	cons_write(m->piece, m->used);
	m->used = 0;
}

static void append(int c, void *message)
{
	struct message *m = message;

	if (m->used == sizeof(m->piece))
		write_out(m);
	m->piece[m->used++] = c;
	m->length++;
}

int vcprintf(const char *fmt, va_list ap)
{
	struct message m;

	m.length = 0;
	m.used = 0;
	cons_lock();
	vprintfmt(append, &m, fmt, ap);
	write_out(&m);
	cons_unlock();
	return m.length;
}

int cprintf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int length = vcprintf(fmt, ap);
	va_end(ap);
	return length;
}
