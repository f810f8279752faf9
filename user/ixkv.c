/* SPDX-License-Identifier: MIT */
/*
 * A memcached server on the dataplane (inc/kv_server.h).
 *
 *	ixkv [-i nic] [-p port] [-m MB for items] [-c most connections] [-t threads]
 *
 * Without -m it takes what memory allows, 64 MB at most. The boot argument epoch= tells the Unix time at
 * boot, which nothing else knows here: without it, items that expire at a point in time never do.
 */
#include <inc/kv_server.h>
#include <inc/lib.h>

#define MB (1u << 20)
#define DEFAULT_MB 64
#define MOST_MB 96
#define MOST_NIC 7

static struct {
	unsigned nic, port, megabytes, max_conns, threads;
} options = { .port = KV_PORT, .megabytes = DEFAULT_MB, .threads = 1 };

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

static bool read_number(struct Argstate *args, unsigned min, unsigned max, unsigned *value)
{
	char *text = argvalue(args), *end = text;
	long number = text ? strtol(text, &end, 10) : -1;

	if (number < (long)min || number > (long)max || end == text || *end)
		return false;
	*value = number;
	return true;
}

static bool read_arguments(int argc, char **argv)
{
	struct Argstate args;
	int flag;
	bool good = true;

	argstart(&argc, argv, &args);
	while (good && (flag = argnext(&args)) >= 0) {
		if (flag == 'i')
			good = read_number(&args, 0, MOST_NIC, &options.nic);
		else if (flag == 'p')
			good = read_number(&args, 1, 65535, &options.port);
		else if (flag == 'm')
			good = read_number(&args, 1, MOST_MB, &options.megabytes);
		else if (flag == 'c')
			good = read_number(&args, 1, 0x7fffffff, &options.max_conns);
		else if (flag == 't')
			good = read_number(&args, 1, IX_NTHREADS, &options.threads);
		else
			good = false;
	}
	return good && argc <= 1;
}

void umain(int argc, char **argv)
{
	int r;

	binaryname = "ixkv";
	if (!read_arguments(argc, argv)) {
		cprintf("usage: ixkv [-i nic] [-p port] [-m MB for items] [-c most connections] [-t threads]\n");
		return;
	}
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
