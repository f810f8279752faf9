/* SPDX-License-Identifier: MIT */
/*
 * Open-loop load: requests become due at random times of a fixed mean rate (a Poisson process), whether or not earlier
 * ones have been answered, and each latency counts from the time when the request was due. So a server that stalls
 * is charged for all who had to wait meanwhile: nothing is omitted.
 *
 *	openloop HOST PORT PATH CONNECTIONS RATE SECONDS
 *
 * A request that finds no idle connection waits here, in order, for one. What has not been answered half a second
 * after the last was due counts with the time that it has waited until then, so that those who are never answered are
 * not left out of the percentiles. Prints one line of JSON, in microseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

enum { ANSWER_ROOM = 1 << 16, EVENTS = 64 };

struct conn {
	int fd;
	uint64_t due;        /* of the request on its way; 0: idle */
	size_t got, length;
	struct conn *next_idle;
	char *in;
};

static struct {
	const char *host;
	uint16_t port;
	char *request;
	size_t request_len;
	int epoll;
	struct conn *idle;
	uint64_t *due;       /* the whole schedule */
	size_t ndue, next;   /* next: the first that has not been sent */
	size_t on_the_way;
	size_t in_time;      /* answers before the last request was due */
	uint64_t last;
	struct samples samples;
	struct samples lost; /* due times of requests whose connection broke */
	struct conn *conns;
	int nconns;
} load;

static void open_conn(struct conn *c)
{
	c->fd = dial(load.host, load.port);
	if (c->fd < 0)
		die("connect");
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &e);
	c->next_idle = load.idle;
	load.idle = c;
}

/* The times between requests are exponentially distributed; the same seed for everybody. */
static void make_schedule(double rate, double seconds, uint64_t start)
{
	double t = 0;
	size_t room = rate * seconds * 2 + 100;

	srand48(2014);
	load.due = malloc(room * sizeof(*load.due));
	if (!load.due)
		die("memory for the schedule");
	while ((t -= log(1 - drand48()) / rate) < seconds && load.ndue < room)
		load.due[load.ndue++] = start + t * NS_PER_S;
}

static void send_due(uint64_t now)
{
	while (load.idle && load.next < load.ndue && load.due[load.next] <= now) {
		struct conn *c = load.idle;
		load.idle = c->next_idle;
		c->due = load.due[load.next++];
		c->got = c->length = 0;
		load.on_the_way++;
		if (send(c->fd, load.request, load.request_len, MSG_NOSIGNAL) != (ssize_t)load.request_len)
			errno = 0;      /* the reader of this connection will see its end */
	}
}

static void forget_idle(struct conn *c)
{
	struct conn **place = &load.idle;

	while (*place && *place != c)
		place = &(*place)->next_idle;
	if (*place)
		*place = c->next_idle;
}

/* The connection broke: its request, if it had one, is lost; a new connection takes its place. */
static void replace(struct conn *c)
{
	forget_idle(c);
	if (c->due) {
		samples_add(&load.lost, c->due);
		load.on_the_way--;
	}
	c->due = 0;
	close(c->fd);
	open_conn(c);
}

static void receive(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->got, ANSWER_ROOM - c->got, MSG_DONTWAIT);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			replace(c);
		return;
	}
	c->got += n;
	c->in[c->got] = 0;
	if (!c->length)
		c->length = answer_length(c->in, c->got);
	if (!c->length || c->got < c->length)
		return;
	uint64_t now = now_ns();
	samples_add(&load.samples, now - c->due);
	load.in_time += now <= load.last;
	load.on_the_way--;
	c->due = 0;
	c->next_idle = load.idle;
	load.idle = c;
}

static uint64_t next_moment(uint64_t end)
{
	return load.idle && load.next < load.ndue ? load.due[load.next] : end;
}

static void wait_for_answers(uint64_t until)
{
	struct epoll_event events[EVENTS];
	struct pollfd p = { .fd = load.epoll, .events = POLLIN };
	uint64_t now = now_ns(), ns = until > now ? until - now : 0;
	struct timespec t = { ns / NS_PER_S, ns % NS_PER_S };

	if (ppoll(&p, 1, &t, NULL) <= 0)
		return;
	int n = epoll_wait(load.epoll, events, EVENTS, 0);
	for (int i = 0; i < n; i++)
		receive(events[i].data.ptr);
}

static void run(double seconds, uint64_t start)
{
	uint64_t end = start + (seconds + 0.5) * NS_PER_S, now;

	load.last = start + seconds * NS_PER_S;
	while ((now = now_ns()) < end && (load.next < load.ndue || load.on_the_way)) {
		send_due(now);
		wait_for_answers(next_moment(end));
	}
}

static void open_all(int n)
{
	load.conns = calloc(n, sizeof(*load.conns));
	load.nconns = n;
	load.epoll = epoll_create1(0);
	for (int i = 0; load.conns && i < n; i++) {
		load.conns[i].in = malloc(ANSWER_ROOM + 1);
		if (!load.conns[i].in)
			die("memory for connections");
		open_conn(&load.conns[i]);
	}
}

/* Those that were not answered: on their way, lost, or not even sent. How many. */
static size_t count_waiting(uint64_t now)
{
	size_t before = load.samples.n;

	for (int i = 0; i < load.nconns; i++) {
		if (load.conns[i].due)
			samples_add(&load.samples, now - load.conns[i].due);
	}
	for (size_t i = 0; i < load.lost.n; i++)
		samples_add(&load.samples, now - load.lost.ns[i]);
	for (size_t i = load.next; i < load.ndue; i++)
		samples_add(&load.samples, now - load.due[i]);
	return load.samples.n - before;
}

int main(int argc, char **argv)
{
	if (argc != 7) {
		fprintf(stderr, "usage: openloop HOST PORT PATH CONNECTIONS RATE SECONDS\n");
		return 1;
	}
	double rate = atof(argv[5]), seconds = atof(argv[6]);
	load.host = argv[1];
	load.port = atoi(argv[2]);
	load.request_len = asprintf(&load.request, HTTP_REQUEST, argv[3], argv[1]);
	precise_sleep();
	open_all(atoi(argv[4]));
	uint64_t start = now_ns();
	make_schedule(rate, seconds, start);
	run(seconds, start);
	uint64_t now = now_ns();
	size_t unanswered = count_waiting(now);
	printf("{\"offered\": %.1f, \"due\": %zu, \"answered_in_time\": %zu, \"unanswered\": %zu, ", rate, load.ndue,
	       load.in_time, unanswered);
	samples_print(&load.samples, (now - start) / 1e9);
	printf("}\n");
	return 0;
}
