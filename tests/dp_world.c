/* SPDX-License-Identifier: MIT */
/* See dp_world.h. */
#include "dp_world.h"

enum { STEP_US = 5000 };

struct dp *world;
struct fgroup *world_group;
struct ix_config world_config;
struct ix_call last_call;

static struct ix_event kept[EVENTS_KEPT];
static uint32_t kept_in, kept_out;

/* ---- Opening and closing ---- */

void world_open(void)
{
	machine_init();
	nic_init();
	dp_init();
	kept_in = kept_out = 0;
	machine_map(PROGRAM, PROGRAM_PAGES, PTE_U | PTE_W);
	if (!world_config.heap_size)
		world_config.heap_size = 2 * IX_HEAP_UNIT;
	memcpy(machine_user(PROGRAM), &world_config, sizeof(world_config));
	assert_int_equal(dp_attach(&machine_env, IX_ANY_CPU, PROGRAM), 0);
	memcpy(&world_config, machine_user(PROGRAM), sizeof(world_config));
	world = machine_env.env_dp;
	world_group = &world->plane->groups[0];
	cycle();
	while (nic_sent())
		; /* it announces its address */
}

void world_quiet(void)
{
	const struct fgroup *g = world_group;
	const uint32_t *count = world->bufs.count;

	assert_int_equal(g->flows.nused, 0);
	assert_int_equal(g->nwaiting, 0);
	assert_int_equal(count[BUF_STACK], 0);
	assert_int_equal(count[BUF_APP], 0);
	assert_int_equal(count[BUF_FREE] + count[BUF_NIC], world->bufs.n);
	assert_int_equal(world->q->tx_head, world->q->tx_tail);
	assert_int_equal(world->stat.flows_opened, world->stat.flows_closed);
	assert_int_equal(g->slab.bytes, 0);
	if (!world->plane->nlisteners)
		assert_int_equal(world->own.slab.bytes, 0);
	for (uint32_t i = 0; i < NBUCKETS; i++)
		assert_true(!g->buckets[i].active && !g->buckets[i].time_wait);
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
	world_unlisten();
	pass(10000000);
	world_quiet();
	assert_int_equal(dp_detach(&machine_env), 0);
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

int run(uint32_t ncalls)
{
	int n = dp_run_io(&machine_env, ncalls, 0);

	for (int i = 0; i < n; i++) {
		assert_true(kept_in - kept_out < EVENTS_KEPT);
		kept[kept_in++ % EVENTS_KEPT] = world->events[i];
	}
	return n;
}

void cycle(void) { run(0); }

void cycle_without_app(void)
{
	cpus[1].cpu_mail |= MAIL_SCHED; /* one cycle only */
	dp_run_without_app(&machine_env);
	cpus[1].cpu_mail &= ~MAIL_SCHED;
}

void pass(uint64_t us)
{
	uint64_t end = machine_us + us;

	while (machine_us < end) {
		machine_us = MIN(machine_us + STEP_US, end);
		cycle();
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

bool have_event(void) { return kept_in != kept_out; }

struct ix_event next_event(void)
{
	for (int i = 0; i < 3 && !have_event(); i++)
		cycle(); /* what waits for the NIC comes a cycle later */
	assert_true(have_event());
	return kept[kept_out++ % EVENTS_KEPT];
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
		fail_msg("there is an event of type %u", kept[kept_out % EVENTS_KEPT].type);
}

const uint8_t *recv_bytes(const struct ix_event *ev)
{
	assert_int_equal(machine_user_flags(ev->recv.addr) & (PTE_U | PTE_W), PTE_U);
	return machine_user(ev->recv.addr);
}
