/* SPDX-License-Identifier: MIT */
/* Arguments of batched calls. */
#include "ixmisuse.h"

static struct ix_sg list[IX_SG_MAX + 1];

void bad_arguments(void)
{
	static const struct { const char *what; struct ix_call call; int want; } cases[] = {
		{ "an unknown call", { .op = IX_NOPS }, -E_INVAL },
		{ "call 2^32 - 1", { .op = 0xffffffff }, -E_INVAL },
		{ "listen on port 0", { .op = IX_CALL_LISTEN, .listen = { 0, 1, 0 } }, -E_INVAL },
		{ "listen on port 65536", { .op = IX_CALL_LISTEN, .listen = { 65536, 1, 0 } }, -E_INVAL },
		{ "listen with backlog 0", { .op = IX_CALL_LISTEN, .listen = { 8, 0, 0 } }, -E_INVAL },
		{ "listen with backlog 256", { .op = IX_CALL_LISTEN, .listen = { 8, IX_BACKLOG_MAX + 1, 0 } }, -E_INVAL },
		{ "listen twice", { .op = IX_CALL_LISTEN, .listen = { PORT, 1, 0 } }, -E_IN_USE },
		{ "connect to 0.0.0.0", { .op = IX_CALL_CONNECT, .connect = { 0, 0, 80 } }, -E_INVAL },
		{ "connect to itself", { .op = IX_CALL_CONNECT, .connect = { 0, 0x7f000001, 80 } }, -E_INVAL },
		{ "connect to a group", { .op = IX_CALL_CONNECT, .connect = { 0, 0xe0000001, 80 } }, -E_INVAL },
		{ "connect to everybody", { .op = IX_CALL_CONNECT, .connect = { 0, 0xffffffff, 80 } }, -E_INVAL },
		{ "connect to port 0", { .op = IX_CALL_CONNECT, .connect = { 0, NOBODY, 0 } }, -E_INVAL },
		{ "connect to port 65536", { .op = IX_CALL_CONNECT, .connect = { 0, NOBODY, 65536 } }, -E_INVAL },
		{ "bind UDP port 0", { .op = IX_CALL_UDP_BIND, .udp_bind = { 0, 0 } }, -E_INVAL },
		{ "bind UDP port 65536", { .op = IX_CALL_UDP_BIND, .udp_bind = { 65536, 0 } }, -E_INVAL },
		{ "set a timer beyond the last", { .op = IX_CALL_TIMER_SET, .timer = { IX_NTIMERS, 1, 0 } }, -E_INVAL },
		{ "clear a timer beyond the last", { .op = IX_CALL_TIMER_CLEAR, .timer = { IX_NTIMERS, 0, 0 } }, -E_INVAL },
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(cases[i].what, call(cases[i].call), cases[i].want);
	group("arguments");
}

void bad_sendv(ix_handle_t h)
{
	expect("flags that there are not", call((struct ix_call){ .op = IX_CALL_SENDV, .handle = h, .sendv = { 0, 0, 2 } }), -E_INVAL);
	const uint32_t heap_end = IX_HEAP + config.heap_size;
	const struct { const char *what; struct ix_sg sg; } pieces[] = {
		{ "a piece nowhere", { 0, 1 } },
		{ "a piece in the kernel", { KERNBASE, 1 } },
		{ "a piece on the kernel's stack", { KSTACKTOP - 8, 1 } },
		{ "a piece that ends behind the heap", { heap_end - 1, 2 } },
		{ "a piece of 2^32 - 1 bytes", { IX_HEAP, 0xffffffff } },
		{ "a piece in a buffer that was not lent", { IX_RXBUFS, 1 } },
		{ "a piece in the hole below the heap", { IX_HEAP - 1, 1 } },
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		list[0] = (struct ix_sg){ IX_HEAP, 1 };
		list[1] = pieces[i].sg;
		expect(pieces[i].what, call_on(IX_CALL_SENDV, h, (uint32_t)list, 2), -E_FAULT);
	}
	expect("too many pieces", call_on(IX_CALL_SENDV, h, (uint32_t)list, IX_SG_MAX + 1), -E_INVAL);
	expect("a list nowhere", call_on(IX_CALL_SENDV, h, 0, 1), -E_FAULT);
	expect("a list in the kernel", call_on(IX_CALL_SENDV, h, KERNBASE, 1), -E_FAULT);
	expect("a list on the kernel's stack", call_on(IX_CALL_SENDV, h, KSTACKTOP - 8, 1), -E_FAULT);
	expect("a list that ends behind UTOP", call_on(IX_CALL_SENDV, h, UTOP - 4, 1), -E_FAULT);
	expect("an empty list", call_on(IX_CALL_SENDV, h, 0, 0), 0);
	expect("done with more than was lent", call_on(IX_CALL_RECV_DONE, h, 1, 0), -E_INVAL);
	group("sendv and recv_done");
}

static int udp_sendv(ix_handle_t h, uint32_t n, uint32_t ip, uint32_t port)
{
	return call((struct ix_call){ .op = IX_CALL_UDP_SENDV, .handle = h, .udp_sendv = { (uint32_t)list, n, ip, port } });
}

void bad_udp(void)
{
	expect("bind", call_on(IX_CALL_UDP_BIND, 0, 9, COOKIE), 0);
	ix_handle_t h = IX_CALLS(0)->handle;
	expect("bind twice", call_on(IX_CALL_UDP_BIND, 0, 9, COOKIE), -E_IN_USE);
	list[0] = (struct ix_sg){ IX_HEAP, 1 };
	expect("to port 0", udp_sendv(h, 1, NOBODY, 0), -E_INVAL);
	expect("to nobody", udp_sendv(h, 1, 0, 9), -E_INVAL);
	expect("too many pieces", udp_sendv(h, IX_SG_MAX + 1, NOBODY, 9), -E_INVAL);
	list[0].len = 0x10000;
	expect("too many bytes", udp_sendv(h, 1, NOBODY, 9), -E_INVAL);
	list[0] = (struct ix_sg){ 0, 1 };
	expect("bytes from nowhere", udp_sendv(h, 1, NOBODY, 9), -E_FAULT);
	expect("done with what was not lent", call_on(IX_CALL_UDP_RECV_DONE, h, IX_RXBUFS, 0), -E_FAULT);
	expect("accept on it", call_on(IX_CALL_ACCEPT, h, 0, 0), -E_BAD_HANDLE);
	expect("sendv on it", call_on(IX_CALL_SENDV, h, (uint32_t)list, 0), -E_BAD_HANDLE);
	expect("close", call_on(IX_CALL_CLOSE, h, 0, 0), 0);
	group("UDP");
}
