/* SPDX-License-Identifier: MIT */
/*
 * An echo server on the dataplane, port 7, that never touches a byte: the buffers that the NIC filled are
 * lent back to it to be sent. A buffer returns to the dataplane when the peer has acknowledged what was in
 * it, so a peer that does not read soon cannot send either.
 */
#include <inc/ixev.h>
#include <inc/lib.h>

struct conn {
	struct ixev_ctx ctx;
	unsigned lent; /* pieces on their way back */
};

/* One for each receive buffer, which holds at most one piece. */
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
	struct conn *c = ix_alloc(sizeof(*c));

	(void)id;
	if (!c)
		return NULL;
	ixev_ctx_init(&c->ctx);
	c->lent = 0;
	ixev_set_handler(&c->ctx, IXEVIN | IXEVHUP, on_event);
	return &c->ctx;
}

static void on_release(struct ixev_ctx *ctx)
{
	ix_free(container_of(ctx, struct conn, ctx));
}

static struct ixev_conn_ops ops = { .accept = on_accept, .release = on_release };

static int start(void)
{
	int r;

	ixev_init(&ops);
	if ((r = ixev_init_thread()) < 0)
		return r;
	pieces = ix_alloc(ix_config()->nbufs * sizeof(*pieces));
	return pieces ? ixev_listen(7) : -E_NO_MEM;
}

void umain(int argc, char **argv)
{
	int r;

	(void)argc, (void)argv;
	binaryname = "ixecho";
	if ((r = start()) < 0) {
		cprintf("ixecho: cannot start: %e\n", r);
		return;
	}
	cprintf("ixecho: port 7 on CPU %d\n", ix_config()->cpu);
	while ((r = ixev_wait()) >= 0)
		;
	cprintf("ixecho: %e\n", r);
}
