/* SPDX-License-Identifier: MIT */
/*
 * What comes of writing to a receive buffer, tried by an echo server on port 7 that does so when a message
 * begins with '!'.
 *   ixwritebuf          start a server that has no page-fault handler, which the store kills; when it is dead,
 *                       serve in its place: its CPU, its NIC and its port must be free again
 *   ixwritebuf survive  serve with a page-fault handler that steps over the store
 */
#include <inc/ixev.h>
#include <inc/lib.h>

#define PORT 7
#define NCLIENTS 32
#define TRIGGER '!'

static struct ixev_ctx clients[NCLIENTS];
static bool in_use[NCLIENTS];

/* ---- the store ---- */

extern const char after_store[];

static __attribute__((noinline)) void store(char *where)
{
	asm volatile("movb $'X', (%0)\n\t.globl after_store\nafter_store:" : : "r"(where) : "memory");
}

static void step_over(struct UTrapframe *utf)
{
	if (utf->utf_eip >= (uintptr_t)after_store || utf->utf_eip < (uintptr_t)store)
		panic("page fault at %08x, address %08x", utf->utf_eip, utf->utf_fault_va);
	cprintf("ixwritebuf: the store to %08x was refused, error %x\n", utf->utf_fault_va, utf->utf_err);
	utf->utf_eip = (uintptr_t)after_store;
}

/* ---- the server ---- */

static void echo(struct ixev_ctx *ctx)
{
	size_t len;
	char *text;

	while ((text = ixev_peek(ctx, &len)) != NULL) {
		if (text[0] == TRIGGER)
			store(text);
		if (ixev_send(ctx, text, len) != (ssize_t)len) {
			ixev_close(ctx);
			return;
		}
		ixev_consume(ctx, len);
	}
}

static void on_news(struct ixev_ctx *ctx, unsigned reason)
{
	if (reason & IXEVHUP)
		ixev_close(ctx);
	else
		echo(ctx);
}

static struct ixev_ctx *on_accept(struct ip_tuple *peer)
{
	USED(peer);
	for (int i = 0; i < NCLIENTS; i++) {
		if (in_use[i])
			continue;
		in_use[i] = true;
		ixev_ctx_init(&clients[i]);
		ixev_set_handler(&clients[i], IXEVIN | IXEVHUP, on_news);
		return &clients[i];
	}
	return NULL;
}

static void on_release(struct ixev_ctx *ctx) { in_use[ctx - clients] = false; }

static void must(const char *what, int r)
{
	if (r < 0)
		panic("%s: %e", what, r);
}

static void serve(const char *how)
{
	static struct ixev_conn_ops ops = { .accept = on_accept, .release = on_release };

	must("initialise", ixev_init(&ops));
	must("attach", ixev_init_thread());
	must("listen", ixev_listen(PORT));
	cprintf("ixwritebuf: serving %s\n", how);
	for (;;)
		must("wait", ixev_wait());
}

void umain(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "fragile") == 0)
		serve("until a store");
	if (argc <= 1) {
		envid_t child = spawnl("/ixwritebuf", "ixwritebuf", "fragile", NULL);
		must("spawn", child);
		wait(child);
		cprintf("ixwritebuf: %08x is dead\n", child);
	}
	set_pgfault_handler(step_over);
	serve("in spite of stores");
}
