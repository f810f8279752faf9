/* SPDX-License-Identifier: MIT */
/* The commands; what each letter means stands at the top of ixremote.c. */
#include "ixremote.h"

static void echo(struct conn *c, char *text, uint32_t len) { send_bytes(c, text, len); }

static void echo_from_page(struct conn *c, char *text, uint32_t len)
{
	static char buffer[16][PGSIZE];
	static uint32_t next;
	char *copy = buffer[next++ % 16] + PGSIZE / 2; /* so it spans two pages, when it is long */

	memcpy(copy, text, len);
	send_bytes(c, copy, len);
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
	send_bytes(c, page, len);
}

void unmap_given(void)
{
	for (; given.end != given.lent; given.end++) {
		if (sys_page_unmap(0, given_page(given.end)) < 0)
			panic("unmap");
	}
	given.lent = given.made;
}

static void give_back(void)
{
	remote.keeping = false;
	for (uint32_t i = 0; i < remote.nconns; i++) {
		if (remote.conns[i].kept && !remote.conns[i].dead)
			ix_recv_done(remote.conns[i].handle, remote.conns[i].kept, &remote.conns[i]);
		remote.conns[i].kept = 0;
	}
}

static void accept_waiting(void)
{
	for (uint32_t i = 0; i < remote.nwaiting; i++) {
		struct conn *c = new_conn(remote.waiting[i].handle, remote.waiting[i].ip);
		c->open = true;
		ix_accept(c->handle, cookie_of(c), NULL);
	}
	remote.nwaiting = 0;
	remote.policy = ACCEPT;
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
		if (remote.ports[i].handle)
			continue;
		remote.ports[i].port = port;
		remote.ports[i].told = c;
		ix_listen(port, 64, 0, &remote.ports[i]);
		return;
	}
}

static void unlisten(struct conn *c, uint32_t port)
{
	for (int i = 0; i < NPORTS; i++) {
		if (!remote.ports[i].handle || remote.ports[i].port != port)
			continue;
		remote.ports[i].told = c;
		ix_unlisten(remote.ports[i].handle, &remote.ports[i]);
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

	sys_dp_stat(remote.cpu, &s);
	say(c, "came %u dead %u mistakes %u refused %u flows %u lent %u loans %u pages %u\n", remote.nconns, remote.ndead,
	    remote.nmistakes, remote.nrefused, (uint32_t)s.flows, (uint32_t)s.bufs_app, (uint32_t)s.loans, (uint32_t)s.slab_pages);
}

void command(struct conn *c, char *text, uint32_t len)
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
	case 'k': remote.keeping = true; break;
	case 'K': give_back(); break;
	case 'n': remote.policy = n; break;
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
