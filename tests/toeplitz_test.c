/* SPDX-License-Identifier: MIT */
/* kern/dev/toeplitz.c against the verification suite that Microsoft publishes for receive-side scaling. */
#include "host.h"

#include <kern/dev/toeplitz.h>

static uint32_t address(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const uint8_t bytes[4] = { a, b, c, d };
	uint32_t word;

	memcpy(&word, bytes, 4);
	return word;
}

static uint16_t port(uint16_t n) { return n >> 8 | n << 8; }

static void published_vectors(void **state)
{
	const struct { uint32_t dst; uint16_t dst_port; uint32_t src; uint16_t src_port; uint32_t both, addresses; } v[] = {
		{ address(161, 142, 100, 80), 1766, address(66, 9, 149, 187), 2794, 0x51ccc178, 0x323e8fc2 },
		{ address(65, 69, 140, 83), 4739, address(199, 92, 111, 2), 14230, 0xc626b0ea, 0xd718262a },
		{ address(12, 22, 207, 184), 38024, address(24, 19, 198, 95), 12898, 0x5c2b394a, 0xd2d0a5de },
		{ address(209, 142, 163, 6), 2217, address(38, 27, 205, 30), 48228, 0xafc7327f, 0x82989176 },
		{ address(202, 188, 127, 2), 1303, address(153, 39, 163, 191), 44251, 0x10e828a2, 0x5d1809c5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		uint32_t addresses[2] = { v[i].src, v[i].dst };
		assert_int_equal(toeplitz(toeplitz_key, addresses, 0, 8), v[i].addresses);
		assert_int_equal(toeplitz_ports4(toeplitz_key, v[i].src, v[i].dst, port(v[i].src_port), port(v[i].dst_port)),
				 v[i].both);
	}
}

/* The definition once more, over the input as one row of bits: slow, and hard to get wrong. */
static uint32_t by_bits(const uint8_t *key, const uint8_t *data, uint32_t len)
{
	uint32_t hash = 0;

	for (uint32_t i = 0; i < len * 8; i++) {
		for (uint32_t k = 0; k < 32 && (data[i / 8] >> (7 - i % 8) & 1); k++)
			hash ^= (uint32_t)(key[(i + k) / 8] >> (7 - (i + k) % 8) & 1) << (31 - k);
	}
	return hash;
}

static void parts_add_up(void **state)
{
	uint8_t key[RSS_KEY_SIZE], data[RSS_KEY_SIZE - 4];

	(void)state;
	srand(1);
	for (int round = 0; round < 1000; round++) {
		for (size_t i = 0; i < sizeof key; i++)
			key[i] = rand();
		for (size_t i = 0; i < sizeof data; i++)
			data[i] = rand();
		uint32_t cut = rand() % (sizeof data + 1), whole = by_bits(key, data, sizeof data);
		assert_int_equal(toeplitz(key, data, 0, sizeof data), whole);
		assert_int_equal(toeplitz(key, data, 0, cut) ^ toeplitz(key, data + cut, cut, sizeof data - cut), whole);
	}
}

static void tables_are_checked(void **state)
{
	uint8_t table[RSS_TABLE_SIZE] = { 0 };

	(void)state;
	assert_true(rss_table_is_good(table, 1));
	table[RSS_TABLE_SIZE - 1] = 3;
	assert_false(rss_table_is_good(table, 3));
	assert_true(rss_table_is_good(table, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors),
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(tables_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
