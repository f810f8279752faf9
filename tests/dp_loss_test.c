/* SPDX-License-Identifier: MIT */
/*
 * Many connections at once over a network that loses, repeats, delays, reorders and damages frames, both ways, by a
 * seed and in virtual time. The program is an echo that lends what it received; the clients are small TCPs with a
 * timer. Each byte must come back, each connection must end in order, and nothing may stand still: there is no other
 * clock than the network's, so a run is the same every time.
 */
#include "dp_peer.h"

enum { PORT = 7, CLIENTS = 100, TEXT_MAX = 20000, MSS = 1460, SENT_AHEAD = 16 * MSS, FLYING_MAX = 65536 };
enum { RTO_US = 300000, DELAY_US = 1000, LATE_US = 30000, STEP_US = 5000 };
enum { MOST_US = 600000000 }; /* more than any run of lost frames should cost */

static uint32_t rand_state;

static uint32_t rnd(uint32_t n)
{
	rand_state ^= rand_state << 13;
	rand_state ^= rand_state >> 17;
	rand_state ^= rand_state << 5;
	return rand_state % n;
}

/* ---- The network ---- */

struct flying {
	uint64_t due;
	bool to_world;
	uint32_t len;       /* of the frame, or of the segment's payload */
	struct seg seg;
	uint8_t bytes[NIC_FRAME_MAX];
};

static struct flying *flying[FLYING_MAX];
static uint32_t nflying;
static struct { uint32_t passed, lost, twice, late, damaged; } did;

static void launch(const struct flying *frame, uint64_t late_us)
{
	struct flying *f = malloc(sizeof(*f));

	assert_true(f && nflying < FLYING_MAX);
	*f = *frame;
	f->due = machine_us + DELAY_US + late_us;
	if (!f->to_world)
		f->seg.data = f->bytes;
	flying[nflying++] = f;
}

static void fly(struct flying *f)
{
	bool lost = rnd(100) < 3, twice = rnd(100) < 2, late = rnd(100) < 5, damaged = rnd(200) < 1;

	did.lost += lost;
	did.twice += twice;
	did.late += late;
	did.damaged += damaged;
	if (lost || (damaged && !f->to_world)) /* the other end would not take it, either */
		return;
	did.passed++;
	if (damaged)
		f->bytes[14 + rnd(f->len - 14)] ^= 1 << rnd(8);
	launch(f, late ? rnd(LATE_US) : 0);
	if (twice)
		launch(f, rnd(LATE_US));
}

/* What is due first leaves the air, if it is due now. */
static struct flying *land(void)
{
	uint32_t first = 0;

	for (uint32_t i = 1; i < nflying; i++) {
		if (flying[i]->due < flying[first]->due)
			first = i;
	}
	if (!nflying || flying[first]->due > machine_us)
		return NULL;
	struct flying *f = flying[first];
	flying[first] = flying[--nflying];
	return f;
}

/* ---- The clients ---- */

struct client {
	struct peer p;          /* seq: the oldest byte that is not acknowledged; ack: the next that it expects */
	uint32_t first_seq;     /* of its text */
	uint32_t len, sent, got;
	uint32_t window;        /* of the server, from the oldest unacknowledged byte on */
	uint64_t timer_us;
	bool open, fin_early, fin_came, fin_acked;
	uint8_t text[TEXT_MAX];
};

static struct client clients[CLIENTS];
static uint32_t ndead;

static void say(struct client *c, uint8_t flags, uint32_t seq, const void *data, uint32_t len)
{
	static struct flying f;

	f.to_world = true;
	f.len = make_segment(f.bytes, &c->p, flags, seq, c->p.ack, data, len);
	fly(&f);
}

static uint32_t acked(const struct client *c) { return c->p.seq - c->first_seq; }

static bool may_fin(const struct client *c) { return c->sent == c->len && (c->fin_early || c->got == c->len); }

/* Text that the window allows, and the FIN after it. */
static void send_on(struct client *c)
{
	uint32_t room = MIN(c->window ? c->window : 1, (uint32_t)SENT_AHEAD), end = MIN(c->len, acked(c) + room);

	while (c->sent < end) {
		uint32_t n = MIN(end - c->sent, (uint32_t)MSS);
		say(c, ACK | PSH, c->first_seq + c->sent, c->text + c->sent, n);
		c->sent += n;
	}
	if (may_fin(c) && !c->fin_acked)
		say(c, FIN | ACK, c->first_seq + c->len, NULL, 0);
}

static void on_timer(struct client *c)
{
	c->timer_us = machine_us + RTO_US;
	if (!c->open) {
		say(c, SYN, c->first_seq - 1, NULL, 0);
	} else if (!c->fin_acked) {
		c->sent = MIN(acked(c), c->len);
		send_on(c);
	}
}

static void take_ack(struct client *c, const struct seg *s)
{
	if ((int32_t)(s->ack - c->p.seq) >= 0) {
		if (s->ack != c->p.seq)
			c->timer_us = machine_us + RTO_US;
		c->p.seq = s->ack;
		c->window = s->window;
	}
	if (acked(c) > c->len) {
		c->p.seq = c->first_seq + c->len;
		c->fin_acked = true;
	}
	c->sent = MAX(c->sent, acked(c));
}

static void take_text(struct client *c, const struct seg *s)
{
	uint32_t known = c->p.ack - s->seq;

	if ((int32_t)known < 0 || known > s->len)
		return; /* early, or old */
	uint32_t n = s->len - known;
	if (c->got + n > c->len || memcmp(s->data + known, c->text + c->got, n))
		fail_msg("port %u: other bytes than its own, at %u", c->p.port, c->got);
	c->got += n;
	c->p.ack += n;
	if ((s->flags & FIN) && !c->fin_came) {
		c->p.ack++;
		c->fin_came = true;
	}
}

static void take(struct client *c, const struct seg *s)
{
	if (s->flags & RST) {
		if (!c->fin_acked || !c->fin_came)
			fail_msg("port %u is reset after %u of %u bytes", c->p.port, c->got, c->len);
		return; /* a late copy of a segment came there, after the end */
	}
	if ((s->flags & SYN) && !c->open) {
		c->open = true;
		c->p.ack = s->seq + 1;
		c->p.seq = c->first_seq;
	}
	if (!c->open)
		return;
	take_ack(c, s);
	if (!(s->flags & SYN))
		take_text(c, s);
	if (s->len || s->flags & (SYN | FIN))
		say(c, ACK, c->fin_acked ? c->first_seq + c->len + 1 : c->first_seq + c->sent, NULL, 0);
	if (!c->fin_acked)
		send_on(c);
}

static void make_client(uint32_t n)
{
	struct client *c = &clients[n];

	memset(c, 0, sizeof(*c));
	c->p = peer(2000 + n, PORT);
	c->p.seq = c->first_seq = rnd(0xffffffff); /* some wrap */
	c->len = 1 + rnd(TEXT_MAX - 1);
	c->fin_early = rnd(2);
	c->timer_us = machine_us + rnd(RTO_US);
	for (uint32_t i = 0; i < c->len; i++)
		c->text[i] = rnd(256);
}

/* ---- The program ---- */

struct conn {
	ix_handle_t h;
	uint32_t came, went;    /* bytes that it got, and that it knows were acknowledged */
	struct { uint32_t addr, len; } piece[64];
	uint32_t in, out;       /* pieces that wait to be sent: free-running */
	bool fin, closed;
};

static struct conn conns[CLIENTS];
static uint32_t nconns;

static void send_back(struct conn *c)
{
	while (c->in != c->out) {
		__auto_type piece = &c->piece[c->out % ARRAY_SIZE(c->piece)];
		int n = send_pieces(c->h, &(struct ix_sg){ piece->addr, piece->len }, 1);
		assert_true(n >= 0);
		piece->addr += n;
		piece->len -= n;
		if (piece->len)
			return;
		c->out++;
	}
	if (c->fin && !c->closed && c->went == c->came) {
		assert_int_equal(call_on(IX_CALL_CLOSE, c->h), 0);
		c->closed = true;
	}
}

static void on_recv(struct conn *c, const struct ix_event *ev)
{
	if (ev->recv.len) {
		assert_true(c->in - c->out < ARRAY_SIZE(c->piece));
		c->piece[c->in % ARRAY_SIZE(c->piece)].addr = ev->recv.addr;
		c->piece[c->in++ % ARRAY_SIZE(c->piece)].len = ev->recv.len;
		c->came += ev->recv.len;
	}
	c->fin |= ev->recv.flags & IX_RECV_FIN;
}

static void on_event(const struct ix_event *ev)
{
	if (ev->type == IX_EV_KNOCK) {
		assert_true(nconns < CLIENTS);
		conns[nconns] = (struct conn){ .h = ev->handle };
		assert_int_equal(accept_flow(ev->handle, nconns++), 0);
		return;
	}
	struct conn *c = &conns[ev->cookie];
	if (ev->type == IX_EV_DEAD) {
		assert_int_equal(ev->dead.reason, 0);
		ndead++;
		return;
	}
	if (ev->type == IX_EV_RECV) {
		on_recv(c, ev);
	} else {
		assert_int_equal(ev->type, IX_EV_SENT);
		c->went += ev->sent.bytes;
		assert_int_equal(recv_done(c->h, ev->sent.bytes), 0);
	}
	send_back(c);
}

/* ---- One run ---- */

static void from_world(void)
{
	static struct flying f;

	while (next_segment(&f.seg)) {
		f.to_world = false;
		f.len = f.seg.len;
		memcpy(f.bytes, f.seg.data, f.len);
		fly(&f);
	}
}

static void step(void)
{
	struct flying *f;

	while ((f = land())) {
		if (f->to_world)
			nic_receive(f->bytes, f->len, 0); /* one more is lost when no buffer is there */
		else
			take(&clients[f->seg.dport - 2000], &f->seg);
		free(f);
	}
	for (int i = 0; i < CLIENTS; i++) {
		if (machine_us >= clients[i].timer_us)
			on_timer(&clients[i]);
	}
	cycle();
	while (have_event()) {
		struct ix_event ev = next_event();
		on_event(&ev);
	}
	from_world();
}

static void show_stalled(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		const struct client *c = &clients[i];
		if (!c->fin_acked || !c->fin_came)
			print_message("port %u: %u of %u acknowledged, %u back, window %u\n", c->p.port, acked(c), c->len,
				      c->got, c->window);
	}
}

static void bad_network(uint32_t seed)
{
	rand_state = seed * 2654435761u;
	nconns = ndead = 0;
	memset(&did, 0, sizeof(did));
	listen_on(PORT, 255, 0);
	peer_announces();
	for (int i = 0; i < CLIENTS; i++)
		make_client(i);
	uint64_t end = machine_us + MOST_US;
	while (ndead < CLIENTS && machine_us < end) {
		machine_us += STEP_US;
		step();
	}
	if (ndead < CLIENTS) {
		show_stalled();
		fail_msg("seed %u: %u of %d connections have not ended", seed, CLIENTS - ndead, CLIENTS);
	}
	for (int i = 0; i < CLIENTS; i++)
		assert_true(clients[i].got == clients[i].len && clients[i].fin_came);
	assert_true(did.lost && did.twice && did.late && did.damaged);
	while (nflying)
		free(flying[--nflying]);
}

#define SEED(n) static void seed_##n(void **state) { (void)state; bad_network(n); }
SEED(1) SEED(2) SEED(3) SEED(4) SEED(5) SEED(6) SEED(7) SEED(8) SEED(9) SEED(10)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(seed_1), IN_WORLD(seed_2), IN_WORLD(seed_3), IN_WORLD(seed_4), IN_WORLD(seed_5),
		IN_WORLD(seed_6), IN_WORLD(seed_7), IN_WORLD(seed_8), IN_WORLD(seed_9), IN_WORLD(seed_10),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
