/* SPDX-License-Identifier: MIT */
/* The contract is siphash.h. */
#include <kern/dp/siphash.h>

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

uint32_t siphash(const uint32_t key[2], const uint32_t *words, uint32_t n)
{
	struct sip s = { { key[0], key[1], 0x6c796765 ^ key[0], 0x74656462 ^ key[1] } };

	for (uint32_t i = 0; i < n; i++)
		absorb(&s, words[i]);
	return finish(&s, n * sizeof(uint32_t));
}
