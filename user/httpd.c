/* SPDX-License-Identifier: MIT */
/*
 * A web server over lab 6's network server: GET of the file server's files, a connection for each request.
 *
 *	httpd [-k] [-c] [-w workers]
 *
 *	-k  connections are kept, as HTTP/1.1 has it
 *	-c  files are kept in memory once they were read
 *	-w  how many environments serve clients, one each at a time (1; with -k, 64)
 */
#include <lwip/inet.h>
#include <lwip/sockets.h>

#include "parts/httpd/httpd.h"

enum { PORT = 80, BACKLOG = 128, KEPT_WORKERS = 64, WORKERS_MAX = 512 };

struct options options;

static void die(const char *what, int r)
{
	cprintf("httpd: %s: %e\n", what, r);
	exit();
}

static int open_port(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_ANY) };
	int s, r;

	if ((s = socket(PF_INET, SOCK_STREAM, IPPROTO_TCP)) < 0)
		die("socket", s);
	if ((r = bind(s, (struct sockaddr *)&here, sizeof(here))) < 0)
		die("bind", r);
	if ((r = listen(s, BACKLOG)) < 0)
		die("listen", r);
	return s;
}

static void serve(int s)
{
	for (;;) {
		struct sockaddr_in peer;
		socklen_t len = sizeof(peer);
		int client = accept(s, (struct sockaddr *)&peer, &len);

		if (client >= 0)
			serve_client(client);
		else if (client != -E_ABORTED && client != -E_RESET && client != -E_MAX_OPEN)
			die("accept", client);
	}
}

static bool read_arguments(int argc, char **argv)
{
	struct Argstate args;
	int flag;

	argstart(&argc, argv, &args);
	while ((flag = argnext(&args)) >= 0) {
		if (flag == 'k')
			options.keep_alive = true;
		else if (flag == 'c')
			options.cache = true;
		else if (flag == 'w' && argvalue(&args))
			options.workers = strtol(argvalue(&args), NULL, 10);
		else
			return false;
	}
	if (options.workers == 0)
		options.workers = options.keep_alive ? KEPT_WORKERS : 1;
	return argc <= 1 && options.workers > 0 && options.workers <= WORKERS_MAX;
}

/* Workers share the listening socket, and whoever is free gets the next client. */
static void start_workers(int n)
{
	while (--n > 0) {
		envid_t child = fork();
		if (child == 0)
			return;
		if (child < 0)
			die("fork", child);
	}
}

void umain(int argc, char **argv)
{
	char url[128];

	binaryname = "jhttpd";
	if (!read_arguments(argc, argv)) {
		cprintf("usage: httpd [-k] [-c] [-w workers]\n");
		return;
	}
	int s = open_port();
	cprintf("Waiting for http connections...\n");
	if (sys_bootarg("url", url, sizeof(url)) >= 0)
		cprintf("httpd: ready at %s\n", url);
	start_workers(options.workers);
	serve(s);
}
