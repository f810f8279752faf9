/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the call array, as a hostile program writes it. An input is a list of batches of slots, of which
 * most name handles that exist, or existed; peers open connections and send meanwhile, so that there is
 * something to misuse. The scatter lists in the program's memory come from the input, too.
 */
#include "fuzz.h"

enum { PORT = 80, BATCHES_MAX = 60, SLOTS_MAX = 16, HANDLES = 16 };

static ix_handle_t handles[HANDLES];
static uint32_t nhandles;
static uint32_t lent_addr;
static struct peer p;
static const uint8_t payload[256];

static void remember(ix_handle_t h) { handles[nhandles++ % HANDLES] = h; }

static uint32_t some_address(void)
{
	switch (fuzz8() % 8) {
	case 0: return fuzz32();
	case 1: return IX_RXBUFS + fuzz16() * 64;
	case 2: return PROGRAM + fuzz16();
	case 3: return IX_HEAP + world_config.heap_size - fuzz8();
	case 4: return lent_addr + fuzz8();
	default: return IX_HEAP + fuzz16();
	}
}

static uint32_t some_length(void) { return fuzz8() % 8 ? fuzz16() % 3000 : fuzz32(); }

static void write_list(void)
{
	struct ix_sg *sg = machine_user(PROGRAM);

	for (int i = 0; i < IX_SG_MAX; i++)
		sg[i] = (struct ix_sg){ some_address(), some_length() };
}

static void write_slot(struct ix_call *c)
{
	uint8_t op = fuzz8(), which = fuzz8();

	c->op = op == 255 ? fuzz32() : op % (IX_NOPS + 1u);
	c->handle = which == 255 ? (ix_handle_t)fuzz32() << 32 | fuzz32() : handles[which % HANDLES];
	for (int i = 0; i < 4; i++)
		c->arg[i] = fuzz8() % 4 ? fuzz8() : some_address();
	if (c->op == IX_CALL_SENDV && fuzz8() % 4)
		c->sendv.sg = PROGRAM, c->sendv.n = fuzz8() % (IX_SG_MAX + 2), c->sendv.flags = c->sendv.flags % 8 == IX_SEND_CLOSE;
	if (c->op == IX_CALL_LISTEN && fuzz8() % 4)
		c->listen.port = PORT, c->listen.backlog = 1 + fuzz8();
	if (c->op == IX_CALL_CONNECT && fuzz8() % 4)
		c->connect.ip = PEER_IP, c->connect.port = 99;
}

static void batch(void)
{
	uint32_t n = fuzz8() % SLOTS_MAX;

	if (fuzz8() % 2)
		write_list();
	for (uint32_t i = 0; i < n; i++)
		write_slot(&world->calls[i]);
	run(n);
	for (uint32_t i = 0; i < n; i++) {
		if (world->calls[i].result >= 0)
			remember(world->calls[i].handle);
	}
}

static void look_at_events(void)
{
	while (have_event()) {
		struct ix_event ev = next_event();
		if (ev.handle)
			remember(ev.handle);
		if (ev.type == IX_EV_RECV && ev.recv.len)
			lent_addr = ev.recv.addr;
	}
}

/* The peer listens, and acknowledges most of what it hears. */
static void network(void)
{
	const struct nic_frame *f;
	uint8_t what = fuzz8();

	while ((f = nic_sent())) {
		const uint8_t *tcp = f->bytes + 34;
		if (f->len < HEADERS || f->bytes[23] != 6)
			continue;
		p.to = tcp[0] << 8 | tcp[1];
		p.port = tcp[2] << 8 | tcp[3];
		p.ack = be32(tcp + 4) + f->len - 34 - (tcp[12] >> 4) * 4 +
			!!(tcp[13] & (SYN | FIN));
		if (tcp[13] & ACK)
			p.seq = be32(tcp + 8);
	}
	if (what % 8 == 0)
		p = peer(4000 + what / 8, PORT);
	static const uint8_t flags[8] = { SYN, ACK, ACK, PSH | ACK, FIN | ACK, SYN | ACK, RST, ACK };
	peer_raw(&p, flags[what % 8], p.seq, payload, what % 8 == 3 ? what : 0);
	nic.hold = what >= 240;
	if (what >= 232 && what < 240)
		pass(200000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin(data, size);
	nic_read_anything();
	memset(handles, 0, sizeof(handles));
	nhandles = lent_addr = 0;
	p = peer(4000, PORT);
	remember(listen_on(PORT, 8, 5));
	for (int n = 0; n < BATCHES_MAX && fuzz_more(); n++) {
		batch();
		look_at_events();
		network();
		cycle();
		look_at_events();
	}
	fuzz_end_input();
	return 0;
}
