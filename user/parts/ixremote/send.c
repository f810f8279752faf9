/* SPDX-License-Identifier: MIT */
/* What ixremote sends: lines, pieces of its pattern, and lists that name them. */
#include "ixremote.h"

enum { NLINES = 256, NSG = 2048 };

static char lines[NLINES][LINE];
static struct ix_sg sgs[NSG];

struct ix_sg *sg_of(const void *base, uint32_t len)
{
	static uint32_t next;
	struct ix_sg *sg = &sgs[next++ % NSG];

	*sg = (struct ix_sg){ (uint32_t)(uintptr_t)base, len };
	return sg;
}

void send_bytes(struct conn *c, const void *base, uint32_t len) { ix_sendv(c->handle, sg_of(base, len), 1, c); }

char *a_line(void)
{
	static uint32_t next;

	return lines[next++ % NLINES];
}

void say(struct conn *c, const char *fmt, ...)
{
	char *line = a_line();
	va_list ap;

	if (!c || c->dead)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(line, LINE, fmt, ap);
	va_end(ap);
	send_bytes(c, line, n);
}

void send_pattern(struct conn *c)
{
	uint32_t at = c->sent % PATTERN, n = MIN(c->to_send - c->sent, (uint32_t)PATTERN - at);

	if (n)
		send_bytes(c, remote.pattern + at, n); /* the result says how much of it was taken */
}
