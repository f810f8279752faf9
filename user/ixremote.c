/* SPDX-License-Identifier: MIT */
/*
 * A server on port 7 that does to its connections what its clients tell it: a letter, perhaps an argument, and a
 * newline, in one segment. It uses the raw layer, watches that each connection's events come as they must, and
 * answers with a line. UDP port 7 sends each datagram back.
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
#include <inc/lib.h>
#include <inc/libix.h>
#include <inc/x86.h>

enum {
	PORT = 7,
	NCONNS = 16384,
	NLINES = 256,
	LINE = 128,
	NSG = 2048,
	NPORTS = 8,
	NWAITING = 512,
	PATTERN = 1 << 20,
};
enum { ACCEPT, REJECT, WAIT };

struct conn {
	ix_handle_t handle;
	uint32_t peer_ip;
	bool open, dead;
	uint32_t kept;
	uint32_t to_send, sent;   /* of the pattern */
	uint32_t queued, acked;   /* bytes in all */
	uint32_t owed;            /* received, to be given back when all that is queued is acknowledged */
	struct conn *told;        /* who is told of the outcome of a connect */
};

static struct conn conns[NCONNS];
static uint32_t nconns, ndead, nmistakes, nrefused;
static int policy = ACCEPT;
static bool keeping;

static struct {
	ix_handle_t handle;
	uint32_t ip;
} waiting[NWAITING];
static uint32_t nwaiting;

static struct {
	uint32_t port;
	ix_handle_t handle;
	struct conn *told;
} ports[NPORTS];

static char lines[NLINES][LINE];
static struct ix_sg sgs[NSG];
static char *pattern;
static int this_cpu;

static void mistake(const char *what, uint32_t cookie)
{
	nmistakes++;
	cprintf("ixremote: %s, connection %u\n", what, cookie);
}

static struct ix_sg *sg_of(const void *base, uint32_t len)
{
	static uint32_t next;
	struct ix_sg *sg = &sgs[next++ % NSG];

	*sg = (struct ix_sg){ (uint32_t)(uintptr_t)base, len };
	return sg;
}

static void send(struct conn *c, const void *base, uint32_t len) { ix_sendv(c->handle, sg_of(base, len), 1, c); }

static char *a_line(void)
{
	static uint32_t next;

	return lines[next++ % NLINES];
}

static void say(struct conn *c, const char *fmt, ...)
{
	char *line = a_line();
	va_list ap;

	if (!c || c->dead)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(line, LINE, fmt, ap);
	va_end(ap);
	send(c, line, n);
}

static struct conn *new_conn(ix_handle_t handle, uint32_t ip)
{
	if (nconns == NCONNS)
		panic("too many connections");
	struct conn *c = &conns[nconns++];
	c->handle = handle;
	c->peer_ip = ip;
	return c;
}

static uint32_t cookie_of(const struct conn *c) { return c - conns + 1; }

/* ---- Commands ---- */

static void echo(struct conn *c, char *text, uint32_t len) { send(c, text, len); }

static void echo_from_page(struct conn *c, char *text, uint32_t len)
{
	static char buffer[16][PGSIZE];
	static uint32_t next;
	char *copy = buffer[next++ % 16] + PGSIZE / 2; /* so it spans two pages, when it is long */

	memcpy(copy, text, len);
	send(c, copy, len);
}

/* Pages that are to be given up when the calls made so far are done, and those made in the round before. */
static struct {
	uint32_t made, lent, end; /* [end, lent) can go, [lent, made) are for calls still to be done */
} given;

static char *given_page(uint32_t n) { return (char *)UTEMP + n % 256 * PGSIZE; }

static void echo_and_unmap(struct conn *c, char *text, uint32_t len)
{
	char *page = given_page(given.made);

	if (given.made - given.end == 256 || sys_page_alloc(0, page, PTE_P | PTE_U | PTE_W) < 0)
		panic("no page");
	given.made++;
	memcpy(page, text, len);
	send(c, page, len);
}

static void unmap_given(void)
{
	for (; given.end != given.lent; given.end++) {
		if (sys_page_unmap(0, given_page(given.end)) < 0)
			panic("unmap");
	}
	given.lent = given.made;
}

static void send_pattern(struct conn *c)
{
	while (c->sent < c->to_send) {
		uint32_t at = c->sent % PATTERN, n = MIN(c->to_send - c->sent, (uint32_t)PATTERN - at);
		send(c, pattern + at, n);
		return; /* the result says how much of it was taken */
	}
}

static void give_back(void)
{
	keeping = false;
	for (uint32_t i = 0; i < nconns; i++) {
		if (conns[i].kept && !conns[i].dead)
			ix_recv_done(conns[i].handle, conns[i].kept, &conns[i]);
		conns[i].kept = 0;
	}
}

static void accept_waiting(void)
{
	for (uint32_t i = 0; i < nwaiting; i++) {
		struct conn *c = new_conn(waiting[i].handle, waiting[i].ip);
		c->open = true;
		ix_accept(c->handle, cookie_of(c), NULL);
	}
	nwaiting = 0;
	policy = ACCEPT;
}

static void spin(uint32_t ms)
{
	uint32_t start = sys_time_msec();

	while (sys_time_msec() - start < ms) {
		for (int i = 0; i < 1000000; i++)
			cpu_relax();
	}
}

static void listen_on(struct conn *c, uint32_t port)
{
	for (int i = 0; i < NPORTS; i++) {
		if (ports[i].handle)
			continue;
		ports[i].port = port;
		ports[i].told = c;
		ix_listen(port, 64, 0, &ports[i]);
		return;
	}
}

static void unlisten(struct conn *c, uint32_t port)
{
	for (int i = 0; i < NPORTS; i++) {
		if (!ports[i].handle || ports[i].port != port)
			continue;
		ports[i].told = c;
		ix_unlisten(ports[i].handle, &ports[i]);
	}
}

static void connect_to(struct conn *c, uint32_t port)
{
	struct conn *out = new_conn(0, c->peer_ip);

	out->told = c;
	ix_connect(cookie_of(out), c->peer_ip, port, out);
}

static void report(struct conn *c)
{
	struct ix_stat s;

	sys_dp_stat(this_cpu, &s);
	say(c, "came %u dead %u mistakes %u refused %u flows %u lent %u loans %u pages %u\n", nconns, ndead, nmistakes,
	    nrefused, (uint32_t)s.flows, (uint32_t)s.bufs_app, (uint32_t)s.loans, (uint32_t)s.slab_pages);
}

static void command(struct conn *c, char *text, uint32_t len)
{
	uint32_t n = len > 1 && text[1] >= '0' && text[1] <= '9' ? strtol(text + 1, NULL, 10) : 0;

	switch (text[0]) {
	case 'e': echo(c, text, len); return;
	case 'p': echo_from_page(c, text, len); return;
	case 'u': echo_and_unmap(c, text, len); return;
	case 'w': c->to_send += n; send_pattern(c); return;
	case 'c': ix_close(c->handle, c); return;
	case 'a': ix_abort(c->handle, c); return;
	case 'h': ix_shutdown(c->handle, c); return;
	case 'k': keeping = true; break;
	case 'K': give_back(); break;
	case 'n': policy = n; break;
	case 'A': accept_waiting(); break;
	case 'l': listen_on(c, n); return;
	case 'L': unlisten(c, n); return;
	case 'o': connect_to(c, n); return;
	case 's': spin(n); break;
	case 'S': for (;;) cpu_relax();
	case 'i': say(c, "idle %d\n", sys_dp_ctl(IX_CTL_IDLE, IX_OWN, n, 0)); return;
	case 'b': say(c, "batch %d\n", sys_dp_ctl(IX_CTL_BATCH, IX_OWN, n, 0)); return;
	case 'd': say(c, "watchdog %d\n", sys_dp_ctl(IX_CTL_WATCHDOG, IX_OWN, n * 1000, n * 10000)); return;
	case '?': report(c); return;
	default: return; /* bytes that only fill buffers */
	}
	say(c, "done %c\n", text[0]);
}

/* ---- Events ---- */

static struct conn *conn_of(const struct ix_event *ev, const char *what)
{
	struct conn *c = ev->cookie >= 1 && ev->cookie <= nconns ? &conns[ev->cookie - 1] : NULL;

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
	if (policy == REJECT) {
		ix_reject(ev->handle, NULL);
		nrefused++;
	} else if (policy == WAIT && nwaiting < NWAITING) {
		waiting[nwaiting].handle = ev->handle;
		waiting[nwaiting++].ip = ev->knock.ip;
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
		keeping = false;
	if (ev->recv.len && keeping)
		c->kept += ev->recv.len;
	if (ev->recv.len)
		command(c, text, ev->recv.len);
	if (ev->recv.len && !keeping) {
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
	ndead++;
	if (c->told)
		say(c->told, "dead %d\n", ev->dead.reason);
}

static void on_connected(const struct ix_event *ev)
{
	struct conn *c = &conns[ev->cookie - 1];

	c->open = ev->connected.outcome == 0;
	if (!c->open) {
		c->dead = true;
		ndead++;
	} else if (c->handle != ev->handle) {
		mistake("connected with another handle", ev->cookie);
	}
	say(c->told, "connected %d\n", ev->connected.outcome);
}

/* ---- UDP: what is sent from a receive buffer goes back when the NIC has read it. ---- */

static struct {
	uint32_t addr, end;
} lent[1024];
static uint32_t lent_first, lent_last, udp_given, udp_done;

static void on_udp_recv(const struct ix_event *ev)
{
	const char *text = (const char *)(uintptr_t)ev->udp_recv.addr;
	uint32_t len = ev->udp_recv.len;

	if (len && text[0] == 'p') {
		char *line = a_line();
		len = MIN(len, (uint32_t)LINE);
		memcpy(line, text, len);
		ix_udp_sendv(ev->handle, sg_of(line, len), 1, ev->udp_recv.ip, ev->udp_recv.port, NULL);
		ix_udp_recv_done(ev->handle, ev->udp_recv.addr, NULL);
		udp_given += len;
		return;
	}
	ix_udp_sendv(ev->handle, sg_of(text, len), 1, ev->udp_recv.ip, ev->udp_recv.port, NULL);
	udp_given += len;
	if (len == 0) { /* nothing of it is sent */
		ix_udp_recv_done(ev->handle, ev->udp_recv.addr, NULL);
		return;
	}
	lent[lent_last % 1024].addr = ev->udp_recv.addr;
	lent[lent_last++ % 1024].end = udp_given;
}

static void on_udp_sent(const struct ix_event *ev)
{
	udp_done += ev->udp_sent.bytes;
	while (lent_first != lent_last && (int32_t)(udp_done - lent[lent_first % 1024].end) >= 0)
		ix_udp_recv_done(ev->handle, lent[lent_first++ % 1024].addr, NULL);
}

/* ---- Results ---- */

/* Calls are tagged with their connection, or with their place in ports[]. A call that comes too late for one is refused. */
static void on_result(const struct ix_call *call, void *tag)
{
	struct conn *c = tag;

	if (call->op == IX_CALL_LISTEN || call->op == IX_CALL_UNLISTEN) {
		for (int i = 0; i < NPORTS; i++) {
			if (tag != &ports[i])
				continue;
			ports[i].handle = call->op == IX_CALL_LISTEN && call->result == 0 ? call->handle : 0;
			if (ports[i].told)
				cprintf("ixremote: port %u: %d\n", ports[i].port, call->result);
		}
	} else if (call->op == IX_CALL_CONNECT) {
		c->handle = call->handle;
		if (call->result < 0) {
			c->dead = true;
			ndead++;
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
	this_cpu = config.cpu;
	pattern = ix_alloc(PATTERN);
	for (uint32_t i = 0; i < PATTERN; i++)
		pattern[i] = i * 2654435761u >> 24;
	ix_listen(PORT, IX_BACKLOG_MAX, 0, &ports[0]);
	ix_udp_bind(PORT, 0, NULL);
	sys_page_alloc(0, UTEMP, PTE_P | PTE_U); /* from now on its page table is there */
	sys_page_unmap(0, UTEMP);
	ix_run(1000);
	cprintf("ixremote: ready\n");
	while ((r = ix_run(IX_FOREVER)) >= 0)
		unmap_given();
	panic("run: %e", r);
}
