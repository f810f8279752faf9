/* SPDX-License-Identifier: MIT */
/*
 * Command-line flags of servers on the dataplane: the same letters mean the same in each.
 *
 *	static unsigned port = 80, threads = 1;
 *	static const struct ix_option flags[] = { IX_OPT_PORT(&port), IX_OPT_THREADS(&threads) };
 *
 *	if (!ix_read_options(argc, argv, flags, ARRAY_SIZE(flags)))
 *		return;
 */
#ifndef JOS_INC_IXOPT_H
#define JOS_INC_IXOPT_H

#include <inc/ix.h>

/* A flag with a number from min to max; with max 0 one that stands alone, and sets *value to 1. */
struct ix_option {
	char flag;
	const char *what;  /* its value, as the line of usage names it */
	unsigned *value, min, max;
};

#define IX_OPT_NIC(value) { 'i', "nic", value, 0, IX_NICS - 1 }
#define IX_OPT_PORT(value) { 'p', "port", value, 1, 65535 }
#define IX_OPT_CONNS(value) { 'c', "most connections", value, 1, 0x7fffffff }
#define IX_OPT_THREADS(value) { 't', "threads", value, 1, IX_NTHREADS }

/* False, after a line that says what is wrong, and one of usage. argc 0 is fine: there are none. */
bool ix_read_options(int argc, char **argv, const struct ix_option *options, unsigned n);

/* All of `text` is a decimal number from min to max? NULL is none. */
bool ix_read_number(const char *text, unsigned min, unsigned max, unsigned *value);

/* The decimal number that *text begins with, up to max; *text is behind it then. False: neither is changed. */
bool ix_read_digits(const char **text, unsigned max, unsigned *value);

#endif
