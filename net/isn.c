/* SPDX-License-Identifier: MIT */
/*
 * Initial sequence numbers: a clock that advances by one every few microseconds, plus a keyed hash of the connection's two ends
 * (RFC 6528). The hash is XTEA in the manner of a CBC-MAC: two blocks hold both ends; the key comes from the TSC.
 */
#include <inc/lib.h>
#include <inc/x86.h>
#include <net/isn.h>

#include "lwip/opt.h"

enum { XTEA_ROUNDS = 32, TSC_SHIFT = 13 /* 4 us at 2 GHz */ };
#define XTEA_DELTA 0x9E3779B9u

static uint32_t key[4];

void isn_init(void)
{
	for (int i = 0; i < 4; i++) {
		key[i] = (uint32_t)read_tsc() * 0x85EBCA6Bu ^ (uint32_t)sys_getenvid() << 7;
		sys_yield();
	}
}

/* One block, in place. */
static void encipher(uint32_t v[2])
{
	uint32_t sum = 0;

	for (int i = 0; i < XTEA_ROUNDS; i++) {
		v[0] += ((v[1] << 4 ^ v[1] >> 5) + v[1]) ^ (sum + key[sum & 3]);
		sum += XTEA_DELTA;
		v[1] += ((v[0] << 4 ^ v[0] >> 5) + v[0]) ^ (sum + key[sum >> 11 & 3]);
	}
}

unsigned int net_isn(unsigned int lip, unsigned short lport, unsigned int rip, unsigned short rport)
{
	uint32_t v[2] = { lip, rip };

	encipher(v);
	v[0] ^= (uint32_t)lport << 16 | rport;
	encipher(v);
	return v[0] + (uint32_t)(read_tsc() >> TSC_SHIFT);
}
