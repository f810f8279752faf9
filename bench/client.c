/* SPDX-License-Identifier: MIT */
/* What the bench's own clients share: client.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The kernel may let any wait last 50 us longer than asked, so as to wake several threads at once. */
void precise_sleep(void) { prctl(PR_SET_TIMERSLACK, 1ul); }

void die(const char *what)
{
	fprintf(stderr, "%s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
	exit(1);
}

int dial(const char *host, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || inet_pton(AF_INET, host, &to.sin_addr) != 1)
		die("not an IPv4 address");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

void samples_add(struct samples *s, uint64_t ns)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 1 << 16;
		s->ns = realloc(s->ns, s->room * sizeof(*s->ns));
		if (!s->ns)
			die("memory for samples");
	}
	s->ns[s->n++] = ns;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The smallest sample that at least this part of all samples does not exceed, in microseconds. */
static double percentile(const struct samples *s, double percent)
{
	size_t rank = s->n * percent / 100.0;

	return s->ns[rank < s->n ? rank : s->n - 1] / 1e3;
}

void samples_print(struct samples *s, double seconds)
{
	printf("\"count\": %zu, \"seconds\": %.6f", s->n, seconds);
	if (s->n == 0)
		return;
	qsort(s->ns, s->n, sizeof(*s->ns), by_size);
	printf(", \"rate\": %.3f, \"min\": %.3f, \"p50\": %.3f, \"p90\": %.3f, ", s->n / seconds, percentile(s, 0),
	       percentile(s, 50), percentile(s, 90));
	printf("\"p99\": %.3f, \"p99.9\": %.3f, \"max\": %.3f", percentile(s, 99), percentile(s, 99.9),
	       percentile(s, 100));
}

static const char *header(const char *head, const char *end, const char *name)
{
	for (const char *line = strstr(head, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n")) {
		if (!strncasecmp(line + 2, name, strlen(name)))
			return line + 2 + strlen(name);
	}
	return NULL;
}

size_t answer_length(const char *bytes, size_t n)
{
	const char *end = memmem(bytes, n, "\r\n\r\n", 4);

	if (!end)
		return 0;
	errno = 0;
	if (strncmp(bytes, "HTTP/1.", 7) || strncmp(bytes + 8, " 200", 4))
		die("the answer is not 200");
	const char *length = header(bytes, end, "Content-Length:");
	if (!length)
		die("the answer does not tell its length");
	return end + 4 - bytes + strtoul(length, NULL, 10);
}
