/* SPDX-License-Identifier: MIT */
/* Decimal numbers of 64 bits, without the compiler's help for dividing them. */
#include <inc/kv.h>
#include <inc/string.h>

/* Divide *n by ten, 16 bits at a time; the remainder. */
static unsigned next_digit(uint64_t *n)
{
	uint64_t quotient = 0;
	uint32_t rest = 0;

	if (*n <= 0xffffffffu) {
		rest = (uint32_t)*n % 10;
		*n = (uint32_t)*n / 10;
		return rest;
	}
	for (int shift = 48; shift >= 0; shift -= 16) {
		uint32_t part = rest << 16 | ((uint32_t)(*n >> shift) & 0xffff);
		quotient |= (uint64_t)(part / 10) << shift;
		rest = part % 10;
	}
	*n = quotient;
	return rest;
}

unsigned kv_format_u64(char *buf, uint64_t n)
{
	char digits[20], *first = digits + sizeof(digits);

	do
		*--first = '0' + next_digit(&n);
	while (n);

	unsigned len = digits + sizeof(digits) - first;
	memcpy(buf, first, len);
	return len;
}

bool kv_parse_u64(const char *digits, size_t len, uint64_t *n)
{
	const uint64_t most = ~(uint64_t)0;
	uint64_t value = 0;

	if (!len)
		return false;
	for (const char *end = digits + len; digits < end; digits++) {
		unsigned digit = (uint8_t)*digits - '0';
		if (digit > 9 || value > most / 10 || (value == most / 10 && digit > most % 10))
			return false;
		value = value * 10 + digit;
	}
	*n = value;
	return true;
}
