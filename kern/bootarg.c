/* SPDX-License-Identifier: MIT */
/*
 * Boot arguments, kept in one string whose words end in '\0'. A key that is given twice has its last value,
 * so that arguments appended on a command line override those before.
 */
#include <inc/error.h>
#include <inc/stdio.h>
#include <inc/string.h>

#include <kern/bootarg.h>

static char words[2048]; /* one after the other */
static size_t words_end;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void split_words(void)
{
	for (size_t i = 0; i < words_end; i++)
		if (is_blank(words[i]))
			words[i] = '\0';
}

void bootarg_init(void)
{
	uint16_t selector;
	int size = fwcfg_find("opt/jos/args", &selector);

	if (size < 0)
		return;
	if (size >= (int)sizeof(words)) {
		cprintf("boot arguments are longer than %d bytes; none is used\n", (int)sizeof(words) - 1);
		return;
	}
	fwcfg_read(selector, words, size);
	words_end = size;
	split_words();
}

/* The value in `word` if its key is `key`, else NULL. */
static const char *value_of(const char *word, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(word, key, n) != 0)
		return NULL;
	if (word[n] == '=')
		return word + n + 1;
	return word[n] == '\0' ? word + n : NULL;
}

const char *bootarg(const char *key)
{
	const char *value = NULL;

	for (size_t at = 0; at < words_end; at += strlen(words + at) + 1) {
		const char *here = value_of(words + at, key);
		if (here)
			value = here;
	}
	return value;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

/* strtol stops at 2^31; addresses and rates do not. */
static bool parse_u32(const char *s, uint32_t *number)
{
	uint32_t base = s[0] == '0' && s[1] == 'x' ? 16 : 10;

	if (base == 16)
		s += 2;
	*number = 0;
	for (const char *at = s; *at; at++) {
		uint64_t next = (uint64_t)*number * base + digit_of(*at);
		if ((uint32_t)digit_of(*at) >= base || next >> 32)
			return false;
		*number = next;
	}
	return *s != '\0';
}

uint32_t bootarg_u32(const char *key, uint32_t otherwise)
{
	const char *value = bootarg(key);
	uint32_t number;

	if (!value)
		return otherwise;
	if (parse_u32(value, &number))
		return number;
	cprintf("boot argument %s: '%s' is not a number; %u is used\n", key, value, otherwise);
	return otherwise;
}
