/* SPDX-License-Identifier: MIT */
/*
 * Several threads use files, programs and sockets at the same time, each its own: what comes back must be what each has sent.
 *
 *	threadio port		an echo server on 10.0.2.2
 */
#include <lwip/inet.h>
#include <lwip/sockets.h>

#include <user/hostile.h>

#define NTHREADS 4
#define ROUNDS 4
#define BYTES 9000 /* more than two blocks of a file, or pages */

static volatile uint32_t mistakes, done;
static int port;

static void must(int got, int want, const char *what)
{
	if (got == want)
		return;
	__atomic_fetch_add(&mistakes, 1, __ATOMIC_RELAXED);
	cprintf("threadio: %s gives %d, not %d\n", what, got, want);
}

static void fill(char *bytes, uint32_t seed)
{
	for (int i = 0; i < BYTES; i++)
		bytes[i] = (seed = seed * 1664525 + 1013904223) >> 24;
}

/* All of it; a socket gives it in pieces. */
static void compare(int fd, const char *want, const char *what)
{
	char *got = malloc(BYTES);

	must(got != NULL, true, "malloc");
	must(readn(fd, got, BYTES), BYTES, what);
	must(memcmp(got, want, BYTES), 0, what);
	free(got);
}

static void use_file(const char *bytes, int who)
{
	char path[16];

	snprintf(path, sizeof(path), "/threadio%d", who);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC);
	must(fd >= 0, true, "open");
	must(write(fd, bytes, BYTES), BYTES, "write to a file");
	must(seek(fd, 0), 0, "seek");
	compare(fd, bytes, "read from a file");
	must(close(fd), 0, "close of a file");
	must(remove(path), 0, "remove");
}

/* Lines of several may mix on the console, words do not. */
static void use_program(int who, int round)
{
	char word[16];

	snprintf(word, sizeof(word), "<%d.%d>", who, round);
	envid_t child = spawnl("/echo", "echo", word, NULL);
	must(child > 0, true, "spawn");
	wait(child);
}

static void use_socket(const char *bytes)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr("10.0.2.2") };
	int fd = socket(PF_INET, SOCK_STREAM, IPPROTO_TCP);

	must(fd >= 0, true, "socket");
	must(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0, "connect");
	must(write(fd, bytes, BYTES), BYTES, "write to a socket");
	compare(fd, bytes, "read from a socket");
	must(close(fd), 0, "close of a socket");
}

static void work(void *arg)
{
	int who = (int)arg;
	char *bytes = malloc(BYTES);

	must(bytes != NULL, true, "malloc");
	for (int round = 0; round < ROUNDS && bytes && !mistakes; round++) {
		fill(bytes, who * ROUNDS + round);
		use_file(bytes, who);
		use_socket(bytes);
		use_program(who, round);
	}
	free(bytes);
	__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
}

void umain(int argc, char **argv)
{
	envid_t id[NTHREADS];

	binaryname = "threadio";
	if (argc != 2) {
		cprintf("usage: threadio port\n");
		return;
	}
	port = strtol(argv[1], NULL, 10);
	opencons();
	dup(0, 1); /* for the programs that are started: else 1 would be somebody's file */
	for (int i = 0; i < NTHREADS; i++)
		must(thread_create(work, (void *)i, &id[i]), 0, "thread_create");
	for (int i = 0; i < NTHREADS; i++)
		thread_join(id[i]);
	must(done, NTHREADS, "how many threads came to their end");
	cprintf("threadio: %s\n", mistakes ? "FAILED" : "all is well");
}
