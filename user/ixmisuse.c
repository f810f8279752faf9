/* SPDX-License-Identifier: MIT */
/*
 * Each misuse of the dataplane's interface, once, and what doc/ABI.md says of it: system calls, then batched calls on
 * handles of every kind. A client must connect to port 7, twice, when asked for. One line for each group of misuses.
 */
#include <inc/error.h>
#include <inc/lib.h>
#include <inc/ix.h>

enum { PORT = 7, COOKIE = 41, NOBODY = 0x0a00024d /* 10.0.2.77 */, WAIT_US = 100000 };

static struct ix_config config;
static struct ix_sg list[IX_SG_MAX + 1];
static int failures, checks;

static void expect(const char *what, int got, int want)
{
	checks++;
	if (got == want)
		return;
	failures++;
	cprintf("ixmisuse: FAILED: %s gives %d, not %d\n", what, got, want);
}

static void group(const char *name)
{
	cprintf("ixmisuse: %s %s: %d misuses\n", failures ? "FAILED" : "OK", name, checks);
	checks = 0;
}

/* ---- System calls ---- */

static void before_attach(void)
{
	struct ix_stat stat;

	expect("run_io", sys_run_io(0, 0), -E_INVAL);
	expect("detach", sys_dp_detach(), -E_INVAL);
	expect("stat of a CPU without a dataplane", sys_dp_stat(1, &stat), -E_INVAL);
	expect("stat of a CPU that is not there", sys_dp_stat(99, &stat), -E_INVAL);
	expect("stat of CPU -1", sys_dp_stat(-1, &stat), -E_INVAL);
	group("before attaching");
}

static int attach_with(uint32_t nic, uint32_t heap_size, uint32_t nbufs, uint32_t batch)
{
	struct ix_config c = { .nic = nic, .heap_size = heap_size, .nbufs = nbufs, .batch = batch };

	return sys_dp_attach(IX_ANY_CPU, &c);
}

static void bad_attach(void)
{
	struct ix_config c = { 0 };

	expect("a config nowhere", sys_dp_attach(IX_ANY_CPU, NULL), -E_FAULT);
	expect("a config in the kernel", sys_dp_attach(IX_ANY_CPU, (void *)KERNBASE), -E_FAULT);
	expect("a config that cannot be written", sys_dp_attach(IX_ANY_CPU, (void *)UENVS), -E_FAULT);
	expect("CPU 0", sys_dp_attach(0, &c), -E_NO_CPU);
	expect("a CPU that is not there", sys_dp_attach(99, &c), -E_NO_CPU);
	expect("parked, without a dataplane", sys_dp_attach(IX_PARKED, &c), -E_INVAL);
	expect("CPU -3", sys_dp_attach(-3, &c), -E_NO_CPU);
	expect("a NIC that is not there", attach_with(99, 0, 0, 0), -E_NO_QUEUE);
	expect("NIC 2^32 - 1", attach_with(0xffffffff, 0, 0, 0), -E_NO_QUEUE);
	expect("a heap larger than its window", attach_with(0, IXLIM - IX_HEAP + 1, 0, 0), -E_INVAL);
	expect("too many buffers", attach_with(0, 0, 0x10000000, 0), -E_INVAL);
	expect("a batch of 2^31", attach_with(0, 0, 0, 0x80000000), -E_INVAL);
	group("attaching");
}

static void after_attach(void)
{
	struct ix_config c = { 0 };

	expect("attach", sys_dp_attach(IX_ANY_CPU, &config), 0);
	expect("a second attach", sys_dp_attach(IX_ANY_CPU, &c), -E_INVAL);
	expect("too many calls", sys_run_io(IX_NCALLS + 1, 0), -E_INVAL);
	expect("2^32 - 1 calls", sys_run_io(0xffffffff, 0), -E_INVAL);
	expect("stat nowhere", sys_dp_stat(config.cpu, NULL), -E_FAULT);
	expect("stat in the kernel", sys_dp_stat(config.cpu, (void *)KERNBASE), -E_FAULT);
	expect("an unknown lever", sys_dp_ctl(99, IX_OWN, 0, 0), -E_INVAL);
	expect("a lever of a NIC that is not there", sys_dp_ctl(IX_CTL_BATCH, 9, 1, 0), -E_INVAL);
	expect("a batch of 0", sys_dp_ctl(IX_CTL_BATCH, IX_OWN, 0, 0), -E_INVAL);
	expect("an idle policy that is none", sys_dp_ctl(IX_CTL_IDLE, IX_OWN, IX_NIDLES, 0), -E_INVAL);
	group("after attaching");
}

/* ---- Batched calls ---- */

static struct ix_event news[64];
static uint32_t nnews;

static void run(uint32_t ncalls, uint32_t timeout_us)
{
	int n = sys_run_io(ncalls, timeout_us);

	if (n < 0)
		panic("run_io: %e", n);
	for (int i = 0; i < n && nnews < ARRAY_SIZE(news); i++)
		news[nnews++] = IX_EVENTS(0)[i];
}

static int call(struct ix_call c)
{
	*IX_CALLS(0) = c;
	run(1, 0);
	return IX_CALLS(0)->result;
}

static int call_on(enum ix_op op, ix_handle_t h, uint32_t a, uint32_t b)
{
	return call((struct ix_call){ .op = op, .handle = h, .arg = { a, b } });
}

/* Wait for the next event of that type; others are passed over. */
static struct ix_event await(enum ix_ev type)
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

static void bad_arguments(void)
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

/* What calls on a handle must give; -1 in a place stands for a call that is left out. */
struct row {
	const char *name;
	int accept, reject, sendv, recv_done, shutdown, close, abort, unlisten, udp_sendv, udp_recv_done;
};

#define LEFT_OUT (-1000)
#define ALL_BAD -E_BAD_HANDLE, -E_BAD_HANDLE, -E_BAD_HANDLE, -E_BAD_HANDLE, -E_BAD_HANDLE, -E_BAD_HANDLE, -E_BAD_HANDLE
#define NO_OTHER -E_BAD_HANDLE, -E_BAD_HANDLE, -E_BAD_HANDLE /* neither a listener nor a UDP port */

static void try_one(const char *name, enum ix_op op, ix_handle_t h, int want)
{
	if (want == LEFT_OUT)
		return;
	struct ix_call c = { .op = op, .handle = h };
	if (op == IX_CALL_UDP_SENDV)
		c.udp_sendv.ip = NOBODY, c.udp_sendv.port = 9;
	int got = call(c);
	if (got != want)
		cprintf("ixmisuse: call %d: ", op);
	expect(name, got, want);
}

static void try_row(ix_handle_t h, const struct row *r)
{
	try_one(r->name, IX_CALL_ACCEPT, h, r->accept);
	try_one(r->name, IX_CALL_REJECT, h, r->reject);
	try_one(r->name, IX_CALL_SENDV, h, r->sendv);
	try_one(r->name, IX_CALL_RECV_DONE, h, r->recv_done);
	try_one(r->name, IX_CALL_SHUTDOWN, h, r->shutdown);
	try_one(r->name, IX_CALL_CLOSE, h, r->close);
	try_one(r->name, IX_CALL_ABORT, h, r->abort);
	try_one(r->name, IX_CALL_UNLISTEN, h, r->unlisten);
	try_one(r->name, IX_CALL_UDP_SENDV, h, r->udp_sendv);
	try_one(r->name, IX_CALL_UDP_RECV_DONE, h, r->udp_recv_done);
	group(r->name);
}

static void bad_handles(ix_handle_t listener)
{
	static const struct row none = { "handle 0", ALL_BAD, NO_OTHER };
	static const struct row unknown = { "an unknown handle", ALL_BAD, NO_OTHER };
	static const struct row group1 = { "another group's handle", ALL_BAD, NO_OTHER };
	static const struct row of_listener = { "a listener", ALL_BAD, LEFT_OUT, -E_BAD_HANDLE, -E_BAD_HANDLE };

	try_row(0, &none);
	try_row(IX_HANDLE(0xffffffff, 0, 1), &unknown);
	try_row(IX_HANDLE(1, 1, 1), &group1);
	try_row(listener, &of_listener);
}

/* Nobody answers there, so it goes on connecting for as long as we look. */
static void while_connecting(void)
{
	static const struct row connecting = {
		"a connecting flow", -E_INVAL, -E_INVAL, -E_AGAIN, -E_AGAIN, -E_AGAIN, LEFT_OUT, LEFT_OUT, NO_OTHER
	};
	static const struct row stale = { "a stale handle", ALL_BAD, NO_OTHER };

	expect("connect", call((struct ix_call){ .op = IX_CALL_CONNECT, .connect = { COOKIE, NOBODY, 80 } }), 0);
	ix_handle_t h = IX_CALLS(0)->handle;
	try_row(h, &connecting);
	expect("abort while connecting", call_on(IX_CALL_ABORT, h, 0, 0), 0);
	expect("its outcome", await(IX_EV_CONNECTED).connected.outcome, -E_ABORTED);
	try_row(h, &stale);
}

/* ---- With a client ---- */

static ix_handle_t a_client(void)
{
	cprintf("ixmisuse: connect to port %d\n", PORT);
	return await(IX_EV_KNOCK).handle;
}

static void bad_sendv(ix_handle_t h)
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

static void knocking_and_open(void)
{
	static const struct row knocking = {
		"a knocking flow", LEFT_OUT, LEFT_OUT, -E_INVAL, -E_INVAL, -E_INVAL, -E_INVAL, -E_INVAL, NO_OTHER
	};
	static const struct row open = {
		"an open flow", -E_INVAL, -E_INVAL, 0, 0, LEFT_OUT, LEFT_OUT, LEFT_OUT, NO_OTHER
	};
	static const struct row shut = {
		"a flow shut down", -E_INVAL, -E_INVAL, -E_CLOSED, 0, -E_CLOSED, LEFT_OUT, LEFT_OUT, NO_OTHER
	};
	static const struct row closing = {
		"a closing flow", -E_INVAL, -E_INVAL, -E_CLOSED, 0, -E_CLOSED, -E_CLOSED, LEFT_OUT, NO_OTHER
	};

	ix_handle_t h = a_client();
	try_row(h, &knocking);
	expect("accept", call_on(IX_CALL_ACCEPT, h, COOKIE, 0), 0);
	try_row(h, &open);
	bad_sendv(h);
	expect("shutdown", call_on(IX_CALL_SHUTDOWN, h, 0, 0), 0);
	try_row(h, &shut);
	expect("close", call_on(IX_CALL_CLOSE, h, 0, 0), 0);
	try_row(h, &closing);
	expect("abort", call_on(IX_CALL_ABORT, h, 0, 0), 0);
	struct ix_event ev = await(IX_EV_DEAD);
	expect("its reason", ev.dead.reason, -E_ABORTED);
	expect("its cookie", ev.cookie, COOKIE);
}

static void rejected(void)
{
	static const struct row gone = { "a rejected flow", ALL_BAD, NO_OTHER };

	ix_handle_t h = a_client();
	expect("reject", call_on(IX_CALL_REJECT, h, 0, 0), 0);
	run(0, 0);
	try_row(h, &gone);
}

/* ---- UDP ---- */

static int udp_sendv(ix_handle_t h, uint32_t n, uint32_t ip, uint32_t port)
{
	return call((struct ix_call){ .op = IX_CALL_UDP_SENDV, .handle = h, .udp_sendv = { (uint32_t)list, n, ip, port } });
}

static void udp(void)
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
	udp();
	while_connecting();
	knocking_and_open();
	rejected();
	cprintf("ixmisuse: %s\n", failures ? "FAILED" : "everything gave what doc/ABI.md says");
}
