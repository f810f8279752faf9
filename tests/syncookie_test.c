/* SPDX-License-Identifier: MIT */
/* kern/dp/syncookie.c, and the hash under it. */
#include "host.h"

#include <kern/dp/siphash.h>
#include <kern/dp/syncookie.h>

static const uint32_t key[2] = { 0x03020100, 0x07060504 };
static const struct tuple ends = { 0x0f02000a, 0x0202000a, 80, 40000 };
enum { IRS = 0xfffffff0, TICK = 1000, MINUTE = SYNCOOKIE_TICKS / 2 };

/* Those of its authors' vectors whose input is whole words: 00 01 02 .., of 4, 8 and 12 bytes, under 00 01 .. 07. */
static void the_hash_is_halfsiphash(void **state)
{
	static const uint32_t in[] = { 0x03020100, 0x07060504, 0x0b0a0908 };

	(void)state;
	assert_int_equal(siphash(key, in, 1), 0x89466e2a);
	assert_int_equal(siphash(key, in, 2), 0x8f84b8d0);
	assert_int_equal(siphash(key, in, 3), 0x2f87f057);
}

static void a_cookie_is_recognized_with_its_mss(void **state)
{
	static const uint16_t said[] = { 1460, 1459, 1440, 1400, 1220, 1100, 600, 536, 535, 300, 100, 64, 9000, 65535 };
	static const uint16_t kept[] = { 1460, 1440, 1440, 1360, 1220, 1024, 536, 536, 216, 216, 64, 64, 1460, 1460 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		uint32_t cookie = syncookie_make(key, &ends, IRS, said[i], TICK);
		assert_int_equal(syncookie_mss(key, &ends, IRS, cookie, TICK), kept[i]);
	}
}

static void it_is_good_for_this_minute_and_the_next(void **state)
{
	(void)state;
	for (uint32_t tick = 0; tick < 300 * MINUTE; tick += 61) {
		uint32_t cookie = syncookie_make(key, &ends, IRS, 1460, tick);
		uint32_t ends_at = (tick / MINUTE + 2) * MINUTE;
		assert_int_equal(syncookie_mss(key, &ends, IRS, cookie, ends_at - 1), 1460);
		assert_int_equal(syncookie_mss(key, &ends, IRS, cookie, ends_at), 0);
		assert_int_equal(syncookie_mss(key, &ends, IRS, cookie, tick - MINUTE), 1460);
	}
}

static void another_connection_does_not_have_it(void **state)
{
	uint32_t cookie = syncookie_make(key, &ends, IRS, 1460, TICK), other_key[2] = { key[0], key[1] ^ 1 };
	struct tuple t[4] = { ends, ends, ends, ends };

	(void)state;
	t[0].rip ^= 1 << 24, t[1].rport++, t[2].lport++, t[3].lip ^= 1 << 24;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(syncookie_mss(key, &t[i], IRS, cookie, TICK), 0);
	assert_int_equal(syncookie_mss(other_key, &ends, IRS, cookie, TICK), 0);
	for (uint32_t by = 1; by <= 16; by++) {
		assert_int_equal(syncookie_mss(key, &ends, IRS + by, cookie, TICK), 0);
		assert_int_equal(syncookie_mss(key, &ends, IRS - by, cookie, TICK), 0);
	}
	assert_int_equal(syncookie_mss(key, &ends, IRS, cookie + 1, TICK), 0);
}

/* Three minutes of 256, and eight numbers of 2^24. */
static void guesses_are_hopeless(void **state)
{
	uint32_t found = 0;

	(void)state;
	for (uint32_t i = 0; i < 1 << 20; i++)
		found += syncookie_mss(key, &ends, IRS, i * 2654435761u, TICK) != 0;
	assert_true(found < 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_halfsiphash),
		cmocka_unit_test(a_cookie_is_recognized_with_its_mss),
		cmocka_unit_test(it_is_good_for_this_minute_and_the_next),
		cmocka_unit_test(another_connection_does_not_have_it),
		cmocka_unit_test(guesses_are_hopeless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
