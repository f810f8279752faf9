/* SPDX-License-Identifier: MIT */
/* See dp_world.h. */
#include "dp_world.h"

enum { STEP_US = 5000 };

struct dp *world, *world_thread[MACHINE_THREADS];
uint32_t world_nthreads;
struct fgroup *world_group;
struct ix_config world_config;
struct ix_call last_call;

static struct kept {
	struct ix_event event[EVENTS_KEPT];
	uint32_t in, out;
} kept[MACHINE_THREADS];

static struct Env *env(void) { return &machine_thread[world->thread]; }
static struct kept *mine(void) { return &kept[world->thread]; }

/* ---- Opening and closing ---- */

void world_on(int thread)
{
	world = world_thread[thread];
	machine_run_on(world->cpu ? world->cpu->cpu_id : 0, thread);
}

static void attach(int thread, struct ix_config *c)
{
	struct Env *e = &machine_thread[thread];

	machine_run_on(thread + 1, thread);
	memcpy(machine_user(PROGRAM), c, sizeof(*c));
	assert_int_equal(dp_attach(e, thread + 1, PROGRAM), 0);
	memcpy(c, machine_user(PROGRAM), sizeof(*c));
	assert_int_equal(c->thread, thread);
	world_thread[thread] = e->env_dp;
}

static void join_all(void)
{
	for (uint32_t i = 1; i < world_nthreads; i++) {
		struct ix_config sibling = { 0 };
		attach(i, &sibling);
	}
	for (int i = 0; world_nthreads > 1 && i < 4; i++) {
		for (uint32_t t = 0; t < world_nthreads; t++) {
			world_on(t);
			run_waiting(0); /* groups change hands */
		}
	}
}

void world_open_threads(uint32_t n)
{
	machine_init(n + 1);
	nic_init(n);
	dp_init();
	memset(kept, 0, sizeof(kept));
	machine_map(PROGRAM, PROGRAM_PAGES, PTE_U | PTE_W);
	if (!world_config.heap_size)
		world_config.heap_size = 2 * IX_HEAP_UNIT;
	world_nthreads = n;
	attach(0, &world_config);
	join_all();
	world_on(0);
	world_group = &world->plane->groups[0];
	cycle();
	while (nic_sent())
		; /* it announces its address */
}

void world_open(void) { world_open_threads(1); }

static uint32_t bufs_under_way(const struct plane *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->ngroups; i++)
		n += p->groups[i].owner ? 0 : p->groups[i].nbufs;
	for (uint32_t t = 0; t < world_nthreads; t++) {
		for (const struct buf *b = world_thread[t]->returned; b; b = b->next)
			n++;
		for (const struct buf *b = world_thread[t]->handed; b; b = b->next)
			n++;
	}
	return n;
}

void world_buffers_add_up(void)
{
	const struct plane *p = world->plane;
	uint32_t n[MACHINE_THREADS][BUF_NSTATES] = { 0 }, nobodys = 0;

	for (uint32_t i = 0; i < p->bufs.nsupers * BUFS_PER_SUPER; i++) {
		const struct buf *b = buf_at(&p->bufs, i);
		uint32_t t = 0;
		while (t < world_nthreads && b->pool != &world_thread[t]->bufs)
			t++;
		if (t < world_nthreads)
			n[t][b->state]++;
		else
			nobodys++;
	}
	for (uint32_t t = 0; t < world_nthreads; t++) {
		for (int s = 0; s < BUF_NSTATES; s++)
			assert_int_equal(n[t][s], world_thread[t]->bufs.count[s]);
	}
	assert_int_equal(nobodys, bufs_under_way(p));
}

static void group_is_quiet(const struct fgroup *g)
{
	assert_int_equal(g->flows.nused, 0);
	assert_int_equal(g->nwaiting, 0);
	assert_int_equal(g->slab.bytes, 0);
	for (uint32_t i = 0; i < g->nbuckets; i++)
		assert_true(!g->buckets[i].active && !g->buckets[i].time_wait);
}

/* Datagrams wait for more of their fragments; for up to a minute. */
static uint32_t datagrams_begun(const struct dp *dp)
{
	uint32_t n = 0;

	for (int i = 0; i < DATAGRAMS; i++)
		n += dp->reass.datagram[i].buf != NULL;
	return n;
}

static void thread_is_quiet(const struct dp *dp)
{
	const uint32_t *count = dp->bufs.count;

	assert_int_equal(count[BUF_STACK], datagrams_begun(dp));
	assert_int_equal(count[BUF_APP], 0);
	assert_int_equal(count[BUF_FREE] + count[BUF_NIC] + count[BUF_STACK], dp->bufs.n);
	assert_int_equal(count[BUF_NIC], dp->q->rx_tail - dp->q->rx_head); /* the ring has them all */
	assert_int_equal(dp->q->tx_head, dp->q->tx_tail);
	if (dp->cpu && !dp->plane->nlisteners) /* a parked one has not heard that its listeners are gone */
		assert_int_equal(dp->own.slab.bytes, 0);
}

void world_quiet(void)
{
	const struct plane *p = world->plane;
	uint64_t opened = 0, closed = 0;

	for (uint32_t t = 0; t < world_nthreads; t++) {
		thread_is_quiet(world_thread[t]);
		opened += world_thread[t]->stat.flows_opened;
		closed += world_thread[t]->stat.flows_closed;
	}
	assert_int_equal(opened, closed);
	for (uint32_t i = 0; i < p->ngroups; i++)
		group_is_quiet(&p->groups[i]);
	world_buffers_add_up();
}

void world_unlisten(void)
{
	for (int i = 0; i < NLISTENERS; i++) {
		if (world->plane->listeners[i].gen & 1)
			assert_int_equal(call_on(IX_CALL_UNLISTEN, listener_handle(world->plane, i)), 0);
	}
}

void world_close(void)
{
	size_t own = 1 + PROGRAM_PAGES + 1; /* page directory, the program's pages and their page table */

	nic.hold = false;
	nic_transmit();
	world_on(0);
	world_unlisten();
	pass(10000000);
	world_quiet();
	for (int t = world_nthreads - 1; t >= 0; t--) {
		world_on(t);
		if (world->env)
			assert_int_equal(dp_detach(env()), 0);
	}
	assert_int_equal(machine_pages_used(), own);
	world_config = (struct ix_config){ 0 };
}

int world_setup(void **state)
{
	(void)state;
	world_open();
	return 0;
}

int world_teardown(void **state)
{
	(void)state;
	world_close();
	return 0;
}

/* ---- As the program ---- */

static int run_for(uint32_t ncalls, uint32_t timeout_us)
{
	struct kept *k = mine();
	int n = dp_run_io(env(), ncalls, timeout_us);

	for (int i = 0; i < n; i++) {
		assert_true(k->in - k->out < EVENTS_KEPT);
		k->event[k->in++ % EVENTS_KEPT] = world->events[i];
	}
	return n;
}

int run(uint32_t ncalls) { return run_for(ncalls, 0); }

int run_waiting(uint32_t ncalls)
{
	if (!env()->env_dp)
		return -1;
	int n = run_for(ncalls, 1);
	return machine_parks(env()) ? -1 : n;
}

void cycle(void) { run(0); }

void cycle_all(void)
{
	int at = world->thread;

	for (uint32_t t = 0; t < world_nthreads; t++) {
		if (!machine_thread[t].env_dp)
			continue;
		world_on(t);
		cycle();
	}
	world_on(at);
}

void cycle_without_app(void)
{
	thiscpu->cpu_mail |= MAIL_SCHED; /* one cycle only */
	dp_run_without_app(env());
	thiscpu->cpu_mail &= ~MAIL_SCHED;
}

void pass(uint64_t us)
{
	uint64_t end = machine_us + us;

	while (machine_us < end) {
		machine_us = MIN(machine_us + STEP_US, end);
		cycle_all();
	}
}

int call(struct ix_call c)
{
	world->calls[0] = c;
	run(1);
	last_call = world->calls[0];
	return last_call.result;
}

int call_on(enum ix_op op, ix_handle_t h) { return call((struct ix_call){ .op = op, .handle = h }); }

ix_handle_t listen_on(uint16_t port, uint8_t backlog, uint32_t cookie)
{
	int r = call((struct ix_call){ .op = IX_CALL_LISTEN, .listen = { port, backlog, cookie } });

	assert_int_equal(r, 0);
	return last_call.handle;
}

int accept_flow(ix_handle_t h, uint32_t cookie)
{
	return call((struct ix_call){ .op = IX_CALL_ACCEPT, .handle = h, .accept = { cookie } });
}

int recv_done(ix_handle_t h, uint32_t bytes)
{
	return call((struct ix_call){ .op = IX_CALL_RECV_DONE, .handle = h, .recv_done = { bytes } });
}

int connect_to(uint32_t ip, uint16_t port, uint32_t cookie)
{
	return call((struct ix_call){ .op = IX_CALL_CONNECT, .connect = { cookie, ip, port } });
}

int send_pieces(ix_handle_t h, const struct ix_sg *sg, uint32_t n)
{
	memcpy(machine_user(PROGRAM), sg, n * sizeof(*sg));
	return call((struct ix_call){ .op = IX_CALL_SENDV, .handle = h, .sendv = { PROGRAM, n } });
}

int send_heap(ix_handle_t h, uint32_t off, uint32_t len)
{
	return send_pieces(h, &(struct ix_sg){ IX_HEAP + off, len }, 1);
}

uint8_t *heap(uint32_t off) { return machine_user(IX_HEAP + off); }

/* ---- Events ---- */

bool have_event(void) { return mine()->in != mine()->out; }

struct ix_event next_event(void)
{
	for (int i = 0; i < 3 && !have_event(); i++)
		cycle_all(); /* what waits for the NIC comes a cycle later */
	assert_true(have_event());
	return mine()->event[mine()->out++ % EVENTS_KEPT];
}

struct ix_event expect_event(enum ix_ev type)
{
	struct ix_event ev = next_event();

	assert_int_equal(ev.type, type);
	return ev;
}

void expect_no_event(void)
{
	cycle();
	if (have_event())
		fail_msg("there is an event of type %u", mine()->event[mine()->out % EVENTS_KEPT].type);
}

const uint8_t *recv_bytes(const struct ix_event *ev)
{
	assert_int_equal(machine_user_flags(ev->recv.addr) & (PTE_U | PTE_W), PTE_U);
	return machine_user(ev->recv.addr);
}
