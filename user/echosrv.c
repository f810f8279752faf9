/* SPDX-License-Identifier: MIT */
/*
 * Sends back what it receives on TCP port 7. One client after the other; with a number as argument, that many
 * environments serve a client each.
 *
 *	echosrv [environments]
 */
#include <inc/lib.h>
#include <lwip/inet.h>
#include <lwip/sockets.h>

enum { PORT = 7, BACKLOG = 64 };

static char buffer[PGSIZE];

static void fail(const char *what, int r)
{
	cprintf("echosrv: %s: %e\n", what, r);
	exit();
}

static int open_port(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_ANY) };
	int s = socket(PF_INET, SOCK_STREAM, IPPROTO_TCP), r;

	if (s < 0)
		fail("socket", s);
	cprintf("opened socket\n");
	cprintf("trying to bind\n");
	if ((r = bind(s, (struct sockaddr *)&here, sizeof(here))) < 0)
		fail("bind", r);
	if ((r = listen(s, BACKLOG)) < 0)
		fail("listen", r);
	cprintf("bound\n");
	return s;
}

static void echo(int client)
{
	ssize_t n;

	while ((n = read(client, buffer, sizeof(buffer))) > 0)
		if (write(client, buffer, n) != n)
			break;
	close(client);
}

static void serve(int s)
{
	for (;;) {
		struct sockaddr_in peer;
		socklen_t len = sizeof(peer);
		int client = accept(s, (struct sockaddr *)&peer, &len);

		if (client >= 0)
			echo(client);
		else if (client != -E_ABORTED && client != -E_RESET)
			fail("accept", client);
	}
}

void umain(int argc, char **argv)
{
	int environments = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
	int s = open_port();

	binaryname = "echosrv";
	while (--environments > 0)
		if (fork() == 0)
			break;
	serve(s);
}
