/* SPDX-License-Identifier: MIT */
/*
 * What the bench's own clients share: time, connections, and exact percentiles. A client measures on one thread,
 * keeps every sample, and prints one line of JSON. What goes wrong ends it with a message and status 1.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_S 1000000000ull
#define HTTP_REQUEST "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive\r\n\r\n" /* of a page, from a host */

/* Latencies in nanoseconds, all of them. */
struct samples {
	uint64_t *ns;
	size_t n, room;
};

uint64_t now_ns(void);                    /* a clock that nobody sets */
void precise_sleep(void);                 /* once, at the start: let this thread's waits end when they should */
void die(const char *what);               /* with the reason that errno names, if it names one */
int dial(const char *host, uint16_t port); /* a TCP connection without Nagle's delay */

void samples_add(struct samples *s, uint64_t ns);
void samples_print(struct samples *s, double seconds); /* as members of a JSON object, without braces; sorts */

/* The length of a whole HTTP answer, head and body, of which the first n bytes are here; 0: not known yet. */
size_t answer_length(const char *bytes, size_t n);

#endif
