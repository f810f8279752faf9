/* SPDX-License-Identifier: MIT */
/* Addresses in words (inc/libix.h). */
#include <inc/error.h>
#include <inc/libix.h>

#define PARTS 4

/* The number at *text, and the place behind it; -1 if there is none up to 255. */
static int parse_part(const char **text)
{
	const char *p = *text;
	int part = 0;

	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9' && part <= 255; p++)
		part = part * 10 + (*p - '0');
	*text = p;
	return part <= 255 ? part : -1;
}

int ix_parse_ip(const char *text, uint32_t *ip)
{
	uint32_t address = 0;

	for (int i = 0; i < PARTS; i++) {
		int part = parse_part(&text);
		if (part < 0 || *text != (i < PARTS - 1 ? '.' : '\0'))
			return -E_INVAL;
		address = address << 8 | part;
		text++;
	}
	*ip = address;
	return 0;
}
