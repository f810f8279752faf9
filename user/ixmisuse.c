/* SPDX-License-Identifier: MIT */
/*
 * Each misuse of the dataplane's interface, once, and what doc/ABI.md says of it: system calls, then batched calls on
 * handles of every kind. A client must connect to port 7, twice, when asked for. One line for each group of misuses.
 */
#include "parts/ixmisuse/ixmisuse.h"

enum { WAIT_US = 100000 };

struct ix_config config;
int failures;
static int checks;

void expect(const char *what, int got, int want)
{
	checks++;
	if (got == want)
		return;
	failures++;
	cprintf("ixmisuse: FAILED: %s gives %d, not %d\n", what, got, want);
}

void group(const char *name)
{
	cprintf("ixmisuse: %s %s: %d misuses\n", failures ? "FAILED" : "OK", name, checks);
	checks = 0;
}

/* ---- Batched calls ---- */

static struct ix_event news[64];
static uint32_t nnews;

void run(uint32_t ncalls, uint32_t timeout_us)
{
	int n = sys_run_io(ncalls, timeout_us);

	if (n < 0)
		panic("run_io: %e", n);
	for (int i = 0; i < n && nnews < ARRAY_SIZE(news); i++)
		news[nnews++] = IX_EVENTS(0)[i];
}

int call(struct ix_call c)
{
	*IX_CALLS(0) = c;
	run(1, 0);
	return IX_CALLS(0)->result;
}

int call_on(enum ix_op op, ix_handle_t h, uint32_t a, uint32_t b)
{
	return call((struct ix_call){ .op = op, .handle = h, .arg = { a, b } });
}

struct ix_event await(enum ix_ev type)
{
	for (int tries = 0; tries < 200; tries++) {
		for (uint32_t i = 0; i < nnews; i++) {
			if (news[i].type == (uint32_t)type) {
				struct ix_event ev = news[i];
				news[i].type = IX_EV_NONE;
				return ev;
			}
		}
		nnews = 0;
		run(0, WAIT_US);
	}
	panic("no event of type %d", type);
}

void umain(int argc, char **argv)
{
	(void)argc, (void)argv;
	binaryname = "ixmisuse";
	before_attach();
	bad_attach();
	after_attach();
	expect("listen", call((struct ix_call){ .op = IX_CALL_LISTEN, .listen = { PORT, 4, 0 } }), 0);
	ix_handle_t listener = IX_CALLS(0)->handle;
	bad_arguments();
	bad_handles(listener);
	bad_udp();
	while_connecting();
	knocking_and_open();
	rejected();
	cprintf("ixmisuse: %s\n", failures ? "FAILED" : "everything gave what doc/ABI.md says");
}
