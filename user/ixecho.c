/* SPDX-License-Identifier: MIT */
/*
 * An echo server on the dataplane that never touches a byte: the buffers that the NIC filled are
 * lent back to it to be sent. A buffer returns to the dataplane when the peer has acknowledged what was in
 * it, so a peer that does not read soon cannot send either.
 *
 *	ixecho [-i nic] [-p port] [-c most connections] [-t threads]
 */
#include <inc/ixev.h>
#include <inc/ixopt.h>
#include <inc/lib.h>

static struct {
	unsigned nic, port, max_conns, threads;
} options = { .port = 7, .threads = 1 };

static const struct ix_option flags[] = {
	IX_OPT_NIC(&options.nic), IX_OPT_PORT(&options.port), IX_OPT_CONNS(&options.max_conns), IX_OPT_THREADS(&options.threads),
};

static unsigned nconns; /* open; of all threads */

struct conn {
	struct ixev_ctx ctx;
	unsigned lent; /* pieces on their way back */
};

/*
 * One for each receive buffer that there can be, which holds at most one piece. It belongs to the thread that has the buffer, so
 * they need no lock.
 */
struct piece {
	struct ixev_ref sent;
	struct conn *conn;
	size_t len;
};

static struct piece *pieces;

static void on_event(struct ixev_ctx *ctx, unsigned reason);

static void close_if_done(struct conn *c)
{
	if (ixev_eof(&c->ctx) && c->lent == 0)
		ixev_close(&c->ctx);
}

static void on_sent(struct ixev_ref *ref)
{
	struct piece *p = container_of(ref, struct piece, sent);

	p->conn->lent--;
	ixev_give_back(&p->conn->ctx, p->len);
	close_if_done(p->conn);
}

static void send_back(struct conn *c, void *bytes, size_t len)
{
	struct piece *p = &pieces[((uintptr_t)bytes - IX_RXBUFS) / IX_BUFSIZE];

	*p = (struct piece){ .sent.cb = on_sent, .conn = c, .len = len };
	c->lent++;
	ixev_send_zc(&c->ctx, bytes, len);
	ixev_add_sent_cb(&c->ctx, &p->sent);
}

static void on_event(struct ixev_ctx *ctx, unsigned reason)
{
	struct conn *c = container_of(ctx, struct conn, ctx);
	void *bytes;
	size_t len;

	(void)reason;
	while (ixev_send_room(ctx) && (bytes = ixev_take(ctx, &len)))
		send_back(c, bytes, len);

	bool more = ixev_peek(ctx, &len) != NULL;
	ixev_set_handler(ctx, IXEVIN | IXEVHUP | (more ? IXEVOUT : 0), on_event);
	close_if_done(c);
}

static struct ixev_ctx *on_accept(struct ip_tuple *id)
{
	unsigned before = __atomic_fetch_add(&nconns, 1, __ATOMIC_RELAXED);
	bool has_room = !options.max_conns || before < options.max_conns;
	struct conn *c = has_room ? ix_alloc(sizeof(*c)) : NULL;

	(void)id;
	if (!c) {
		__atomic_fetch_sub(&nconns, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	ixev_ctx_init(&c->ctx);
	c->lent = 0;
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP, on_event);
	return &c->ctx;
}

static void on_release(struct ixev_ctx *ctx)
{
	ix_free(container_of(ctx, struct conn, ctx));
	__atomic_fetch_sub(&nconns, 1, __ATOMIC_RELAXED);
}

static struct ixev_conn_ops ops = { .accept = on_accept, .release = on_release };

static int start(void)
{
	int r;

	ixev_init(&ops);
	if ((r = ixev_attach(IX_ANY_CPU, &(struct ix_config){ .nic = options.nic })) < 0)
		return r;
	if (!(pieces = ix_alloc((IX_HEAP - IX_RXBUFS) / IX_BUFSIZE * sizeof(*pieces))))
		return -E_NO_MEM;
	if ((r = ixev_listen(options.port)) < 0 || options.threads == 1)
		return r;
	return ixev_start_threads(options.threads);
}

void umain(int argc, char **argv)
{
	int r;

	binaryname = "ixecho";
	if (!ix_read_options(argc, argv, flags, ARRAY_SIZE(flags)))
		return;
	if ((r = start()) < 0) {
		cprintf("ixecho: cannot start: %e\n", r);
		return;
	}
	cprintf("ixecho: port %u on CPU %d\n", options.port, ix_config()->cpu);
	while ((r = ixev_wait()) >= 0)
		;
	cprintf("ixecho: %e\n", r);
}
