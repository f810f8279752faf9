/* SPDX-License-Identifier: MIT */
/* Formatted text to a descriptor, a buffer full for each write, up to the first write that fails. */
#include <inc/lib.h>

struct output {
	int fdnum;
	int written; /* bytes that the descriptor took */
	int error;   /* of the write that failed, or 0 */
	int filled;
	char buffer[256];
};

static void drain(struct output *out)
{
	int done = 0;

	while (done < out->filled && out->error == 0) {
		ssize_t n = write(out->fdnum, out->buffer + done, out->filled - done);
		if (n > 0)
			done += n;
		else
			out->error = n < 0 ? n : -E_EOF;
	}
	out->written += done;
	out->filled = 0;
}

static void collect(int c, void *putdat)
{
	struct output *out = putdat;

	out->buffer[out->filled++] = c;
	if (out->filled == sizeof(out->buffer))
		drain(out);
}

int vfprintf(int fdnum, const char *fmt, va_list ap)
{
	struct output out;

	out.fdnum = fdnum;
	out.written = out.error = out.filled = 0;
	vprintfmt(collect, &out, fmt, ap);
	drain(&out);
	return out.written > 0 ? out.written : out.error;
}

int fprintf(int fdnum, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vfprintf(fdnum, fmt, ap);
	va_end(ap);
	return n;
}

int printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vfprintf(1, fmt, ap);
	va_end(ap);
	return n;
}
