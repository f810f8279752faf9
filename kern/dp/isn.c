/* SPDX-License-Identifier: MIT */
/*
 * Initial sequence numbers by RFC 6528: a clock of 4 us steps plus a keyed hash of the connection's ends,
 * so that numbers grow for one pair of ends and cannot be guessed for another. The hash is HalfSipHash-2-4,
 * which needs 32-bit words only (Aumasson and Bernstein, "SipHash", 2012, and its reference for small
 * machines).
 */
#include <inc/types.h>

#include <kern/clock.h>
#include <kern/dp/dataplane.h>
#include <kern/dp/lwip/lwipclock.h>

struct sip {
	uint32_t v[4];
};

static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }

/* v[a] += v[b], and v[b] is turned and mixed with the sum. */
static void half_round(struct sip *s, int a, int b, int turn)
{
	s->v[a] += s->v[b];
	s->v[b] = rotl(s->v[b], turn) ^ s->v[a];
}

static void sip_round(struct sip *s)
{
	half_round(s, 0, 1, 5);
	half_round(s, 2, 3, 8);
	s->v[0] = rotl(s->v[0], 16);
	half_round(s, 0, 3, 7);
	half_round(s, 2, 1, 13);
	s->v[2] = rotl(s->v[2], 16);
}

static void absorb(struct sip *s, uint32_t word)
{
	s->v[3] ^= word;
	sip_round(s);
	sip_round(s);
	s->v[0] ^= word;
}

static uint32_t finish(struct sip *s, uint32_t length)
{
	absorb(s, length << 24);
	s->v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s->v[1] ^ s->v[3];
}

static uint32_t hash_tuple(const uint32_t key[2], uint32_t lip, uint32_t rip, uint32_t ports)
{
	struct sip s = { { key[0], key[1], 0x6c796765 ^ key[0], 0x74656462 ^ key[1] } };

	absorb(&s, lip);
	absorb(&s, rip);
	absorb(&s, ports);
	return finish(&s, 12);
}

/*
 * lwIP's hook. The slab that it allocates from belongs to the group, and so to the dataplane, that it works
 * for.
 */
unsigned dp_isn(unsigned lip, unsigned short lport, unsigned rip, unsigned short rport)
{
	const struct plane *plane = container_of(lwip_slab, struct fgroup, slab)->owner->plane;
	uint32_t ports = (uint32_t)lport << 16 | rport;

	return hash_tuple(plane->isn_key, lip, rip, ports) + (uint32_t)(clock_us() >> 2);
}
