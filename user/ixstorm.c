/* SPDX-License-Identifier: MIT */
/*
 * Threads of a dataplane leave and come back, CPUs are added and taken away, groups are moved, batch and idle policy change: all
 * at any moment, while clients are echoed. A thread leaves when it has nothing in hand, so no client may notice.
 *
 *	ixstorm [threads [changes [deaths]]]
 *
 * With `deaths`, which is any word, threads are destroyed, too, whatever they are at, and others begin in their place: then clients
 * notice, and nothing may be left.
 *
 * The server is a child; this env has the levers. After the storm it waits for a line on the console, ends the server, and looks
 * at what is left.
 */
#include <user/hostile.h>
#include <inc/libix.h>

enum { PORT = 7, NIC = 0, CPUS = 8, NGROUPS = 128, LIFE_MS = 30, PATIENCE_MS = 60000 };
#define BAD COMMON[0]
#define SERVING COMMON[1]
#define LIVES COMMON[2]
#define MOVED COMMON[3]

#define DEATHS COMMON[4]

static unsigned nthreads = 2, nchanges = 400;
static bool deaths;

static void bad(const char *what, int r)
{
	cprintf("ixstorm: %s: %d\n", what, r);
	BAD++;
}

/* ---- The server: bytes go back from the buffers in which they came ---- */

static THREAD_LOCAL struct ix_sg pieces[IX_NCALLS];

static void on_result(const struct ix_call *call, void *tag)
{
	if (call->result != (int)(uintptr_t)tag && !deaths)
		bad("a call's result", call->result);
}

static void on_knock(const struct ix_event *ev) { ix_accept(ev->handle, 1, NULL); }

static void on_recv(const struct ix_event *ev)
{
	struct ix_sg *piece = &pieces[IX_NCALLS - ix_room()];
	bool fin = ev->recv.flags & IX_RECV_FIN;

	*piece = (struct ix_sg){ ev->recv.addr, ev->recv.len };
	if (!ev->recv.len)
		ix_close(ev->handle, NULL);
	else if (fin)
		ix_sendv_close(ev->handle, piece, 1, (void *)(uintptr_t)ev->recv.len);
	else
		ix_sendv(ev->handle, piece, 1, (void *)(uintptr_t)ev->recv.len);
}

static void on_sent(const struct ix_event *ev) { ix_recv_done(ev->handle, ev->sent.bytes, NULL); }

static void on_moved(const struct ix_event *ev)
{
	USED(ev);
	__atomic_add_fetch(&MOVED, 1, __ATOMIC_RELAXED);
}

static const struct ix_handlers handlers = {
	.event = { [IX_EV_KNOCK] = on_knock, [IX_EV_RECV] = on_recv, [IX_EV_SENT] = on_sent, [IX_EV_MOVED] = on_moved },
	.result = on_result,
};

static int settle(void)
{
	int n;

	while ((n = ix_run(0)) > 0 || (n == 0 && ix_room() < IX_NCALLS))
		;
	return n;
}

/* Parked at first, until a CPU is added; and again, when it is taken away. */
static void live(void)
{
	for (;;) {
		struct ix_config config = { 0 };
		int r = ix_attach(IX_PARKED, &config, &handlers);
		if (r == -E_NO_QUEUE && deaths) { /* who was destroyed has not left yet */
			sleep_ms(1);
			continue;
		}
		if (r < 0)
			bad("attaching", r);
		unsigned end = sys_time_msec() + any(LIFE_MS);
		while (r >= 0 && (int)(sys_time_msec() - end) < 0)
			r = ix_run(1000);
		if (r < 0 || (r = settle()) < 0 || (r = ix_detach()) < 0)
			bad("a life", r);
		__atomic_add_fetch(&LIVES, 1, __ATOMIC_RELAXED);
	}
}

static bool is_sibling(const volatile struct Env *e, envid_t leader)
{
	return e->env_status != ENV_FREE && e->env_status != ENV_DYING && e->env_leader_id == leader && e->env_id != leader;
}

static unsigned siblings(envid_t leader)
{
	unsigned n = 0;

	for (int i = 0; i < NENV; i++)
		n += is_sibling(&envs[i], leader);
	return n;
}

static void serve(void)
{
	struct ix_config config = { .heap_size = IX_HEAP_UNIT };
	int r;

	if ((r = ix_attach(IX_ANY_CPU, &config, &handlers)) < 0 || (r = ix_listen(PORT, 64, 0, NULL)) < 0 ||
	    (r = ix_start_threads(nthreads, live)) < 0)
		bad("serving", r);
	SERVING = 1;
	while ((r = ix_run(10000)) >= 0) {
		if (deaths && siblings(thisenv->env_id) < nthreads - 1)
			r = ix_start_threads(2, live);
		if (r < 0 && r != -E_BAD_ENV) /* it was destroyed before it began */
			break;
	}
	bad("serving", r);
}

/* ---- The storm ---- */

static void destroy_one(envid_t server)
{
	for (int i = any(NENV), n = 0; n < NENV; i = (i + 1) % NENV, n++) {
		if (!is_sibling(&envs[i], server))
			continue;
		DEATHS += sys_env_destroy(envs[i].env_id) == 0;
		return;
	}
}

static int change(envid_t server)
{
	if (deaths && any(6) == 0)
		destroy_one(server);
	switch (any(16)) {
	case 0: return sys_dp_ctl(IX_CTL_BATCH, NIC, 1 + any(64), 0);
	case 1: return sys_dp_ctl(IX_CTL_IDLE, NIC, IX_IDLE_POLL + any(3), 0);
	case 2: case 3: case 4: case 5: return sys_dp_ctl(IX_CTL_ADD_CPU, NIC, IX_ANY_CPU, 0);
	case 6: case 7: case 8: return sys_dp_ctl(IX_CTL_REMOVE_CPU, NIC, 1 + any(CPUS - 1), 0);
	default: return sys_dp_ctl(IX_CTL_MOVE_GROUP, NIC, any(NGROUPS), any(nthreads));
	}
}

/* A thread's counters outlive it, so what it dropped as it left shows when it is back. */
static void look_for_drops(void)
{
	struct ix_stat s;

	for (int cpu = 1; cpu < CPUS; cpu++) {
		if (sys_dp_stat(cpu, &s) < 0 || s.nic != NIC)
			continue;
		uint32_t n = s.drop_rx_queue + s.drop_rx_nobuf + s.drop_rx_nomem + s.drop_flows + s.drop_tx_nomem;
		if (n)
			bad("frames dropped", n);
	}
}

static void storm(envid_t server)
{
	for (unsigned i = 0; i < nchanges && !BAD; i++) {
		int r = change(server);
		if (r < 0 && r != -E_AGAIN && r != -E_INVAL && r != -E_NO_CPU)
			bad("a change", r);
		if (!deaths)
			look_for_drops();
		sleep_ms(any(8));
	}
}

static envid_t begin_server(void)
{
	SERVING = 0;
	envid_t child = child_for(serve);
	for (int ms = 0; !SERVING && !BAD && ms < PATIENCE_MS; ms++)
		sleep_ms(1);
	return child;
}

void umain(int argc, char **argv)
{
	binaryname = "ixstorm";
	if (argc > 1)
		nthreads = strtol(argv[1], NULL, 0);
	if (argc > 2)
		nchanges = strtol(argv[2], NULL, 0);
	deaths = argc > 3;
	make_common();
	opencons();
	expect("taking the levers", sys_dp_ctl(IX_CTL_HOLD, NIC, 0, 0), 0);
	end_child(begin_server()); /* it warms up */
	uint32_t before = free_pages();

	envid_t child = begin_server();
	cprintf("ixstorm: serving\n");
	while (!sys_cgetc())
		sys_cons_wait();
	storm(child);
	cprintf("ixstorm: the storm is over; %u lives, %u deaths, %u times `moved`\n", LIVES, DEATHS, MOVED);
	readline("");
	end_child(child);
	expect("free pages lost", free_pages() - before, 0);
	expect("environments left", living(), 1);
	expect("errors", BAD, 0);
	conclude();
}
