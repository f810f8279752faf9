/* SPDX-License-Identifier: MIT */
/*
 * Formatted text, for the kernel and for programs: everything ends in vprintfmt, which hands out characters
 * one by one.
 *
 *	%[flags][width][.precision][l|ll]conversion
 *
 * Width or precision may be `*`: then it is an argument. The flags are - (pad on the right), 0 (pad a number
 * with zeros) and # (in %s, show unprintable bytes as ?). The conversions:
 *
 *	c  a character          s  a string, at most `precision` bytes
 *	d u o x  a number, with at least `precision` digits
 *	p  an address           e  the name of an error number of either sign
 *	%  itself               anything else is copied as it stands
 *
 * 64-bit numbers are divided in 16-bit steps, because neither the kernel nor libjos is linked with libgcc.
 */
#include <inc/error.h>
#include <inc/stdio.h>
#include <inc/string.h>

/* Where characters go, and what the conversion at hand asks for. */
struct format {
	void (*putch)(int, void *);
	void *putdat;
	bool left, zeros, printable;
	int width;
	int precision; /* negative: none */
	int longs;     /* how many `l` */
};

static const char *const error_names[] = {
#define ERROR_NAME(number, name, text) [number] = text,
	JOS_ERRORS(ERROR_NAME)
#undef ERROR_NAME
};

static void put(struct format *f, char c)
{
	f->putch((uint8_t)c, f->putdat);
}

static void pad(struct format *f, char c, int count)
{
	while (count-- > 0)
		put(f, c);
}

/* `len` bytes of text, in a field of the width asked for. */
static void put_field(struct format *f, const char *text, int len)
{
	int room = f->width - len;

	if (!f->left)
		pad(f, ' ', room);
	for (const char *end = text + len; text != end; text++)
		put(f, f->printable && (*text < ' ' || *text > '~') ? '?' : *text);
	if (f->left)
		pad(f, ' ', room);
}

static void put_string(struct format *f, const char *s)
{
	if (s == NULL)
		s = "(null)";
	put_field(f, s, f->precision < 0 ? strlen(s) : strnlen(s, f->precision));
}

static void put_error(struct format *f, int number)
{
	char unknown[24];
	unsigned index = number < 0 ? -(unsigned)number : (unsigned)number;

	if (index < ARRAY_SIZE(error_names) && error_names[index]) {
		put_string(f, error_names[index]);
		return;
	}
	snprintf(unknown, sizeof(unknown), "error %d", number);
	put_string(f, unknown);
}

/* Divide *n by `divisor` (at most 16 bits); the remainder. */
static unsigned divide(uint64_t *n, unsigned divisor)
{
	uint64_t quotient = 0;
	uint32_t rest = 0;

	if (*n >> 32 == 0) {
		rest = (uint32_t)*n % divisor;
		*n = (uint32_t)*n / divisor;
		return rest;
	}
	for (int shift = 48; shift >= 0; shift -= 16) {
		uint32_t part = rest << 16 | ((uint32_t)(*n >> shift) & 0xffff);
		quotient = quotient << 16 | part / divisor;
		rest = part % divisor;
	}
	*n = quotient;
	return rest;
}

/* A number behind `prefix` (a sign, or 0x). */
static void put_number(struct format *f, const char *prefix, uint64_t n, unsigned base)
{
	char digits[24]; /* 2^64 has 22 octal digits */
	char *first = digits + sizeof(digits);
	int ndigits, nprefix = strlen(prefix), nzeros, room;

	while (n != 0)
		*--first = "0123456789abcdef"[divide(&n, base)];
	ndigits = digits + sizeof(digits) - first;

	nzeros = (f->precision < 0 ? 1 : f->precision) - ndigits;
	if (f->zeros && !f->left && f->precision < 0)
		nzeros = MAX(nzeros, f->width - nprefix - ndigits);
	room = f->width - nprefix - MAX(nzeros, 0) - ndigits;

	if (!f->left)
		pad(f, ' ', room);
	while (*prefix)
		put(f, *prefix++);
	pad(f, '0', nzeros);
	for (; ndigits > 0; ndigits--)
		put(f, *first++);
	if (f->left)
		pad(f, ' ', room);
}

/* Digits, or a `*`: *value is set and the place behind them returned. */
static const char *parse_count(const char *p, int *value, va_list *ap)
{
	if (*p == '*') {
		*value = va_arg(*ap, int);
		return p + 1;
	}
	for (*value = 0; *p >= '0' && *p <= '9'; p++)
		*value = *value * 10 + (*p - '0');
	return p;
}

/* All between the % and the conversion letter; returns the place of that letter. */
static const char *parse_spec(struct format *f, const char *p, va_list *ap)
{
	f->left = f->zeros = f->printable = false;
	for (;; p++) {
		if (*p == '-')
			f->left = true;
		else if (*p == '0')
			f->zeros = true;
		else if (*p == '#')
			f->printable = true;
		else
			break;
	}

	p = parse_count(p, &f->width, ap);
	if (f->width < 0) {
		f->left = true;
		f->width = -f->width;
	}
	f->precision = -1;
	if (*p == '.')
		p = parse_count(p + 1, &f->precision, ap);
	for (f->longs = 0; *p == 'l'; p++)
		f->longs++;
	return p;
}

static uint64_t next_unsigned(struct format *f, va_list *ap)
{
	if (f->longs >= 2)
		return va_arg(*ap, unsigned long long);
	return f->longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned);
}

static int64_t next_signed(struct format *f, va_list *ap)
{
	if (f->longs >= 2)
		return va_arg(*ap, long long);
	return f->longs ? va_arg(*ap, long) : va_arg(*ap, int);
}

static void put_signed(struct format *f, int64_t n)
{
	put_number(f, n < 0 ? "-" : "", n < 0 ? -(uint64_t)n : (uint64_t)n, 10);
}

/* One conversion; false if there is none of that letter. */
static bool convert(struct format *f, char letter, va_list *ap)
{
	char c;

	switch (letter) {
	case 'c':
		c = va_arg(*ap, int);
		put_field(f, &c, 1);
		return true;
	case 's':
		put_string(f, va_arg(*ap, const char *));
		return true;
	case 'e':
		put_error(f, va_arg(*ap, int));
		return true;
	case 'd':
		put_signed(f, next_signed(f, ap));
		return true;
	case 'u':
		put_number(f, "", next_unsigned(f, ap), 10);
		return true;
	case 'o':
		put_number(f, "", next_unsigned(f, ap), 8);
		return true;
	case 'x':
		put_number(f, "", next_unsigned(f, ap), 16);
		return true;
	case 'p':
		put_number(f, "0x", (uintptr_t)va_arg(*ap, void *), 16);
		return true;
	case '%':
		put(f, '%');
		return true;
	default:
		return false;
	}
}

void vprintfmt(void (*putch)(int, void *), void *putdat, const char *fmt, va_list ap)
{
	struct format f = { .putch = putch, .putdat = putdat };
	const char *letter;
	va_list args; /* a parameter's address has another type where va_list is an array */

	va_copy(args, ap);
	for (; *fmt; fmt++) {
		if (*fmt == '%') {
			letter = parse_spec(&f, fmt + 1, &args);
			if (*letter && convert(&f, *letter, &args)) {
				fmt = letter;
				continue;
			}
		}
		put(&f, *fmt);
	}
	va_end(args);
}

void printfmt(void (*putch)(int, void *), void *putdat, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintfmt(putch, putdat, fmt, ap);
	va_end(ap);
}

/* A piece of memory that takes characters as long as there is room, and counts all of them. */
struct memory {
	char *next, *last;
	int count;
};

static void put_memory(int c, void *putdat)
{
	struct memory *m = putdat;

	m->count++;
	if (m->next != m->last)
		*m->next++ = c;
}

int vsnprintf(char *buf, int size, const char *fmt, va_list ap)
{
	struct memory m = { .next = buf, .last = buf + size - 1 };

	if (buf == NULL || size < 1)
		return -E_INVAL;
	vprintfmt(put_memory, &m, fmt, ap);
	*m.next = '\0';
	return m.count;
}

int snprintf(char *buf, int size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}
