/* SPDX-License-Identifier: MIT */
/*
 * Sockets as descriptors, between environments of this machine: all calls, data both ways, shared descriptors, errors; and
 * that sockets of environments that die without closing them are closed by the network server.
 */
#include <inc/lib.h>
#include <lwip/inet.h>
#include <lwip/sockets.h>

enum { PORT = 4711, BIG = 100000, ROUNDS = 8 };

static char data[BIG], copy[BIG];
static struct sockaddr_in here = { .sin_family = AF_INET };

#define CHECK(what) \
	do { if (!(what)) panic("%s:%d: not so: %s", __FILE__, __LINE__, #what); } while (0)

static int stream(void)
{
	int s = socket(PF_INET, SOCK_STREAM, IPPROTO_TCP);

	if (s < 0)
		panic("socket: %e", s);
	return s;
}

static int connected(void)
{
	int s = stream(), r = connect(s, (struct sockaddr *)&here, sizeof(here));

	if (r < 0)
		panic("connect: %e", r);
	return s;
}

static int listening(void)
{
	int s = stream();

	CHECK(bind(s, (struct sockaddr *)&here, sizeof(here)) == 0);
	CHECK(listen(s, 16) == 0);
	return s;
}

static int accepted(int s)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	int client = accept(s, (struct sockaddr *)&peer, &len);

	CHECK(client >= 0);
	CHECK(len == sizeof(peer) && peer.sin_addr.s_addr == here.sin_addr.s_addr);
	return client;
}

/* The child sends all and shuts its half; we send it back; it compares. */
static void both_ways(int s)
{
	if (fork() == 0) {
		int c = connected();
		CHECK(write(c, data, BIG) == BIG);
		CHECK(shutdown(c, SHUT_WR) == 0);
		CHECK(readn(c, copy, BIG) == BIG);
		CHECK(memcmp(copy, data, BIG) == 0);
		CHECK(read(c, copy, 1) == 0);
		close(c);
		exit();
	}
	int c = accepted(s);
	CHECK(readn(c, copy, BIG) == BIG && read(c, copy, 1) == 0);
	CHECK(memcmp(copy, data, BIG) == 0);
	CHECK(write(c, copy, BIG) == BIG);
	close(c);
	cprintf("data is good\n");
}

/* A descriptor that two hold is closed when both have closed it. */
static void shared(int s)
{
	envid_t child = fork();

	if (child == 0) {
		int c = connected(), other = dup(c, c + 5);
		CHECK(other == c + 5 && close(c) == 0);
		CHECK(write(other, "abc", 3) == 3);
		CHECK(read(other, copy, 3) == 3);
		exit();
	}
	struct Stat st;
	int c = accepted(s);
	CHECK(fstat(c, &st) == 0 && strcmp(st.st_name, "<sock>") == 0 && st.st_dev->dev_id == 's');
	CHECK(readn(c, copy, 3) == 3 && memcmp(copy, "abc", 3) == 0);
	CHECK(write(c, "xyz", 3) == 3);
	CHECK(read(c, copy, 1) == 0);
	close(c);
	wait(child);
	cprintf("sharing is good\n");
}

static void errors(int s)
{
	int c = stream();

	CHECK(bind(c, (struct sockaddr *)&here, sizeof(here)) == -E_IN_USE);
	CHECK(read(c, copy, 1) < 0 && write(c, "a", 1) < 0);
	CHECK(accept(c, NULL, NULL) < 0);
	CHECK(close(c) == 0 && close(c) == -E_INVAL && read(c, copy, 1) == -E_INVAL);
	CHECK(socket(PF_INET, 77, 0) < 0);
	CHECK(nsipc_close(1000000) < 0 && nsipc_recv(-5, copy, 10, 0) < 0);
	CHECK(seek(s, -1) == -E_INVAL && ftruncate(s, 0) == -E_NOT_SUPP);
	cprintf("errors are good\n");
}

/*
 * Each round one child dies waiting for a client, which the next connection must not be lost to, and another one
 * with an open connection, waiting for data.
 */
static void deaths(int s)
{
	for (int i = 0; i < ROUNDS; i++) {
		envid_t waits = fork();
		if (waits == 0) {
			accept(s, NULL, NULL);
			panic("accepted after death");
		}
		sys_sleep_until(sys_time_msec() + 5);
		sys_env_destroy(waits);

		envid_t reads = fork();
		if (reads == 0) {
			int c = connected();
			CHECK(write(c, "x", 1) == 1);
			read(c, copy, 1);
			panic("read after death");
		}
		int c = accepted(s);
		CHECK(read(c, copy, 1) == 1);
		sys_env_destroy(reads);
		CHECK(read(c, copy, 1) <= 0);
		close(c);
	}
	cprintf("deaths are good\n");
}

/* The server gives out the lowest free number: if all sockets came back, it is small. */
static void numbers(int s)
{
	int r;

	sys_sleep_until(sys_time_msec() + 1000);
	CHECK((r = nsipc_socket(PF_INET, SOCK_DGRAM, 0)) >= 0);
	CHECK(r == 1);
	CHECK(nsipc_close(r) == 0);
	close(s);
	cprintf("numbers are good\n");
}

void umain(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (int i = 0; i < BIG; i++)
		data[i] = i * 7 + i / 256;
	here.sin_port = htons(PORT);
	here.sin_addr.s_addr = inet_addr("10.0.2.15");
	int s = listening();
	errors(s);
	both_ways(s);
	shared(s);
	deaths(s);
	numbers(s);
	cprintf("socket tests passed\n");
}
