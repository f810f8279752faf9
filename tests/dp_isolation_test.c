/* SPDX-License-Identifier: MIT */
/*
 * The questions of the IX lecture about isolation: what a program can reach of the NIC and of others, and what it can do
 * with memory that it has handed in. (What a store to a receive buffer does to the program is the grader's part protect.)
 */
#define _GNU_SOURCE /* names of registers */
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "dp_peer.h"

enum { PORT = 80, COOKIE = 31, TRAP_FLAG = 0x100, FAULT_WRITE = 2, MOST_READS = 64 };

static struct peer p;
static ix_handle_t h;

static int open_flow(void **state)
{
	h = peer_in_new_world(state, &p, PORT, COOKIE);
	return 0;
}

static int end_flow(void **state)
{
	peer_closes_first(&p, h, COOKIE);
	return world_teardown(state);
}

/* Neither rings nor registers nor any other page of the kernel's: only its own pages and the four windows. */
static void the_program_sees_its_windows_only(void **state)
{
	uint32_t mapped = 0, windows = 2 * IX_NEVENTS * sizeof(struct ix_event);

	(void)state;
	for (uint32_t va = 0; va < UTOP; va += PGSIZE)
		mapped += !!(machine_user_flags(va) & PTE_U);
	windows += world->plane->bufs.nsupers * PTSIZE + world->plane->heap_units * IX_HEAP_UNIT;
	assert_int_equal(mapped, PROGRAM_PAGES + windows / PGSIZE);
}

/* What somebody else's dataplane left in memory. */
static void what_it_gets_is_zero(void **state)
{
	enum { BYTES = PTSIZE / 8 };
	const struct { uint32_t va, size; } windows[] = {
		{ IX_RXBUFS, BYTES }, { IX_HEAP, BYTES },
		{ (uintptr_t)IX_EVENTS(0), IX_NEVENTS * sizeof(struct ix_event) },
		{ (uintptr_t)IX_CALLS(0), IX_NCALLS * sizeof(struct ix_call) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		world_open();
		nic_read_anything();
		for (uint32_t off = 0; off < windows[i].size; off += PGSIZE)
			memset(machine_user(windows[i].va + off), 's', PGSIZE);
		world_close();
		world_open();
		nic_read_anything();
		for (uint32_t off = 0; off < windows[i].size; off++)
			if (*(uint8_t *)machine_user(windows[i].va + off))
				fail_msg("window %zu has something at %u", i, off);
		world_close();
	}
}

/* It writes to what it has handed in: its own bytes change, headers and checksums stay right (peer_get looks). */
static void late_writes_change_its_own_bytes_only(void **state)
{
	(void)state;
	memcpy(heap(0), "before", 6);
	nic.hold = true;
	assert_int_equal(send_heap(h, 0, 6), 6);
	memcpy(heap(0), "after!", 6);
	nic.hold = false;
	nic_transmit();
	assert_memory_equal(peer_get(&p, ACK).data, "after!", 6);
	peer_acks(&p);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 6);
}

/* ---- Each slot and list is read once ---- */

/*
 * The pages with the slot and the list cannot be touched, so that each access comes to on_fault; it lets that one
 * instruction pass, after which on_step shuts the page again.
 */
static struct watch {
	uint8_t *page, *from, *to; /* what may be read once lies from `from` to before `to` */
	const uint8_t *read[MOST_READS];
	uint32_t nreads;
} watches[2], *opened;

static void shut(struct watch *w, int prot) { mprotect(w->page, PGSIZE, prot); }

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uint8_t *at = info->si_addr;

	(void)sig;
	for (opened = watches; opened < watches + 2; opened++) {
		if (at - opened->page < PGSIZE && at >= opened->page)
			break;
	}
	if (opened == watches + 2)
		abort();
	if (at >= opened->from && at < opened->to && !(uc->uc_mcontext.gregs[REG_ERR] & FAULT_WRITE) &&
	    opened->nreads < MOST_READS)
		opened->read[opened->nreads++] = at;
	shut(opened, PROT_READ | PROT_WRITE);
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	shut(opened, PROT_NONE);
}

static void watch(struct watch *w, void *from, uint32_t len)
{
	*w = (struct watch){ .page = (uint8_t *)((uintptr_t)from & -(uintptr_t)PGSIZE), .from = from, .to = (uint8_t *)from + len };
	shut(w, PROT_NONE);
}

/* Upwards, each access behind the one before; a copy's last may overlap. */
static void assert_read_once(const struct watch *w)
{
	assert_true(w->nreads >= 1);
	for (uint32_t i = 1; i < w->nreads; i++) {
		if (w->read[i] <= w->read[i - 1])
			fail_msg("byte %td is read again", w->read[i] - w->from);
	}
}

static void slots_and_lists_are_read_once(void **state)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO }, old_fault, old_step;
	struct ix_sg *list = machine_user(PROGRAM);

	(void)state;
	list[0] = (struct ix_sg){ IX_HEAP, 10 };
	list[1] = (struct ix_sg){ IX_HEAP + 100, 15 };
	list[2] = (struct ix_sg){ IX_HEAP + 200, 5 };
	world->calls[0] = (struct ix_call){ .op = IX_CALL_SENDV, .handle = h, .sendv = { PROGRAM, 3 } };
	sigaction(SIGSEGV, &fault, &old_fault);
	sigaction(SIGTRAP, &step, &old_step);
	watch(&watches[0], &world->calls[0], sizeof(world->calls[0]));
	watch(&watches[1], list, 3 * sizeof(*list));
	run(1);
	shut(&watches[0], PROT_READ | PROT_WRITE);
	shut(&watches[1], PROT_READ | PROT_WRITE);
	sigaction(SIGSEGV, &old_fault, NULL);
	sigaction(SIGTRAP, &old_step, NULL);
	assert_int_equal(world->calls[0].result, 30);
	assert_read_once(&watches[0]);
	assert_read_once(&watches[1]);
	assert_int_equal(peer_get(&p, ACK).len, 30);
	peer_acks(&p);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 30);
}

/* ---- A program that spins ---- */

static void a_spinning_program_is_noticed(void **state)
{
	struct policy *policy = &world->plane->policy;

	(void)state;
	policy->watchdog_us = 10000;
	policy->kill_us = 500000;
	cycle();
	machine_us += 5000;
	assert_true(dp_tick(&machine_env));
	assert_false(world->unresponsive);
	machine_us += 10000;
	peer_send(&p, PSH | ACK, "hello", 5);
	peer_send(&p, PSH | ACK, "world", 5); /* lwIP acknowledges the second at once */
	assert_true(dp_tick(&machine_env));
	assert_true(world->unresponsive);
	assert_int_equal(world->stat.watchdog_strikes, 1);
	const struct nic_frame *f = nic_sent();
	assert_non_null(f);
	assert_int_equal(be32(f->bytes + 42), p.seq);
	machine_us += 400000;
	assert_true(dp_tick(&machine_env));
	assert_int_equal(world->stat.watchdog_strikes, 1);
	machine_us += 100000;
	assert_false(dp_tick(&machine_env)); /* to be ended */
	assert_int_equal(expect_event(IX_EV_RECV).recv.len, 5);
	assert_int_equal(expect_event(IX_EV_RECV).recv.len, 5);
	assert_false(world->unresponsive);
	assert_int_equal(recv_done(h, 10), 0);
	drain();
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, end_flow)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(the_program_sees_its_windows_only),
		cmocka_unit_test(what_it_gets_is_zero),
		ON_FLOW(late_writes_change_its_own_bytes_only),
		ON_FLOW(slots_and_lists_are_read_once),
		ON_FLOW(a_spinning_program_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
