/* SPDX-License-Identifier: MIT */
/*
 * One connection, one message on its way at a time: every round trip is timed, and none is left out.
 *
 *	pingpong HOST PORT echo BYTES SECONDS     sends so many bytes, waits until as many have come back
 *	pingpong HOST PORT http PATH SECONDS      sends a GET on the kept connection, waits for the whole answer
 *
 * The first tenth of the time, at most 0.2 s, warms up and is not counted. Prints one line of JSON, in microseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client.h"

enum { PATIENCE_MS = 10000 };

static struct {
	char *out;       /* what is sent each time */
	size_t out_len;
	char *in;
	size_t in_len;   /* how much comes back; 0: as the first answer says */
	size_t in_room;
} message;

/* Move what the socket takes and gives without waiting. Both directions: a large message does not fit into buffers. */
static void move(int fd, short events, size_t *sent, size_t *got)
{
	ssize_t n;

	if (events & POLLOUT) {
		n = send(fd, message.out + *sent, message.out_len - *sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			die("send");
		*sent += n > 0 ? n : 0;
	}
	if (events & (POLLIN | POLLHUP | POLLERR)) {
		n = recv(fd, message.in + *got, message.in_room - *got, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			errno = n ? errno : 0;
			die("the server ended the connection");
		}
		*got += n > 0 ? n : 0;
	}
}

static bool is_whole(size_t got)
{
	if (!message.in_len)
		message.in_len = answer_length(message.in, got);
	return message.in_len && got >= message.in_len;
}

static void round_trip(int fd)
{
	size_t sent = 0, got = 0;

	move(fd, POLLOUT, &sent, &got);
	while (sent < message.out_len || !is_whole(got)) {
		struct pollfd p = { .fd = fd, .events = POLLIN | (sent < message.out_len ? POLLOUT : 0) };
		errno = 0;
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			die("no answer");
		move(fd, p.revents, &sent, &got);
	}
}

static void measure(int fd, double seconds)
{
	struct samples s = { 0 };
	uint64_t warm = seconds < 2 ? seconds * NS_PER_S / 10 : NS_PER_S / 5;
	uint64_t begin = now_ns() + warm, t = now_ns(), end = begin + seconds * NS_PER_S;

	while (t < begin) {
		round_trip(fd);
		t = now_ns();
	}
	begin = t;
	while (t < end || s.n == 0) {
		round_trip(fd);
		uint64_t after = now_ns();
		samples_add(&s, after - t);
		t = after;
	}
	printf("{\"bytes\": %zu, ", message.in_len);
	samples_print(&s, (t - begin) / 1e9);
	printf("}\n");
}

static void prepare(const char *host, const char *kind, const char *what)
{
	if (!strcmp(kind, "echo")) {
		message.out_len = message.in_len = strtoul(what, NULL, 10);
		message.out = malloc(message.out_len);
		message.in_room = message.in_len;
	} else {
		message.out_len = asprintf(&message.out, HTTP_REQUEST, what, host);
		message.in_room = 4 << 20;
	}
	message.in = calloc(1, message.in_room + 1);
	if (!message.out || !message.in || !message.in_room || !message.out_len)
		die("not a message that can be sent");
	if (!strcmp(kind, "echo"))
		memset(message.out, 'x', message.out_len);
}

int main(int argc, char **argv)
{
	if (argc != 6 || (strcmp(argv[3], "echo") && strcmp(argv[3], "http"))) {
		fprintf(stderr, "usage: pingpong HOST PORT echo BYTES SECONDS | pingpong HOST PORT http PATH SECONDS\n");
		return 1;
	}
	precise_sleep();
	prepare(argv[1], argv[3], argv[4]);
	int fd = dial(argv[1], atoi(argv[2]));
	if (fd < 0)
		die("connect");
	measure(fd, atof(argv[5]));
	return 0;
}
