/* SPDX-License-Identifier: MIT */
/*
 * Dataplanes that die in the middle of traffic. Each is a child that sends without end and takes whatever comes; when a
 * good deal has gone both ways, its parent, on another CPU, ends it. Nothing may be left of it, and the next one must get
 * the same CPU, NIC and port.
 */
#include <user/hostile.h>
#include <inc/libix.h>

#define ROUNDS 8
#define ENOUGH 200000 /* bytes, each way */
#define PORT 7
#define PIECE 30000
#define CAME COMMON[0]
#define WENT COMMON[1]
#define BAD COMMON[2]

static struct ix_sg piece;

static void send_more(ix_handle_t flow) { ix_sendv(flow, &piece, 1, NULL); }

static void on_knock(const struct ix_event *ev)
{
	ix_accept(ev->handle, 1, NULL);
	send_more(ev->handle);
}

static void on_recv(const struct ix_event *ev)
{
	CAME += ev->recv.len;
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
	cprintf("ixkilled: serving\n");
	while (ix_run(IX_FOREVER) >= 0)
		;
	BAD++;
}

static void rounds(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		CAME = WENT = 0;
		envid_t child = child_for(serve);
		while ((CAME < ENOUGH || WENT < ENOUGH) && !BAD)
			sleep_ms(1);
		spin(any(5000000));
		end_child(child);
	}
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "ixkilled";
	make_common();
	without_leak("free pages lost", rounds);
	expect("servers that failed", BAD, 0);
	conclude();
}
