/* SPDX-License-Identifier: MIT */
/*
 * Flow groups on the move between three CPUs, under random load in virtual time. Peers open connections, send, and close; the
 * program echoes; groups are moved, CPUs taken away and given back, threads die and others take their place; the NIC sends what it has when it likes. The wire loses
 * nothing and keeps the order, so whatever is lost, doubled or late was so in the dataplane. The oracle knows of each
 * connection
 *
 *   what its peer has sent and got, byte by byte;   which thread the program was told that it lives on;
 *   what the program has been lent and gave back;   that `moved` comes once for each move, before anything else;
 *   that `dead` comes once, and last;               that a call on any other thread gets -E_MOVED, and only there.
 *
 * Everything follows from the seed. SEEDS=first,number in the environment chooses others; SEEDS=7,1 repeats one that failed.
 */
#include "dp_peer.h"

#include <kern/dev/toeplitz.h>
#include <kern/dp/member.h>
#include <kern/spinlock.h>

#include "lwip/priv/tcp_priv.h"

enum {
	THREADS = 3,
	PORT = 80,
	ALIVE = 20,       /* connections at once */
	CONNS = 4000,     /* in one run, one after the other */
	STEPS = 4000,
	SEEDS = 24,
	PATTERN = 65536,  /* bytes of a connection repeat after so many */
	LISTS = 64,       /* in the program's memory: pieces to send */
	PASSIVE = 2000, ACTIVE = 20000, /* the peers' ports */
};

struct conn {
	int id;
	bool used, active;

	/* The peer. */
	struct peer p;
	bool syn_sent, established, answers_syn, owes_ack, fin_sent, fin_got, rst_sent, rst_got;
	uint32_t first, sent, got; /* its first sequence number; bytes of payload */
	uint32_t acked, window;    /* as it was told last */

	/* The program. */
	bool known, accepted, fin, closed, dead;
	bool aborted; /* or closed before the peer was done: it may be reset */
	ix_handle_t handle;
	int thread;
	uint32_t moves_told;
	uint32_t received, done, written, sent_told;
};

static struct run {
	uint32_t seed, random, step, time_us;
	int nconns, nalive;
	struct conn conn[CONNS];
	struct dp *owner[NGROUPS];  /* seen last */
	uint32_t moves[NGROUPS];
	uint32_t nmoves, nparked, ndeaths, nframes_parked, ncalls_moved, nevents_moved, digest;
} r;

#define FAIL(fmt, ...) fail_msg("seed %u, step %u: " fmt, r.seed, r.step, ##__VA_ARGS__)
#define FAIL_CONN(c, fmt, ...) FAIL("connection %d: " fmt, (c)->id, ##__VA_ARGS__)

static uint32_t any(uint32_t n) /* 0 to n - 1 */
{
	r.random ^= r.random << 13;
	r.random ^= r.random >> 17;
	r.random ^= r.random << 5;
	return r.random % n;
}

static bool one_in(uint32_t n) { return any(n) == 0; }

static void note(uint32_t what) { r.digest = (r.digest ^ what) * 16777619u; }

static uint8_t pattern(const struct conn *c, uint32_t at)
{
	return (c->id % ALIVE * 89 + (at % PATTERN) * 7 + (at % PATTERN >> 8)) ^ 0x5a;
}

static void fill_heap(void)
{
	for (int i = 0; i < ALIVE; i++) {
		for (uint32_t at = 0; at < PATTERN; at++)
			*heap(i * PATTERN + at) = pattern(&(struct conn){ .id = i }, at);
	}
}

static struct fgroup *group_of(const struct conn *c) { return &world->plane->groups[IX_HANDLE_GROUP(c->handle)]; }

/* ---- The peers ---- */

static struct conn *new_conn(bool active)
{
	struct conn *c = &r.conn[r.nconns];

	if (r.nconns == CONNS || r.nalive == ALIVE)
		return NULL;
	*c = (struct conn){ .id = r.nconns++, .used = true, .active = active };
	c->p = peer((active ? ACTIVE : PASSIVE) + c->id, PORT);
	c->first = c->p.seq + 1;
	r.nalive++;
	return c;
}

static void peer_opens_one(void)
{
	struct conn *c = new_conn(false);

	if (!c)
		return;
	peer_send(&c->p, SYN, NULL, 0);
	c->syn_sent = true;
}

static void peer_speaks(struct conn *c)
{
	uint8_t text[1400];
	uint32_t len = 1 + any(one_in(3) ? sizeof(text) : 100);

	if (!c->established || c->fin_sent || c->rst_sent || c->sent - c->acked > 6000)
		return;
	for (uint32_t i = 0; i < len; i++)
		text[i] = pattern(c, c->sent + i);
	peer_send(&c->p, PSH | ACK, text, len);
	c->sent += len;
	c->owes_ack = false;
}

static void peer_acts(struct conn *c)
{
	if (c->rst_sent || c->rst_got)
		return;
	if (c->answers_syn) {
		peer_send(&c->p, SYN | ACK, NULL, 0);
		c->answers_syn = false;
		c->syn_sent = true;
	} else if (c->owes_ack && one_in(2)) {
		peer_acks(&c->p);
		c->owes_ack = false;
	} else if (c->established && !c->fin_sent && one_in(12) && (one_in(3) || c->got == c->sent)) {
		peer_send(&c->p, FIN | ACK, NULL, 0);
		c->fin_sent = true;
		c->owes_ack = false;
	} else if (c->established && one_in(150)) {
		peer_raw(&c->p, RST | ACK, c->p.seq, NULL, 0);
		c->rst_sent = true;
	} else {
		peer_speaks(c);
	}
}

static struct conn *conn_of_port(uint16_t port)
{
	int id = port >= ACTIVE ? port - ACTIVE : port - PASSIVE;

	if (id < 0 || id >= r.nconns)
		FAIL("a segment for port %u, where nobody is", port);
	return &r.conn[id];
}

static void take_payload(struct conn *c, const struct seg *s)
{
	if (s->seq != c->p.ack)
		FAIL_CONN(c, "expects byte %u, gets %d", c->got, (int)(c->got + (s->seq - c->p.ack)));
	for (uint32_t i = 0; i < s->len; i++) {
		if (s->data[i] != pattern(c, c->got + i))
			FAIL_CONN(c, "byte %u of the answer is wrong", c->got + i);
	}
	c->got += s->len;
	c->fin_got |= s->flags & FIN;
	c->p.ack += s->len + !!(s->flags & FIN);
	c->owes_ack |= s->len || (s->flags & FIN);
}

/* An acknowledgement that says nothing new was made for a segment that came out of order, or twice. */
static void take_ack(struct conn *c, const struct seg *s)
{
	uint32_t acked = s->ack - c->first;
	bool says_nothing = !s->len && !(s->flags & (SYN | FIN)) && acked == c->acked && s->window == c->window;

	if ((int32_t)(s->ack - c->p.seq) > 0 || (int32_t)(acked - c->acked) < 0)
		FAIL_CONN(c, "%u bytes were sent, and %u acknowledged; before, %u", c->sent, acked, c->acked);
	if (says_nothing && c->p.seq != s->ack)
		FAIL_CONN(c, "byte %u is acknowledged again: frames were reordered, or one was lost", acked);
	c->acked = acked;
	c->window = s->window;
}

static void take_segment(const struct seg *s)
{
	struct conn *c = conn_of_port(s->dport);

	note(s->seq ^ s->ack ^ s->flags << 24 ^ s->len);
	if (c->rst_sent)
		return;
	if (s->flags & RST) {
		if (!c->aborted)
			FAIL_CONN(c, "is reset");
		c->rst_got = true;
		return;
	}
	if (c->active && (s->flags & SYN)) {
		if (c->p.ack)
			FAIL_CONN(c, "is opened twice");
		c->p.to = s->sport;
		c->p.ack = s->seq + 1;
		c->answers_syn = true;
		return;
	}
	if (s->flags & SYN) {
		if (c->established)
			FAIL_CONN(c, "its SYN is answered twice");
		c->p.ack = s->seq + 1;
		c->owes_ack = true;
	} else {
		take_payload(c, s);
	}
	c->established = true;
	take_ack(c, s);
}

static void take_wire(void)
{
	struct seg s;

	while (sent_segment(&s))
		take_segment(&s);
}

/* ---- The program ---- */

enum work { ACCEPT, SEND, GIVE_BACK, CLOSE, ABORT, STRAY };

static struct batch {
	struct conn *conn[LISTS];
	enum work work[LISTS];
	bool elsewhere[LISTS]; /* its flow is not this thread's */
	uint32_t n;
} batch;

/* Reset before it was accepted: the program is told nothing more of it. */
static bool forgotten(const struct conn *c) { return c->rst_sent && !c->active && !c->accepted; }
static bool alive(const struct conn *c) { return c->used && c->known && !c->dead; }

static void add_call(struct conn *c, enum work work, struct ix_call call)
{
	if (batch.n == LISTS)
		return;
	call.handle = c->handle;
	world->calls[batch.n] = call;
	batch.conn[batch.n] = c;
	batch.work[batch.n] = work;
	batch.elsewhere[batch.n] = group_of(c)->owner != world;
	batch.n++;
}

static void add_send(struct conn *c)
{
	uint32_t at = c->written % PATTERN;
	struct ix_sg sg = { IX_HEAP + c->id % ALIVE * PATTERN + at, MIN(c->received - c->written, PATTERN - at) };
	uint32_t list = PROGRAM + batch.n * sizeof(sg);

	memcpy(machine_user(list), &sg, sizeof(sg));
	add_call(c, SEND, (struct ix_call){ .op = IX_CALL_SENDV, .sendv = { list, 1 } });
}

static void add_work(struct conn *c)
{
	if (!c->accepted && c->active)
		return;
	if (!c->accepted) {
		add_call(c, ACCEPT, (struct ix_call){ .op = IX_CALL_ACCEPT, .accept = { c->id } });
		return;
	}
	if (c->closed)
		return;
	if (c->received != c->written)
		add_send(c);
	if (c->received != c->done && one_in(2))
		add_call(c, GIVE_BACK, (struct ix_call){ .op = IX_CALL_RECV_DONE, .recv_done = { c->received - c->done } });
	if ((c->fin && c->received == c->written) || one_in(200))
		add_call(c, CLOSE, (struct ix_call){ .op = IX_CALL_CLOSE });
	else if (one_in(300))
		add_call(c, ABORT, (struct ix_call){ .op = IX_CALL_ABORT });
}

static void fill_batch(void)
{
	batch.n = 0;
	for (int i = 0; i < r.nconns; i++) {
		struct conn *c = &r.conn[i];
		if (!alive(c))
			continue;
		if (c->thread == (int)world->thread && one_in(2))
			add_work(c);
		else if (c->accepted && group_of(c)->owner != world && one_in(20))
			add_call(c, STRAY, (struct ix_call){ .op = IX_CALL_RECV_DONE });
	}
}

/* How the call ended, if not well: the flow may have been reset meanwhile. */
static void judge_error(struct conn *c, enum work work, bool elsewhere, int result)
{
	if (elsewhere != (result == -E_MOVED))
		FAIL_CONN(c, "a call %s: %d", elsewhere ? "for a flow of another thread" : "to its own thread", result);
	r.ncalls_moved += elsewhere;
	if (elsewhere || (c->rst_sent && (result == -E_CLOSED || result == -E_BAD_HANDLE)))
		return;
	if (result == -E_CLOSED && (c->closed || c->aborted))
		return;
	FAIL_CONN(c, "call %d: %d", work, result);
}

static void judge_call(uint32_t i)
{
	struct conn *c = batch.conn[i];
	enum work work = batch.work[i];
	int result = world->calls[i].result;

	note(result);
	if (result < 0 || batch.elsewhere[i]) {
		judge_error(c, work, batch.elsewhere[i], result);
		return;
	}
	switch (work) {
	case ACCEPT: c->accepted = true; break;
	case SEND: c->written += result; break;
	case GIVE_BACK: c->done = c->received; break;
	case CLOSE: c->closed = true; c->aborted |= !c->fin; break; /* what still comes is answered by RST */
	case ABORT: c->closed = c->aborted = true; break;
	case STRAY: break;
	}
}

static void take_knock(const struct ix_event *ev)
{
	struct conn *c = conn_of_port(ev->knock.port);

	if (c->known)
		FAIL_CONN(c, "knocks twice");
	c->known = true;
	c->handle = ev->handle;
	c->thread = world->thread;
	c->moves_told = r.moves[IX_HANDLE_GROUP(c->handle)];
}

static struct conn *conn_of_handle(ix_handle_t h)
{
	for (int i = 0; i < r.nconns; i++) {
		struct conn *c = &r.conn[i];
		if (c->used && c->known && c->handle == h)
			return c;
	}
	FAIL("an event for a handle that nobody knows");
	return NULL;
}

static void take_moved(struct conn *c)
{
	uint32_t moves = r.moves[IX_HANDLE_GROUP(c->handle)];

	if (c->moves_told == moves)
		FAIL_CONN(c, "`moved` is told twice");
	c->moves_told = moves;
	c->thread = world->thread;
	r.nevents_moved++;
}

static void take_recv(struct conn *c, const struct ix_event *ev)
{
	const uint8_t *bytes = ev->recv.len ? recv_bytes(ev) : NULL;

	for (uint32_t i = 0; i < ev->recv.len; i++) {
		if (bytes[i] != pattern(c, c->received + i))
			FAIL_CONN(c, "the program is given a wrong byte %u", c->received + i);
	}
	c->received += ev->recv.len;
	if (c->fin && (ev->recv.len || (ev->recv.flags & IX_RECV_FIN)))
		FAIL_CONN(c, "something comes after the peer's FIN");
	c->fin |= ev->recv.flags & IX_RECV_FIN;
}

static void take_event(const struct ix_event *ev)
{
	note(ev->type ^ (uint32_t)ev->handle);
	if (ev->type == IX_EV_KNOCK) {
		take_knock(ev);
		return;
	}
	struct conn *c = conn_of_handle(ev->handle);
	if (c->dead)
		FAIL_CONN(c, "event %u after `dead`", ev->type);
	if (ev->type == IX_EV_MOVED) {
		take_moved(c);
		return;
	}
	if (c->thread != (int)world->thread || c->moves_told != r.moves[IX_HANDLE_GROUP(c->handle)])
		FAIL_CONN(c, "event %u on thread %u, before `moved`", ev->type, world->thread);
	switch (ev->type) {
	case IX_EV_RECV: take_recv(c, ev); break;
	case IX_EV_SENT: c->sent_told += ev->sent.bytes; break;
	case IX_EV_CONNECTED: c->accepted = true; break;
	case IX_EV_DEAD: c->dead = true; break;
	default: FAIL_CONN(c, "event %u", ev->type);
	}
	if (c->sent_told > c->written)
		FAIL_CONN(c, "%u bytes were sent, and %u are told", c->written, c->sent_told);
	if (ev->type == IX_EV_CONNECTED && ev->connected.outcome) {
		if (!c->rst_sent)
			FAIL_CONN(c, "does not connect: %d", ev->connected.outcome);
		c->dead = true;
	}
}

static void program_connects(void)
{
	bool deaf = !world->ngroups; /* no answer could come to this CPU */
	struct conn *c = new_conn(true);

	if (!c)
		return;
	int result = connect_to(PEER_IP, c->p.port, c->id);
	if (deaf && result == -E_AGAIN) {
		c->used = false;
		r.nalive--;
		return;
	}
	if (result < 0)
		FAIL_CONN(c, "connect: %d", result);
	c->known = true;
	c->handle = last_call.handle;
	c->thread = world->thread;
	c->moves_told = r.moves[IX_HANDLE_GROUP(c->handle)];
	if (group_of(c)->owner != world)
		FAIL_CONN(c, "its answers come to another CPU");
}

/* ---- The oracle ---- */

static void see_moves(void)
{
	for (uint32_t i = 0; i < NGROUPS; i++) {
		struct dp *owner = world->plane->groups[i].owner;
		if (owner && owner != r.owner[i]) {
			r.moves[i]++;
			r.nmoves++;
		}
		r.owner[i] = owner; /* it may come back to where it was */
	}
}

static void take_events(void)
{
	see_moves();
	while (have_event()) {
		struct ix_event ev = next_event();
		take_event(&ev);
	}
}

/* A thread's lists name no flow of another. */
static void check_list(struct dp *dp, const struct link *list, size_t at_in_flow, const char *name)
{
	for (const struct link *at = list->next; at != list; at = at->next) {
		const struct flow *f = (const struct flow *)((const char *)at - at_in_flow);
		if (f->g->owner != dp)
			FAIL("a flow of group %u is %s on thread %u, which does not have that group", f->g->index, name, dp->thread);
	}
}

static void check_lists(struct dp *dp)
{
	check_list(dp, &dp->pending, offsetof(struct flow, pending), "pending");
	check_list(dp, &dp->graves, offsetof(struct flow, pending), "in a grave");
	check_list(dp, &dp->waiting, offsetof(struct flow, waiting), "in TIME_WAIT");
}

/* One that is parked has nothing that could need it. */
static void check_parked(struct dp *dp)
{
	if (dp->ngroups)
		FAIL("thread %u is parked, and has %u groups", dp->thread, dp->ngroups);
	if (dp->q->tx_head != dp->q->tx_tail)
		FAIL("thread %u is parked, and the NIC has not read all that it sent", dp->thread);
}

/* Each group is one thread's, or on the way to one. */
static void check_groups(void)
{
	const struct plane *p = world->plane;
	uint32_t there[NGROUPS] = { 0 };

	for (int t = 0; t < THREADS; t++) {
		struct dp *dp = world_thread[t];
		uint32_t n = 0, flows = 0;
		for (struct link *at = dp->groups.next; at != &dp->groups; at = at->next, n++) {
			struct fgroup *g = group_at(at);
			there[g->index]++;
			flows += g->flows.nused;
			if (g->owner != dp)
				FAIL("group %u is on thread %d's list, and not its own", g->index, t);
		}
		if (n != dp->ngroups || flows != dp->nflows)
			FAIL("thread %d has %u groups, %u flows; it counts %u, %u", t, n, flows, dp->ngroups, dp->nflows);
		check_lists(dp);
		if (!dp->cpu)
			check_parked(dp);
		for (struct fgroup *g = dp->incoming; g; g = g->next)
			there[g->index]++;
	}
	for (uint32_t i = 0; i < p->ngroups; i++) {
		if (there[i] != 1)
			FAIL("group %u is in %u places", i, there[i]);
	}
}

/* What the program was lent is what the dataplane thinks it was; and nothing waits out of order. */
static void check_flows(void)
{
	for (int i = 0; i < r.nconns; i++) {
		const struct conn *c = &r.conn[i];
		if (!alive(c))
			continue;
		const struct flow *f = flow_find(&group_of(c)->flows, c->handle);
		if (!f && forgotten(c))
			continue;
		if (!f)
			FAIL_CONN(c, "its handle is good no more, and `dead` has not come");
		if (f->rx_lent != c->received - c->done)
			FAIL_CONN(c, "holds %u bytes, and %u are counted", c->received - c->done, f->rx_lent);
		if (f->pcb && (f->flags & FLOW_ENDED) == 0 && f->pcb->ooseq)
			FAIL_CONN(c, "its segments came out of order");
	}
}

static void check_drops(void)
{
	for (int t = 0; t < THREADS; t++) {
		const struct ix_stat *s = &world_thread[t]->stat;
		if (s->drop_rx_queue || s->drop_rx_nobuf || s->drop_rx_nomem || s->drop_flows || s->drop_tx_full || s->drop_backlog)
			FAIL("thread %d dropped a frame", t);
		if (s->tcp_rexmits)
			FAIL("thread %d sent something again", t);
	}
	if (nic.no_buffer)
		FAIL("the NIC found no buffer");
}

static void check(void)
{
	check_drops();
	if (r.step % 8)
		return;
	check_groups();
	check_flows();
	world_buffers_add_up();
}

/* ---- One step ---- */

static void step_program(void)
{
	world_on(any(THREADS));
	if (!world->cpu)
		return;
	if (one_in(8)) {
		cycle_without_app();
		see_moves();
		return;
	}
	if (one_in(30)) {
		program_connects();
		take_events();
		return;
	}
	fill_batch();
	uint32_t n = batch.n;
	if (one_in(3))
		run(n);
	else
		r.nparked += run_waiting(n) < 0;
	for (uint32_t i = 0; i < n; i++)
		judge_call(i);
	take_events();
}

static void step_peer(void)
{
	if (one_in(6))
		peer_opens_one();
	if (!r.nconns)
		return;
	for (int i = 0; i < 4; i++) {
		struct conn *c = &r.conn[MAX(0, r.nconns - 1 - (int)any(3 * ALIVE))];
		if (c->used && (c->syn_sent || c->answers_syn) && nic_waiting(0) + nic_waiting(1) + nic_waiting(2) < 60)
			peer_acts(c);
	}
}

/* At once, whatever it is at; its NIC is not stuck, or nobody could have its flows (dp_leave_test). */
static void thread_dies(int t)
{
	world_on(t);
	if (world->ngroups)
		r.ndeaths++;
	nic.hold = false;
	nic_transmit_some(t, UINT32_MAX);
	if (dp_detach(&machine_thread[t]) < 0)
		FAIL("thread %d cannot detach", t);
	nic.hold = true;
	see_moves();
}

/* Another in its place, with its home. */
static void thread_is_born(int t)
{
	struct ix_config config = { 0 };

	machine_run_on(0, t);
	memcpy(machine_user(PROGRAM), &config, sizeof(config));
	int result = dp_attach(&machine_thread[t], one_in(2) ? IX_PARKED : IX_ANY_CPU, PROGRAM);
	if (result < 0)
		FAIL("thread %d cannot attach: %d", t, result);
	memcpy(&config, machine_user(PROGRAM), sizeof(config));
	if ((int)config.thread != t)
		FAIL("thread %d has become thread %u", t, config.thread);
}

static void step_births_and_deaths(void)
{
	int t = 1 + any(THREADS - 1);
	struct Env *e = &machine_thread[t];

	lock_kernel();
	if (e->env_dp || e->env_dp_parked)
		thread_dies(t);
	else if (t == 1 || world_thread[1]->env) /* who is born gets the first place that is free */
		thread_is_born(t);
	unlock_kernel();
}

static void step_control(void)
{
	struct plane *p = world->plane;
	uint32_t busy = r.nconns ? any(r.nconns) : 0; /* mostly a group that has somebody in it */
	uint32_t group = alive(&r.conn[busy]) ? IX_HANDLE_GROUP(r.conn[busy].handle) : any(NGROUPS);

	lock_kernel();
	if (!one_in(4))
		plane_move_group(p, group, any(THREADS));
	else if (one_in(2))
		plane_remove_cpu(p, 1 + any(THREADS));
	else
		plane_add_cpu(p, IX_ANY_CPU);
	unlock_kernel();
}

static void step(void)
{
	switch (any(16)) {
	case 0:
		if (one_in(6))
			step_births_and_deaths();
		else
			step_control();
		break;
	case 1: case 2: nic_transmit_some(any(THREADS), 1 + any(4)); break;
	case 3: nic_transmit(); break;
	case 4: case 5: case 6: case 7: step_peer(); break;
	case 8: r.time_us += 100; machine_us += any(2000); break;
	default: step_program();
	}
	take_wire();
	check();
}

/* ---- A run ---- */

static void begin(uint32_t seed)
{
	memset(&r, 0, sizeof(r));
	r.seed = seed;
	r.random = seed * 2654435761u + 1;
	world_open_threads(THREADS);
	fill_heap();
	listen_on(PORT, 255, 1);
	peer_announces();
	cycle_all();
	see_moves();
	memset(r.moves, 0, sizeof(r.moves));
	r.nmoves = 0;
	nic.hold = true;
}

static bool over(const struct conn *c)
{
	return c->dead || forgotten(c);
}

static void wind_up(struct conn *c)
{
	if (!c->used || over(c) || c->rst_sent || c->rst_got)
		return;
	if (c->owes_ack) {
		peer_acks(&c->p);
		c->owes_ack = false;
	} else if (c->answers_syn) {
		peer_acts(c);
	} else if (c->established && !c->fin_sent && c->acked == c->sent) {
		peer_send(&c->p, FIN | ACK, NULL, 0);
		c->fin_sent = true;
	}
}

/* Without moves from here on: everybody finishes. */
static void finish(void)
{
	for (r.step = STEPS; r.step < STEPS + 600; r.step++) {
		for (int i = 0; i < r.nconns && nic_waiting(0) + nic_waiting(1) + nic_waiting(2) < 60; i++)
			wind_up(&r.conn[i]);
		for (int t = 0; t < THREADS; t++) {
			world_on(t);
			if (!world->cpu)
				continue;
			fill_batch();
			uint32_t n = batch.n;
			run_waiting(n);
			for (uint32_t i = 0; i < n; i++)
				judge_call(i);
			take_events();
		}
		nic_transmit();
		take_wire();
		check();
	}
	for (int i = 0; i < r.nconns; i++) {
		const struct conn *c = &r.conn[i];
		if (!c->used)
			continue;
		if (!over(c))
			FAIL_CONN(c, "has no end: sent %u acknowledged %u got %u; received %u written %u", c->sent, c->acked,
				  c->got, c->received, c->written);
		if (!c->rst_sent && !c->rst_got && !c->aborted && c->got != c->written)
			FAIL_CONN(c, "%u bytes were written, and %u arrived", c->written, c->got);
		if (!c->rst_sent && !c->rst_got && !c->aborted && c->sent_told != c->written)
			FAIL_CONN(c, "%u bytes were written, and %u told as sent", c->written, c->sent_told);
	}
}

/* What came in return for a group's buffers was taken. */
static void check_returned(void)
{
	for (int t = 0; t < THREADS; t++) {
		if (world_thread[t]->cpu && world_thread[t]->returned)
			FAIL("thread %d leaves buffers that were returned to it", t);
	}
}

/* Nobody knocks any more. */
static void check_doors(void)
{
	for (int t = 0; t < THREADS; t++) {
		for (int i = 0; i < NLISTENERS; i++) {
			const struct door *d = &world_thread[t]->doors[i];
			if (d->pcb && d->pcb->accepts_pending)
				FAIL("thread %d counts %u connections that nobody has accepted", t, d->pcb->accepts_pending);
		}
	}
}

static void one_run(uint32_t seed)
{
	begin(seed);
	for (r.step = 0; r.step < STEPS; r.step++) {
		/* Those that ended make room. */
		r.nalive = 0;
		for (int i = 0; i < r.nconns; i++)
			r.nalive += r.conn[i].used && !over(&r.conn[i]);
		step();
	}
	finish();
	check_doors();
	check_returned();
	for (int t = 0; t < THREADS; t++)
		r.nframes_parked += world_thread[t]->stat.rx_parked;
	world_close();
}

static void groups_move_under_load(void **state)
{
	const char *wanted = getenv("SEEDS");
	uint32_t first = 1, n = SEEDS;
	struct { uint32_t nmoves, nparked, ndeaths, ncalls_moved, nevents_moved, nframes_parked; } sum = { 0 };

	(void)state;
	if (wanted)
		sscanf(wanted, "%u,%u", &first, &n);
	for (uint32_t seed = first; seed < first + n; seed++) {
		one_run(seed);
		sum.nmoves += r.nmoves;
		sum.nparked += r.nparked;
		sum.ndeaths += r.ndeaths;
		sum.ncalls_moved += r.ncalls_moved;
		sum.nevents_moved += r.nevents_moved;
		sum.nframes_parked += r.nframes_parked;
	}
	print_message("%u moves, %u frames parked, %u events, %u calls refused, %u times a thread parked, %u that died with groups\n",
		      sum.nmoves, sum.nframes_parked, sum.nevents_moved, sum.ncalls_moved, sum.nparked, sum.ndeaths);
	assert_true(sum.nmoves > 100 * n && sum.nevents_moved > 50 * n && sum.ncalls_moved > 5 * n && sum.nparked >= n && sum.ndeaths > n &&
		    sum.nframes_parked > n);
}

static void the_same_seed_gives_the_same_run(void **state)
{
	(void)state;
	one_run(77);
	uint32_t before = r.digest;
	one_run(77);
	assert_int_equal(r.digest, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_move_under_load),
		cmocka_unit_test(the_same_seed_gives_the_same_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
