/* SPDX-License-Identifier: MIT */
/* See toeplitz.h. The definition is Microsoft's, in "RSS Hashing Functions". */
#include <kern/dev/toeplitz.h>

const uint8_t toeplitz_key[RSS_KEY_SIZE] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/*
 * Each bit of the input that is set, the first byte's highest first, adds (by exclusive or) the 32 bits of the key that
 * begin at its own position: the highest bit of byte `at` the key's bits from 8 * at on. toeplitz.h says what `at` is for.
 * Each packet that is sent to a new peer, and each group's move, needs it: no 40 bytes are shifted for a bit.
 */
uint32_t toeplitz(const uint8_t *key, const void *data, uint32_t at, uint32_t len)
{
#ifndef EXERCISE_16
	const uint8_t *bytes = data;
	uint32_t hash = 0;

	for (uint32_t i = 0; i < len; i++) {
		uint32_t window = get32(key + at + i);
		uint8_t next = key[at + i + 4];
		for (int bit = 7; bit >= 0; bit--) {
			if (bytes[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (next >> bit & 1);
		}
	}
	return hash;
#else
	/* LAB IX: Your code here. (Exercise 16) */
	(void)key, (void)data, (void)at, (void)len, (void)get32;
	return 0;
#endif
}

/*
 * The input is: source address, destination address, source port, destination port, each as it is in the packet, in network
 * byte order, and right behind the one before.
 */
uint32_t toeplitz_ports4(const uint8_t *key, uint32_t src, uint32_t dst, uint16_t src_port, uint16_t dst_port)
{
#ifndef EXERCISE_16
	return toeplitz(key, &src, 0, 4) ^ toeplitz(key, &dst, 4, 4) ^ toeplitz(key, &src_port, 8, 2) ^
	       toeplitz(key, &dst_port, 10, 2);
#else
	/* LAB IX: Your code here. (Exercise 16) */
	(void)key, (void)src, (void)dst, (void)src_port, (void)dst_port;
	return 0;
#endif
}

/*
 * A table that a driver is to hand to the card: does each of its RSS_TABLE_SIZE entries name one of the queues 0 to nqueues - 1?
 * The card has no check of its own.
 */
bool rss_table_is_good(const uint8_t *table, int nqueues)
{
#ifndef EXERCISE_16
	for (int i = 0; i < RSS_TABLE_SIZE; i++) {
		if (table[i] >= nqueues)
			return false;
	}
	return true;
#else
	/* LAB IX: Your code here. (Exercise 16) */
	(void)table, (void)nqueues;
	return false;
#endif
}
