/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum (RFC 1071), in pieces: sums are added up, then folded to 16 bits in network byte
 * order.
 */
#ifndef JOS_KERN_DP_CSUM_H
#define JOS_KERN_DP_CSUM_H

#include <inc/types.h>

static inline uint64_t csum_add(uint64_t sum, const void *data, uint32_t len)
{
	const uint8_t *p = data;
	uint32_t word;

	for (; len >= 4; p += 4, len -= 4) {
		__builtin_memcpy(&word, p, 4);
		sum += word;
	}
	word = 0;
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
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

#endif
