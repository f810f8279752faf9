/* SPDX-License-Identifier: MIT */
/*
 * Strings and memory, for the kernel and for programs. Filling and copying use the string instructions, four
 * bytes at a time: unaligned words cost x86 little, and an emulator runs one such instruction faster than a
 * loop. The direction flag is clear on entry (the ABI says so) and on return.
 */
#include <inc/string.h>

void *memset(void *dst, int c, size_t len)
{
	void *p = dst;
	size_t words = len / 4, bytes = len % 4;
	uint32_t fill = (uint8_t)c * 0x01010101u;

	asm volatile("rep stosl" : "+D"(p), "+c"(words) : "a"(fill) : "memory");
	asm volatile("rep stosb" : "+D"(p), "+c"(bytes) : "a"(fill) : "memory");
	return dst;
}

void *memcpy(void *dst, const void *src, size_t len)
{
	void *to = dst;
	size_t words = len / 4, bytes = len % 4;

	asm volatile("rep movsl" : "+D"(to), "+S"(src), "+c"(words)::"memory");
	asm volatile("rep movsb" : "+D"(to), "+S"(src), "+c"(bytes)::"memory");
	return dst;
}

/* Copy from the last byte to the first: the odd bytes at the end, then words. */
static void copy_down(char *dst, const char *src, size_t len)
{
	char *to = dst + len - 1;
	const char *from = src + len - 1;
	size_t words = len / 4, bytes = len % 4;

	asm volatile("std; rep movsb\n\t"
		     "sub $3, %0; sub $3, %1\n\t"
		     "mov %3, %2; rep movsl; cld"
		     : "+D"(to), "+S"(from), "+c"(bytes)
		     : "r"(words)
		     : "memory", "cc");
}

void *memmove(void *dst, const void *src, size_t len)
{
	if ((uintptr_t)dst - (uintptr_t)src >= len) /* dst is below src (this wraps) or beyond its end */
		return memcpy(dst, src, len);
	copy_down(dst, src, len);
	return dst;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a, *y = b;

	for (; len >= 4 && *(const uint32_t *)x == *(const uint32_t *)y; len -= 4)
		x += 4, y += 4;
	for (; len > 0; len--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memfind(const void *s, int c, size_t len)
{
	const uint8_t *p = s, *end = p + len;

	while (p != end && *p != (uint8_t)c)
		p++;
	return (void *)p;
}

int strnlen(const char *s, size_t size)
{
	return (const char *)memfind(s, '\0', size) - s;
}

int strlen(const char *s)
{
	return strfind(s, '\0') - s;
}

char *strfind(const char *s, char c)
{
	while (*s != '\0' && *s != c)
		s++;
	return (char *)s;
}

char *strchr(const char *s, char c)
{
	char *found = strfind(s, c);

	return *found == c ? found : NULL;
}

char *strcpy(char *dst, const char *src)
{
	return memcpy(dst, src, strlen(src) + 1);
}

char *strcat(char *dst, const char *src)
{
	strcpy(dst + strlen(dst), src);
	return dst;
}

char *strncpy(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size);

	memcpy(dst, src, len);
	memset(dst + len, '\0', size - len);
	return dst;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	if (size == 0)
		return 0;
	size_t len = strnlen(src, size - 1);
	memcpy(dst, src, len);
	dst[len] = '\0';
	return len;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, (size_t)-1);
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size > 0; size--, a++, b++)
		if (*a != *b || *a == '\0')
			return (uint8_t)*a - (uint8_t)*b;
	return 0;
}

/* The digit's value, or one that is too large for any base. */
static int digit_value(char c)
{
	char lower = c | 0x20;

	if (c >= '0' && c <= '9')
		return c - '0';
	return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
}

static bool has_hex_prefix(const char *s)
{
	return s[0] == '0' && (s[1] | 0x20) == 'x' && digit_value(s[2]) < 16;
}

long strtol(const char *s, char **endptr, int base)
{
	const char *p = s;
	const char *number;
	unsigned long value = 0;
	bool negative;

	while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		p++;
	negative = *p == '-';
	p += *p == '-' || *p == '+';
	if ((base == 0 || base == 16) && has_hex_prefix(p))
		base = 16, p += 2;
	else if (base == 0)
		base = *p == '0' ? 8 : 10;

	for (number = p; digit_value(*p) < base; p++)
		value = value * base + digit_value(*p);
	if (endptr)
		*endptr = (char *)(p == number ? s : p);
	return negative ? -value : value;
}
