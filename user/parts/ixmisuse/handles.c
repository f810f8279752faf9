/* SPDX-License-Identifier: MIT */
/* Batched calls on handles of every kind, in every state of a flow. */
#include "ixmisuse.h"

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

void bad_handles(ix_handle_t listener)
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
void while_connecting(void)
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

void knocking_and_open(void)
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

void rejected(void)
{
	static const struct row gone = { "a rejected flow", ALL_BAD, NO_OTHER };

	ix_handle_t h = a_client();
	expect("reject", call_on(IX_CALL_REJECT, h, 0, 0), 0);
	run(0, 0);
	try_row(h, &gone);
}
