/* SPDX-License-Identifier: MIT */
/* Comparing bytes with words of the protocol, of which case does not matter. */
#ifndef JOS_LIB_IX_HTTP_TEXT_H
#define JOS_LIB_IX_HTTP_TEXT_H

#include <inc/string.h>

static inline char http_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* `word` is in lower case. */
static inline bool http_begins(const char *s, size_t len, const char *word)
{
	for (; *word; word++, s++, len--)
		if (!len || http_lower(*s) != *word)
			return false;
	return true;
}

static inline bool http_is(const char *s, size_t len, const char *word)
{
	return (size_t)strlen(word) == len && http_begins(s, len, word);
}

#endif
