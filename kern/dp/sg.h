/* SPDX-License-Identifier: MIT */
/*
 * What a program wants to send: its scatter list, checked, and where the bytes lie. They may be in the send heap, in
 * receive buffers that it was lent, or in any page that it may read, outside the reserved range.
 */
#ifndef JOS_KERN_DP_SG_H
#define JOS_KERN_DP_SG_H

#include <inc/ix.h>

struct dp;
struct PageInfo;

/*
 * Read and check `n` pieces. 0; -E_INVAL: too many; -E_FAULT. Of a piece outside the heap and the buffers, only as much is
 * looked at as could be taken at once (IX_SEND_LOOK).
 */
int sg_read(struct dp *dp, struct ix_sg *sg, uint32_t va, uint32_t n);
uint32_t sg_total(const struct ix_sg *sg, uint32_t n); /* 2^32 - 1: or more */

/*
 * A byte that passed, by our own address, and how many adjoin it, at most `want`. `page`: to be lent meanwhile; NULL:
 * heap and buffers are not. Another CPU may have unmapped it: then base is NULL.
 */
struct stretch {
	const void *base;
	uint32_t len;
	struct PageInfo *page;
};
struct stretch sg_stretch(struct dp *dp, uint32_t va, uint32_t want);

#endif
