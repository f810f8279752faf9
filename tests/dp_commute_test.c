/* SPDX-License-Identifier: MIT */
/*
 * Which calls commute: the table of doc/ABI.md, pair by pair. Two calls are made in one batch, or by two threads on two
 * CPUs, one after the other; in both orders, each time in a world made anew. What they returned, what the program is told
 * afterwards, what goes out to each peer, and how each peer is answered when it goes on must be the same. Of the pairs that
 * the table excepts, each must show a difference: so the comparison sees what it is there for.
 */
#include "dp_peer.h"

enum { PORT = 80, OTHER_PORT = 90, FREE_PORT = 81, UDP_PORT = 53, RECEIVED = 100, PEER_PORT = 4000, KNOCKER_PORT = 5000 };
enum { PAIR = 2 };

/* What there is before the calls. Two of each kind, each of a thread of its own if there are two of these. */
static struct scene {
	ix_handle_t listener[PAIR], open[PAIR], knocking[PAIR], udp[PAIR];
	struct peer peer[PAIR], knocker[PAIR];
} scene;

/* ---- The calls ---- */

static struct ix_call on_handle(enum ix_op op, ix_handle_t h) { return (struct ix_call){ .op = op, .handle = h }; }

static struct ix_call listen_call(uint32_t port)
{
	return (struct ix_call){ .op = IX_CALL_LISTEN, .listen = { port, 16, port } };
}

static struct ix_call do_listen(int i) { return listen_call(FREE_PORT + i); }
static struct ix_call do_listen_used(int i) { return listen_call(i ? OTHER_PORT : PORT); }
static struct ix_call do_unlisten(int i) { return on_handle(IX_CALL_UNLISTEN, scene.listener[i]); }

static struct ix_call do_connect(int i)
{
	return (struct ix_call){ .op = IX_CALL_CONNECT, .connect = { 300 + i, PEER_IP, 1000 + i } };
}

static struct ix_call do_accept(int i)
{
	return (struct ix_call){ .op = IX_CALL_ACCEPT, .handle = scene.knocking[i], .accept = { 200 + i } };
}

static struct ix_call do_reject(int i) { return on_handle(IX_CALL_REJECT, scene.knocking[i]); }

/* Lists of one piece lie in the program's memory, one for each flow and kind. */
static struct ix_call send_call(ix_handle_t h, uint32_t list, uint32_t len)
{
	struct ix_sg sg = { IX_HEAP + 1000 * list, len };

	memcpy(machine_user(PROGRAM + list * sizeof(sg)), &sg, sizeof(sg));
	return (struct ix_call){ .op = IX_CALL_SENDV, .handle = h, .sendv = { PROGRAM + list * sizeof(sg), 1 } };
}

static struct ix_call do_sendv(int i) { return send_call(scene.open[i], i, 500); }
static struct ix_call do_sendv_more(int i) { return send_call(scene.open[i], PAIR + i, 70); }

static struct ix_call done_call(int i, uint32_t bytes)
{
	return (struct ix_call){ .op = IX_CALL_RECV_DONE, .handle = scene.open[i], .recv_done = { bytes } };
}

static struct ix_call do_recv_done(int i) { return done_call(i, 40); }
static struct ix_call do_recv_done_more(int i) { return done_call(i, 60); }
static struct ix_call do_shutdown(int i) { return on_handle(IX_CALL_SHUTDOWN, scene.open[i]); }
static struct ix_call do_close(int i) { return on_handle(IX_CALL_CLOSE, scene.open[i]); }
static struct ix_call do_abort(int i) { return on_handle(IX_CALL_ABORT, scene.open[i]); }

static struct ix_call timer_call(enum ix_op op, uint32_t id, uint32_t us)
{
	return (struct ix_call){ .op = op, .timer = { id, us, 400 + id } };
}

static struct ix_call do_set(int i) { return timer_call(IX_CALL_TIMER_SET, i, 1000); }
static struct ix_call do_set_later(int i) { return timer_call(IX_CALL_TIMER_SET, i, 900000); }
static struct ix_call do_clear(int i) { return timer_call(IX_CALL_TIMER_CLEAR, i, 0); }

static struct ix_call do_bind(int i)
{
	return (struct ix_call){ .op = IX_CALL_UDP_BIND, .udp_bind = { UDP_PORT + 1 + i, 500 + i } };
}

static struct ix_call do_udp_sendv(int i)
{
	struct ix_call c = send_call(scene.udp[i], 2 * PAIR + i, 33);

	c.op = IX_CALL_UDP_SENDV;
	c.udp_sendv.ip = PEER_IP;
	c.udp_sendv.port = 6000 + i;
	return c;
}

static struct ix_call do_udp_close(int i) { return on_handle(IX_CALL_CLOSE, scene.udp[i]); }

/* What a call is about. Calls about different things commute. */
enum subject { FREE_PORTS, LISTENERS, PEERS, KNOCKS, FLOWS, TIMERS, UDP_PORTS, UDP, NSUBJECTS };

static const struct kind {
	const char *name;
	struct ix_call (*make)(int which);
	enum subject subject;
} kinds[] = {
	{ "listen", do_listen, FREE_PORTS }, { "listen on a port in use", do_listen_used, LISTENERS },
	{ "unlisten", do_unlisten, LISTENERS }, { "connect", do_connect, PEERS }, { "accept", do_accept, KNOCKS },
	{ "reject", do_reject, KNOCKS }, { "sendv", do_sendv, FLOWS }, { "sendv of more", do_sendv_more, FLOWS },
	{ "recv_done", do_recv_done, FLOWS }, { "recv_done of more", do_recv_done_more, FLOWS },
	{ "shutdown", do_shutdown, FLOWS }, { "close", do_close, FLOWS }, { "abort", do_abort, FLOWS },
	{ "timer_set", do_set, TIMERS }, { "timer_set to later", do_set_later, TIMERS },
	{ "timer_clear", do_clear, TIMERS }, { "udp_bind", do_bind, UDP_PORTS },
	{ "udp_sendv", do_udp_sendv, UDP }, { "close of a UDP port", do_udp_close, UDP },
};
enum { NKINDS = ARRAY_SIZE(kinds) };

static bool is(int kind, struct ix_call (*make)(int)) { return kinds[kind].make == make; }
static bool gives_credit(int kind) { return is(kind, do_recv_done) || is(kind, do_recv_done_more); }

/*
 * What the table says. `same`: both are about the same port, peer, flow, timer. On two CPUs only listeners can be: timers,
 * UDP ports and the choice of local ports are each thread's own, and a flow that is another's is refused whatever it did.
 */
static bool should_commute(int a, int b, bool same)
{
	enum subject about = kinds[a].subject;

	if (about != kinds[b].subject)
		return true;
	if (world_nthreads > 1)
		return !same || (about != FREE_PORTS && about != LISTENERS) || (a == b && is(a, do_listen_used));
	if (is(a, do_udp_close) || is(b, do_udp_close))
		return false; /* there is one such port */
	if (!same)
		return true;
	return gives_credit(a) || gives_credit(b);
}

/* ---- The world before, and what is seen of it ---- */

/* A line for each thing seen. Who looks at two stories does not see the order between different peers or flows. */
struct story {
	char line[512][80];
	int n;
	int act;
};

static int thread_of(int which) { return which % world_nthreads; }

static void build_one(int i)
{
	static const uint8_t text[RECEIVED];

	world_on(thread_of(i));
	scene.peer[i] = peer_on(thread_of(i), PEER_PORT + 100 * i, PORT);
	scene.open[i] = peer_accepted(&scene.peer[i], 100 + i);
	peer_send(&scene.peer[i], PSH | ACK, text, sizeof(text));
	expect_event(IX_EV_RECV);
	scene.knocker[i] = peer_on(thread_of(i), KNOCKER_PORT + 100 * i, i ? OTHER_PORT : PORT);
	peer_opens(&scene.knocker[i]);
	scene.knocking[i] = expect_event(IX_EV_KNOCK).handle;
	if (i < (int)world_nthreads)
		assert_int_equal(call((struct ix_call){ .op = IX_CALL_UDP_BIND, .udp_bind = { UDP_PORT, 500 + i } }), 0);
	scene.udp[i] = i < (int)world_nthreads ? last_call.handle : scene.udp[0];
	assert_int_equal(call(do_set(i)), 0);
}

/* Delayed acknowledgements are out, and the timer of each is set anew. */
static void settle_one(int i)
{
	world_on(thread_of(i));
	call(timer_call(IX_CALL_TIMER_CLEAR, i, 0));
	while (have_event())
		next_event();
	assert_int_equal(call(timer_call(IX_CALL_TIMER_SET, i, 500000)), 0);
}

static void build(uint32_t nthreads)
{
	world_open_threads(nthreads);
	for (int i = 0; i < 4000; i++)
		*heap(i) = i * 7 >> 3;
	scene.listener[0] = listen_on(PORT, 16, PORT);
	scene.listener[1] = listen_on(OTHER_PORT, 16, OTHER_PORT);
	for (int i = 0; i < PAIR; i++)
		build_one(i);
	machine_us += 300000;
	for (int i = 0; i < PAIR; i++)
		settle_one(i);
	drain();
}

static void for_each_thread(void (*act)(struct story *), struct story *s)
{
	for (uint32_t t = 0; t < world_nthreads; t++) {
		world_on(t);
		act(s);
	}
}

static void tell(struct story *s, const char *fmt, ...)
{
	va_list ap;

	assert_true(s->n < (int)ARRAY_SIZE(s->line));
	va_start(ap, fmt);
	vsnprintf(s->line[s->n++], sizeof(s->line[0]), fmt, ap);
	va_end(ap);
}

static uint32_t digest(const uint8_t *bytes, uint32_t len)
{
	uint32_t sum = 2166136261u;

	while (len--)
		sum = (sum ^ *bytes++) * 16777619u;
	return sum;
}

static void tell_wire(struct story *s)
{
	const struct nic_frame *f;

	for (int i = 0; i < 3; i++, cycle_all()) {
		while ((f = nic_sent())) {
			const uint8_t *ip = f->bytes + 14, *tcp = ip + 20;
			bool is_tcp = ip[9] == 6;
			uint32_t from = is_tcp ? 34 + (tcp[12] >> 4) * 4 : 42; /* payload */
			tell(s, "wire to %u.%03d: flags %x ack %x window %x, %u bytes %x", tcp[2] << 8 | tcp[3], s->n,
			     is_tcp ? tcp[13] : 0, is_tcp ? be32(tcp + 8) : 0, is_tcp ? tcp[14] << 8 | tcp[15] : 0,
			     f->len - from, digest(f->bytes + from, f->len - from));
		}
	}
}

static void tell_own_events(struct story *s)
{
	while (have_event()) {
		struct ix_event ev = next_event();
		tell(s, "thread %u: event of %u.%03d in act %d: type %u, %x %x %x", world->thread, ev.cookie, s->n, s->act, ev.type,
		     ev.type == IX_EV_RECV ? 0 : ev.sent.bytes, ev.type == IX_EV_RECV ? ev.recv.len : ev.sent.window,
		     ev.recv.flags);
	}
}

static void tell_events(struct story *s) { for_each_thread(tell_own_events, s); }

/* Each peer goes on as if nothing had happened: with some text, and an acknowledgement of what it got before. */
static void go_on(struct story *s, const struct peer *p)
{
	peer_raw(p, PSH | ACK, p->seq, "more", 4);
	cycle_all();
	tell_wire(s);
	tell_events(s);
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* The numbers that keep order among one peer's or flow's lines while sorting: not a part of the story. */
static void forget_numbers(struct story *s)
{
	qsort(s->line, s->n, sizeof(s->line[0]), by_text);
	for (int i = 0; i < s->n; i++) {
		char *dot = strchr(s->line[i], '.');
		if (dot)
			memcpy(dot, ".---", 4);
	}
}

static void tell_state(struct story *s)
{
	tell(s, "thread %u: flows %u waiting %u lent %u", world->thread, world->nflows, !link_alone(&world->waiting),
	     world->bufs.count[BUF_APP]);
}

static void abort_all(struct story *s)
{
	(void)s;
	stack_abort_all(world);
}

static void close_all(struct story *s)
{
	(void)s;
	while (have_event())
		next_event();
	struct udp_port *port = uport_find(world, scene.udp[world->thread]);
	if (port)
		uport_close(world, port);
}

static void clean_up(void)
{
	for_each_thread(abort_all, NULL);
	for (int i = 0; i < 4; i++)
		cycle_all();
	for_each_thread(close_all, NULL);
	world_close();
}

/* `turned`: the second first. */
static void in_one_batch(struct story *s, const struct ix_call c[2], bool turned)
{
	for (int i = 0; i < 2; i++)
		world->calls[i ^ turned] = c[i];
	run(2);
	for (int i = 0; i < 2; i++)
		tell(s, "call %d: %d", i, world->calls[i ^ turned].result);
}

static void on_two_cpus(struct story *s, const struct ix_call c[2], bool turned)
{
	for (int n = 0; n < 2; n++) {
		int i = n ^ turned;
		world_on(i);
		tell(s, "call %d: %d", i, call(c[i]));
	}
}

static void play(struct story *s, uint32_t nthreads, const int kind[2], const int which[2], bool turned)
{
	build(nthreads);
	struct ix_call calls[2] = { kinds[kind[0]].make(which[0]), kinds[kind[1]].make(which[1]) };
	s->n = s->act = 0;
	world_on(0);
	(nthreads == 1 ? in_one_batch : on_two_cpus)(s, calls, turned);
	tell_wire(s);
	tell_events(s);
	for (int i = 0; i < PAIR; i++) {
		go_on(s, &scene.peer[i]);
		go_on(s, &scene.knocker[i]);
	}
	for (uint32_t t = 0; t < nthreads; t++) {
		struct peer late = peer_on(t, 7000 + 100 * t, PORT), other = peer_on(t, 8000 + 100 * t, FREE_PORT);
		peer_raw(&late, SYN, late.seq, NULL, 0);
		peer_raw(&other, SYN, other.seq, NULL, 0);
	}
	cycle_all();
	tell_wire(s);
	for (s->act = 1; s->act < 4; s->act++) {
		pass(400000);
		tell_wire(s);
		tell_events(s);
	}
	tell(s, "listeners %u", world->plane->nlisteners);
	for_each_thread(tell_state, s);
	forget_numbers(s);
	clean_up();
}

/* The first line that differs, or -1. */
static int difference(const struct story *a, const struct story *b)
{
	int i = 0;

	while (i < a->n && i < b->n && !strcmp(a->line[i], b->line[i]))
		i++;
	return i == a->n && i == b->n ? -1 : i;
}

static void check_pair(uint32_t nthreads, int a, int b, int which_b)
{
	static struct story forth, back;
	int kind[2] = { a, b }, which[2] = { 0, which_b };

	play(&forth, nthreads, kind, which, false);
	play(&back, nthreads, kind, which, true);
	int at = difference(&forth, &back);
	if ((at < 0) == should_commute(a, b, which_b == 0))
		return;
	if (at < 0)
		fail_msg("%s and %s, of one: no difference is seen", kinds[a].name, kinds[b].name);
	fail_msg("%s and %s, of %s:\n\t%s\n\t%s", kinds[a].name, kinds[b].name, which_b ? "two" : "one",
		 at < forth.n ? forth.line[at] : "nothing", at < back.n ? back.line[at] : "nothing");
}

static void each_pair_of_calls(void **state)
{
	(void)state;
	for (int a = 0; a < NKINDS; a++) {
		for (int b = a; b < NKINDS; b++) {
			check_pair(1, a, b, 1);
			if (a != b)
				check_pair(1, a, b, 0);
		}
	}
}

/* Who names a thing of the other's matters, too. */
static void each_pair_of_calls_on_two_cpus(void **state)
{
	(void)state;
	for (int a = 0; a < NKINDS; a++) {
		for (int b = 0; b < NKINDS; b++) {
			check_pair(2, a, b, 0);
			if (a <= b)
				check_pair(2, a, b, 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pair_of_calls),
		cmocka_unit_test(each_pair_of_calls_on_two_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
