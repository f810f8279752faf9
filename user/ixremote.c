/* SPDX-License-Identifier: MIT */
/*
 * A server on port 7 that does to its connections what its clients tell it: a letter, perhaps an argument, and a
 * newline, in one segment. It uses the raw layer, watches that each connection's events come as they must, and
 * answers with a line. UDP port 7 sends each datagram back, or its end.
 *
 *   etext   send "etext" back, from the receive buffer        c       close
 *   ptext   the same from an ordinary page                    a       abort
 *   utext   the same from a page that is then given up        h       shut down: send no more
 *   wN      send N bytes, a pattern, from the heap            k, K    keep received buffers; give them back
 *   nN      what to do with new connections: 0 accept,        lN      listen on port N too
 *           1 reject, 2 let them wait                         LN      listen there no more
 *   A       accept those that wait                            oN      connect to the client's port N
 *   sN      spin for N ms                                     S       spin for ever
 *   iN      idle policy N                                     bN      most packets in a cycle N
 *   dN      watchdog: N ms, and the end after ten times that  ?       say how many connections came and went
 */
#include "parts/ixremote/ixremote.h"

enum { PORT = 7 };

struct remote remote;

struct conn *new_conn(ix_handle_t handle, uint32_t ip)
{
	if (remote.nconns == NCONNS)
		panic("too many connections");
	struct conn *c = &remote.conns[remote.nconns++];
	c->handle = handle;
	c->peer_ip = ip;
	return c;
}

uint32_t cookie_of(const struct conn *c) { return c - remote.conns + 1; }

/* ---- Events ---- */

static void mistake(const char *what, uint32_t cookie)
{
	remote.nmistakes++;
	cprintf("ixremote: %s, connection %u\n", what, cookie);
}

static struct conn *conn_of(const struct ix_event *ev, const char *what)
{
	struct conn *c = ev->cookie >= 1 && ev->cookie <= remote.nconns ? &remote.conns[ev->cookie - 1] : NULL;

	if (!c)
		panic("%s with cookie %u", what, ev->cookie);
	if (!c->open)
		mistake(what, ev->cookie);
	if (c->handle != ev->handle)
		mistake("another handle", ev->cookie);
	return c;
}

static void on_knock(const struct ix_event *ev)
{
	if (remote.policy == REJECT) {
		ix_reject(ev->handle, NULL);
		remote.nrefused++;
	} else if (remote.policy == WAIT && remote.nwaiting < NWAITING) {
		remote.waiting[remote.nwaiting].handle = ev->handle;
		remote.waiting[remote.nwaiting++].ip = ev->knock.ip;
	} else {
		struct conn *c = new_conn(ev->handle, ev->knock.ip);
		c->open = true;
		ix_accept(c->handle, cookie_of(c), NULL);
	}
}

static void on_recv(const struct ix_event *ev)
{
	struct conn *c = conn_of(ev, "payload after the end");
	char *text = (char *)(uintptr_t)ev->recv.addr;

	if (ev->recv.len && text[0] == 'K')
		remote.keeping = false;
	if (ev->recv.len && remote.keeping)
		c->kept += ev->recv.len;
	if (ev->recv.len)
		command(c, text, ev->recv.len);
	if (ev->recv.len && !remote.keeping) {
		if (text[0] == 'e')
			c->owed += ev->recv.len;
		else
			ix_recv_done(c->handle, ev->recv.len, c);
	}
	if (ev->recv.flags & IX_RECV_FIN)
		ix_close(c->handle, NULL);
}

static void on_sent(const struct ix_event *ev)
{
	struct conn *c = conn_of(ev, "sent after the end");

	c->acked += ev->sent.bytes;
	if (c->owed && c->acked == c->queued) {
		ix_recv_done(c->handle, c->owed, c);
		c->owed = 0;
	}
	if (c->to_send > c->sent)
		send_pattern(c);
}

static void on_dead(const struct ix_event *ev)
{
	struct conn *c = conn_of(ev, "dead twice");

	c->open = false;
	c->dead = true;
	remote.ndead++;
	if (c->told)
		say(c->told, "dead %d\n", ev->dead.reason);
}

static void on_connected(const struct ix_event *ev)
{
	struct conn *c = &remote.conns[ev->cookie - 1];

	c->open = ev->connected.outcome == 0;
	if (!c->open) {
		c->dead = true;
		remote.ndead++;
	} else if (c->handle != ev->handle) {
		mistake("connected with another handle", ev->cookie);
	}
	say(c->told, "connected %d\n", ev->connected.outcome);
}

/* ---- Results ---- */

/* Calls are tagged with their connection, or with their place in ports[]. A call that comes too late for one is refused. */
static void on_result(const struct ix_call *call, void *tag)
{
	struct conn *c = tag;

	if (call->op == IX_CALL_LISTEN || call->op == IX_CALL_UNLISTEN) {
		for (int i = 0; i < NPORTS; i++) {
			if (tag != &remote.ports[i])
				continue;
			remote.ports[i].handle = call->op == IX_CALL_LISTEN && call->result == 0 ? call->handle : 0;
			if (remote.ports[i].told)
				cprintf("ixremote: port %u: %d\n", remote.ports[i].port, call->result);
		}
	} else if (call->op == IX_CALL_CONNECT) {
		c->handle = call->handle;
		if (call->result < 0) {
			c->dead = true;
			remote.ndead++;
		}
	} else if (call->op == IX_CALL_SENDV && call->result > 0) {
		c->queued += call->result;
		c->sent += MIN((uint32_t)call->result, c->to_send - c->sent);
	} else if (call->result < 0 && call->result != -E_CLOSED && call->result != -E_BAD_HANDLE) {
		cprintf("ixremote: call %u: %e\n", call->op, call->result);
	}
}

static const struct ix_handlers handlers = {
	.event = {
		[IX_EV_KNOCK] = on_knock,
		[IX_EV_CONNECTED] = on_connected,
		[IX_EV_RECV] = on_recv,
		[IX_EV_SENT] = on_sent,
		[IX_EV_DEAD] = on_dead,
		[IX_EV_UDP_RECV] = on_udp_recv,
		[IX_EV_UDP_SENT] = on_udp_sent,
	},
	.result = on_result,
};

void umain(int argc, char **argv)
{
	struct ix_config config = { .nbufs = 0 };
	int r = ix_attach(IX_ANY_CPU, &config, &handlers);

	USED(argc);
	USED(argv);
	if (r < 0)
		panic("attach: %e", r);
	remote.cpu = config.cpu;
	remote.pattern = ix_alloc(PATTERN);
	for (uint32_t i = 0; i < PATTERN; i++)
		remote.pattern[i] = i * 2654435761u >> 24;
	ix_listen(PORT, IX_BACKLOG_MAX, 0, &remote.ports[0]);
	ix_udp_bind(PORT, 0, NULL);
	sys_page_alloc(0, UTEMP, PTE_P | PTE_U); /* from now on its page table is there */
	sys_page_unmap(0, UTEMP);
	ix_run(1000);
	cprintf("ixremote: ready\n");
	while ((r = ix_run(IX_FOREVER)) >= 0)
		unmap_given();
	panic("run: %e", r);
}
