/* SPDX-License-Identifier: MIT */
/*
 * Dataplanes that die in the middle of traffic. Each is a child that sends without end and takes whatever comes, until a
 * good deal has gone both ways. Then it dies in one of the ways of enum way. Nothing may be left of it, and the next one
 * must get the same CPU, NIC and port.
 *
 * ixkilled 2: each serves with two threads. In every other round the second one is ended first, on its own CPU, and the
 * whole program a moment later, so that flow groups may still be on their way.
 */
#include <user/hostile.h>
#include <inc/libix.h>
#include <inc/thread.h>

enum way {
	WHEREVER_IT_IS, /* its parent, on another CPU, ends it */
	IN_USER_MODE,   /* the same, while it computes and makes no call */
	IN_RUN_IO,      /* the same, while it waits, with all its buffers lent and bytes on their way */
	BY_ITSELF,      /* from a handler */
	BY_A_FAULT,     /* it writes to a receive buffer */
	NWAYS
};

#define ROUNDS (2 * NWAYS)
#define ENOUGH 200000 /* bytes, each way */
#define PORT 7
#define PIECE 30000
#define CAME COMMON[0]
#define WENT COMMON[1]
#define BAD COMMON[2]
#define SIBLING COMMON[3] /* the second thread, once it serves */
#define WAY COMMON[4]
#define READY COMMON[5]   /* it does what WAY says */

static unsigned nthreads = 1;

static struct ix_sg piece;

static void send_more(ix_handle_t flow) { ix_sendv(flow, &piece, 1, NULL); }

static void on_knock(const struct ix_event *ev)
{
	ix_accept(ev->handle, 1, NULL);
	send_more(ev->handle);
}

static void die(const struct ix_event *ev)
{
	READY = WAY != WHEREVER_IT_IS;
	if (WAY == BY_ITSELF)
		exit();
	if (WAY == BY_A_FAULT && ev->recv.len) {
		sys_env_set_pgfault_upcall(0, NULL); /* fork's handler would only say so, and wait */
		*(volatile uint8_t *)ev->recv.addr = 0;
	}
	while (WAY == IN_USER_MODE)
		cpu_relax();
	while (WAY == IN_RUN_IO)
		sys_run_io(0, IX_FOREVER);
}

static void on_recv(const struct ix_event *ev)
{
	CAME += ev->recv.len;
	if (CAME >= ENOUGH && WENT >= ENOUGH)
		die(ev);
	ix_recv_done(ev->handle, ev->recv.len, NULL);
	if (ev->recv.flags & IX_RECV_FIN)
		ix_abort(ev->handle, NULL);
}

static void on_sent(const struct ix_event *ev)
{
	WENT += ev->sent.bytes;
	send_more(ev->handle);
}

static const struct ix_handlers handlers = {
	.event = { [IX_EV_KNOCK] = on_knock, [IX_EV_RECV] = on_recv, [IX_EV_SENT] = on_sent },
};

static void serve_more(void)
{
	struct ix_config config = { 0 };
	int r = ix_attach(IX_ANY_CPU, &config, &handlers);

	if (r < 0) {
		cprintf("ixkilled: second thread: %e\n", r);
		BAD++;
		return;
	}
	SIBLING = thisenv->env_id;
	while (ix_run(IX_FOREVER) >= 0)
		;
	BAD++;
}

static void serve(void)
{
	struct ix_config config = { .heap_size = IX_HEAP_UNIT };
	int r;

	if ((r = ix_attach(IX_ANY_CPU, &config, &handlers)) < 0 || (r = ix_listen(PORT, 16, 0, NULL)) < 0) {
		cprintf("ixkilled: %e\n", r);
		BAD++;
		return;
	}
	piece = (struct ix_sg){ (uint32_t)ix_alloc(PIECE), PIECE };
	if (nthreads > 1 && (r = ix_start_threads(nthreads, serve_more)) < 0)
		BAD++;
	while (nthreads > 1 && !SIBLING && !BAD)
		ix_run(1000);
	cprintf("ixkilled: serving\n");
	while (ix_run(IX_FOREVER) >= 0)
		;
	BAD++;
}

static bool is_ripe(void) { return CAME >= ENOUGH && WENT >= ENOUGH && (READY || WAY == WHEREVER_IT_IS); }

static void end(envid_t child, bool sibling_first)
{
	if (WAY == BY_ITSELF || WAY == BY_A_FAULT) {
		wait(child);
		return;
	}
	if (WAY == IN_RUN_IO)
		sleep_ms(20);
	spin(any(5000000));
	if (SIBLING && sibling_first) {
		sys_env_destroy(SIBLING);
		spin(any(5000000));
	}
	end_child(child);
}

static void rounds(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		CAME = WENT = SIBLING = READY = 0;
		WAY = i % NWAYS;
		envid_t child = child_for(serve);
		while (!is_ripe() && !BAD)
			sleep_ms(1);
		end(child, i % 2);
	}
}

void umain(int argc, char **argv)
{
	if (argc > 1)
		nthreads = strtol(argv[1], NULL, 0);
	binaryname = "ixkilled";
	make_common();
	without_leak("free pages lost", rounds);
	expect("servers that failed", BAD, 0);
	conclude();
}
