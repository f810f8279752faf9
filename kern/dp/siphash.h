/* SPDX-License-Identifier: MIT */
/*
 * HalfSipHash-2-4, a keyed hash that needs 32-bit words only (Aumasson and Bernstein, "SipHash", 2012, and its reference
 * for small machines).
 */
#ifndef JOS_KERN_DP_SIPHASH_H
#define JOS_KERN_DP_SIPHASH_H

#include <inc/types.h>

uint32_t siphash(const uint32_t key[2], const uint32_t *words, uint32_t n);

#endif
