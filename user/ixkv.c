/* SPDX-License-Identifier: MIT */
/*
 * A memcached server on the dataplane (inc/kv_server.h).
 *
 *	ixkv [-i nic] [-p port] [-m MB for items] [-c most connections] [-t threads]
 *
 * Without -m it takes what memory allows, 64 MB at most. The boot argument epoch= tells the Unix time at
 * boot, which nothing else knows here: without it, items that expire at a point in time never do.
 */
#include <inc/ixopt.h>
#include <inc/kv_server.h>
#include <inc/lib.h>

#define MB (1u << 20)
#define DEFAULT_MB 64
#define MOST_MB 96

static struct {
	unsigned nic, port, megabytes, max_conns, threads;
} options = { .port = KV_PORT, .megabytes = DEFAULT_MB, .threads = 1 };

static const struct ix_option flags[] = {
	IX_OPT_NIC(&options.nic), IX_OPT_PORT(&options.port), { 'm', "MB for items", &options.megabytes, 1, MOST_MB },
	IX_OPT_CONNS(&options.max_conns), IX_OPT_THREADS(&options.threads),
};

static uint32_t limit; /* bytes for items */

/* The heap has a quarter more, for connections and what they queue, or half as much as memory allows. */
static int attach(void)
{
	int r = -E_NO_MEM;

	ixev_init(kv_server(options.max_conns));
	for (limit = options.megabytes * MB; limit >= MB && r == -E_NO_MEM; limit /= 2) {
		uint32_t size = limit + MAX(limit / 4, (uint32_t)IX_HEAP_UNIT);
		r = ixev_attach(IX_ANY_CPU, &(struct ix_config){ .nic = options.nic, .heap_size = size });
		if (r == 0)
			break;
	}
	return r;
}

static uint32_t epoch_now(void)
{
	char text[16];

	if (sys_bootarg("epoch", text, sizeof(text)) < 0)
		return 0;
	return strtol(text, NULL, 10) + sys_time_msec() / 1000;
}

static int start(void)
{
	int r;

	if ((r = attach()) < 0 || (r = kv_server_start(limit, epoch_now())) < 0)
		return r;
	if ((r = ixev_listen(options.port)) < 0 || options.threads == 1)
		return r;
	return ixev_start_threads(options.threads);
}

void umain(int argc, char **argv)
{
	int r;

	binaryname = "ixkv";
	if (!ix_read_options(argc, argv, flags, ARRAY_SIZE(flags)))
		return;
	if ((r = start()) < 0) {
		cprintf("ixkv: cannot start: %e\n", r);
		return;
	}
	uint32_t ip = ix_config()->ip;
	cprintf("ixkv: %d.%d.%d.%d:%u on CPU %d, %u MB for items\n", ip >> 24, ip >> 16 & 255, ip >> 8 & 255,
		ip & 255, options.port, ix_config()->cpu, limit / MB);
	while ((r = ixev_wait()) >= 0)
		;
	cprintf("ixkv: %e\n", r);
}
