/* SPDX-License-Identifier: MIT */
/* The contract is syncookie.h. */
#include <kern/dp/siphash.h>
#include <kern/dp/syncookie.h>

enum { TICKS_A_MINUTE = SYNCOOKIE_TICKS / 2, MINUTE_SHIFT = 24, LOW = (1 << MINUTE_SHIFT) - 1, NO_MINUTE = 1 << 8 };

/* What peers say, mostly; others get the next smaller one. Less than the first is nobody's: RFC 1122 has 536. */
static const uint16_t sizes[] = { 64, 216, 536, 1024, 1220, 1360, 1440, 1460 };
enum { NSIZES = sizeof(sizes) / sizeof(sizes[0]) };

/*
 * The peer's number is hashed, too, not only added: a later segment of the same connection, which comes first, must not
 * pass for the one that ends the handshake.
 */
static uint32_t hash(const uint32_t key[2], const struct tuple *t, uint32_t minute, uint32_t irs)
{
	uint32_t words[] = { t->lip, t->rip, (uint32_t)t->lport << 16 | t->rport, minute, irs };

	return siphash(key, words, 5);
}

static uint32_t minute_of(uint32_t tick) { return tick / TICKS_A_MINUTE & 0xff; }

uint32_t syncookie_make(const uint32_t key[2], const struct tuple *t, uint32_t irs, uint16_t mss, uint32_t tick)
{
	uint32_t minute = minute_of(tick), size = 0;

	while (size + 1 < NSIZES && sizes[size + 1] <= mss)
		size++;
	return hash(key, t, NO_MINUTE, 0) + irs + (minute << MINUTE_SHIFT) + ((hash(key, t, minute, irs) + size) & LOW);
}

uint16_t syncookie_mss(const uint32_t key[2], const struct tuple *t, uint32_t irs, uint32_t cookie, uint32_t tick)
{
	uint32_t rest = cookie - hash(key, t, NO_MINUTE, 0) - irs;
	uint32_t minute = rest >> MINUTE_SHIFT;

	if (((minute_of(tick) + 1 - minute) & 0xff) > 2)
		return 0;
	uint32_t size = (rest - hash(key, t, minute, irs)) & LOW;
	return size < NSIZES ? sizes[size] : 0;
}
