/* SPDX-License-Identifier: MIT */
/*
 * Connects to an echo server, sends a line and prints what comes back.
 *
 *	echotest [address [port]]
 */
#include <inc/lib.h>
#include <lwip/inet.h>
#include <lwip/sockets.h>

static const char line[] = "Hello world!\n";

static void fail(const char *what, int r)
{
	cprintf("echotest: %s: %e\n", what, r);
	exit();
}

void umain(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "10.0.2.15";
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(argc > 2 ? strtol(argv[2], NULL, 10) : 10000),
				     .sin_addr.s_addr = inet_addr(address) };
	char answer[sizeof(line)];
	int s, r;

	binaryname = "echotest";
	cprintf("Connecting to %s:%d\n", address, ntohs(there.sin_port));
	if ((s = socket(PF_INET, SOCK_STREAM, IPPROTO_TCP)) < 0)
		fail("socket", s);
	if ((r = connect(s, (struct sockaddr *)&there, sizeof(there))) < 0)
		fail("connect", r);
	cprintf("connected to server\n");
	if ((r = write(s, line, strlen(line))) != (int)strlen(line))
		fail("write", r);
	cprintf("Received: \n");
	if ((r = readn(s, answer, strlen(line))) < 0)
		fail("read", r);
	cprintf("%.*s\n", r, answer);
	close(s);
}
