/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum (RFC 1071), in pieces: sums are added up, then folded to 16 bits in network byte
 * order.
 */
#ifndef JOS_KERN_DP_CSUM_H
#define JOS_KERN_DP_CSUM_H

#include <inc/types.h>

static inline uint32_t csum_word(const uint8_t *p)
{
	uint32_t word;

	__builtin_memcpy(&word, p, 4);
	return word;
}

static inline uint64_t csum_add(uint64_t sum, const void *data, uint32_t len)
{
	const uint8_t *p = data;
	uint32_t word = 0;

	for (; len >= 16; p += 16, len -= 16) {
		sum += csum_word(p);
		sum += csum_word(p + 4);
		sum += csum_word(p + 8);
		sum += csum_word(p + 12);
	}
	for (; len >= 4; p += 4, len -= 4)
		sum += csum_word(p);
	for (uint32_t i = 0; i < len; i++)
		word |= (uint32_t)p[i] << 8 * i;
	return sum + word;
}

/* What TCP and UDP add of the IP header: addresses in network byte order; `len` of header and payload. */
static inline uint64_t csum_pseudo(uint32_t src, uint32_t dst, uint8_t proto, uint16_t len)
{
	return (uint64_t)src + dst + ((uint32_t)proto << 8) + __builtin_bswap16(len);
}

/* 0xffff: a packet that carries its right checksum. Its inverse: what to put in a packet. */
static inline uint16_t csum_fold(uint64_t sum)
{
	uint32_t low = sum, high = sum >> 32;
	uint32_t folded = (low & 0xffff) + (low >> 16) + (high & 0xffff) + (high >> 16);

	folded = (folded & 0xffff) + (folded >> 16);
	return folded + (folded >> 16);
}

#endif
