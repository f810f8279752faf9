/* SPDX-License-Identifier: MIT */
/*
 * Comparing bytes with words of the protocol, of which case does not matter. A word is in lower case. Four bytes are
 * compared at a time, as x86 reads words at any address.
 */
#ifndef JOS_LIB_IX_HTTP_TEXT_H
#define JOS_LIB_IX_HTTP_TEXT_H

#include <inc/string.h>

static inline uint32_t http_load(const char *s)
{
	uint32_t word;

	__builtin_memcpy(&word, s, sizeof(word));
	return word;
}

static inline char http_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The case of a letter is its bit 0x20; in a word, letters are what has the bit 0x40. */
static inline bool http_same(const char *s, const char *word, size_t len)
{
	for (; len >= 4; s += 4, word += 4, len -= 4)
		if ((http_load(s) ^ http_load(word)) & ~(http_load(word) >> 1 & 0x20202020))
			return false;
	for (; len; s++, word++, len--)
		if ((*s ^ *word) & ~(*word >> 1 & 0x20))
			return false;
	return true;
}

static inline bool http_begins(const char *s, size_t len, const char *word)
{
	return len >= (size_t)__builtin_strlen(word) && http_same(s, word, __builtin_strlen(word));
}

static inline bool http_is(const char *s, size_t len, const char *word)
{
	return len == (size_t)__builtin_strlen(word) && http_same(s, word, len);
}

#endif
