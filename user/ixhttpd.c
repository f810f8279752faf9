/* SPDX-License-Identifier: MIT */
/*
 * A web server on the dataplane: the file server's files by HTTP/1.1 and 1.0 (inc/http_server.h).
 *
 *	ixhttpd [-i nic] [-p port] [-c most connections] [-t threads] [-v]
 */
#include <inc/http_server.h>
#include <inc/http_store.h>
#include <inc/ixopt.h>
#include <inc/lib.h>

#define HEAP_SIZE (16 << 20)

static struct {
	unsigned nic, port, max_conns, threads, verbose;
} options = { .port = 80, .threads = 1 };

static const struct ix_option flags[] = {
	IX_OPT_NIC(&options.nic), IX_OPT_PORT(&options.port), IX_OPT_CONNS(&options.max_conns), IX_OPT_THREADS(&options.threads),
	{ 'v', NULL, &options.verbose, 0, 0 },
};

/* With as much send heap as memory allows. */
static int attach(void)
{
	int r = -E_NO_MEM;

	ixev_init(http_server(options.max_conns, options.verbose));
	for (uint32_t size = HEAP_SIZE; size >= IX_HEAP_UNIT && r == -E_NO_MEM; size /= 2)
		r = ixev_attach(IX_ANY_CPU, &(struct ix_config){ .nic = options.nic, .heap_size = size });
	return r;
}

static int start(void)
{
	int r;

	if ((r = attach()) < 0 || (r = http_store_init()) < 0)
		return r;
	if ((r = ixev_listen(options.port)) < 0 || options.threads == 1)
		return r;
	return ixev_start_threads(options.threads);
}

static void announce(void)
{
	const struct ix_config *config = ix_config();
	uint32_t ip = config->ip;
	char url[128];

	cprintf("ixhttpd: %d.%d.%d.%d:%u on CPU %d\n", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255,
		options.port, config->cpu);
	if (sys_bootarg("url", url, sizeof(url)) >= 0)
		cprintf("ixhttpd: ready at %s\n", url);
	cprintf("Press Ctrl-a x to quit.\n");
}

void umain(int argc, char **argv)
{
	int r;

	binaryname = "ixhttpd";
	if (!ix_read_options(argc, argv, flags, ARRAY_SIZE(flags)))
		return;
	if ((r = start()) < 0) {
		cprintf("ixhttpd: cannot start: %e\n", r);
		return;
	}
	announce();
	while ((r = ixev_wait()) >= 0)
		;
	cprintf("ixhttpd: %e\n", r);
}
