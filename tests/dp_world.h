/* SPDX-License-Identifier: MIT */
/*
 * A whole dataplane on the fake machine and NIC, seen from both ends: as its program (calls and events), and as
 * its peers on the network, who make each segment by hand (dp_peer.h).
 *
 * Events are kept in order until a test takes them. Time moves only by pass() and by waiting loops of the kernel.
 *
 * A world may have several threads, each with a queue and a CPU. One of them runs at a time; world_on() changes to another.
 * What this file calls "the program" is the thread that runs, and its events are its own.
 */
#ifndef TESTS_DP_WORLD_H
#define TESTS_DP_WORLD_H

#include "dp_machine.h"
#include "dp_nic.h"

enum { PROGRAM = 0x00800000, PROGRAM_PAGES = 4, EVENTS_KEPT = 65536 };

extern struct dp *world;                           /* the thread that runs */
extern struct dp *world_thread[MACHINE_THREADS];
extern uint32_t world_nthreads;
extern struct fgroup *world_group;                 /* the only one, with one thread */
extern struct ix_config world_config; /* as granted; what is set before world_open is asked for */

void world_open(void);
void world_open_threads(uint32_t n); /* the groups are spread evenly */
void world_on(int thread);
void world_close(void);         /* asserts that nothing is left of any flow, then that detaching frees everything */
void world_unlisten(void);  /* no port is listened on any more */
int world_setup(void **state);  /* both as cmocka fixtures */
int world_teardown(void **state);
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

/* Nothing is held any more: buffers, flows, slab, transmit rings. */
void world_quiet(void);

/* Every receive buffer is some thread's, and counted where it is. */
void world_buffers_add_up(void);

/* ---- As the program ---- */

int run(uint32_t ncalls);       /* sys_run_io, without waiting; events are kept */
void cycle(void);               /* run(0) */
void cycle_all(void);           /* of each thread that has a CPU */
int run_waiting(uint32_t ncalls); /* for a microsecond: the thread has nothing in hand. -1: it is parked now, or was before */
void cycle_without_app(void);   /* as while the program is blocked: no events */
void pass(uint64_t us);         /* that much later; the timers of every step have run */

int call(struct ix_call c);     /* one call; its result. last_call is the slot as it came back */
extern struct ix_call last_call;
int call_on(enum ix_op op, ix_handle_t h); /* a call that has a handle only */
ix_handle_t listen_on(uint16_t port, uint8_t backlog, uint32_t cookie);
int accept_flow(ix_handle_t h, uint32_t cookie);
int recv_done(ix_handle_t h, uint32_t bytes);
int connect_to(uint32_t ip, uint16_t port, uint32_t cookie);

/* Send bytes of the heap from `off` on; send_pieces takes a list from the program's memory. */
int send_heap(ix_handle_t h, uint32_t off, uint32_t len);
int send_pieces(ix_handle_t h, const struct ix_sg *sg, uint32_t n);
uint8_t *heap(uint32_t off);    /* those bytes */

bool have_event(void);
struct ix_event next_event(void);                   /* whatever it is; runs a few cycles of all if none is kept */
struct ix_event expect_event(enum ix_ev type);
void expect_no_event(void);
const uint8_t *recv_bytes(const struct ix_event *); /* as the program reads them */

#endif
