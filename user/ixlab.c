/* SPDX-License-Identifier: MIT */
/*
 * What the lab's tests look at from inside the machine, a word for each: each finds what it should, or says what is wrong.
 *
 *   windows   the receive buffers are all there, empty, and read only
 *   run-io    sys_run_io without calls comes back when its time is over
 *   calls     each slot has its own result, and a timer's event comes
 *   sink      take a connection to port 7, and say what came over it
 *   pointers  datagrams from memory that the program may not name
 *   serve     stay in sys_run_io;  blocked: wait for a message that nobody sends;  yields: give up the CPU in a loop
 *   cpus      which CPUs can be reserved (needs four of them)
 */
#include <inc/lib.h>
#include <inc/ix.h>

static int failures;

static void expect(const char *what, int got, int want)
{
	if (got == want)
		return;
	failures++;
	cprintf("ixlab: %s: %d, not %d\n", what, got, want);
}

static struct ix_config attach_with(int cpu, uint32_t heap_size)
{
	struct ix_config config = { .heap_size = heap_size };
	int r = sys_dp_attach(cpu, &config);

	if (r < 0) {
		cprintf("ixlab: attach: %e\n", r);
		exit();
	}
	return config;
}

static struct ix_config attach(int cpu) { return attach_with(cpu, 0); }

/* ---- windows ---- */

static volatile bool refused;
extern const char ixlab_after[];

static __attribute__((noinline)) void store(char *where)
{
	asm volatile("movb $'X', (%0)\n\t.globl ixlab_after\nixlab_after:" : : "r"(where) : "memory");
}

static void step_over(struct UTrapframe *utf)
{
	refused = utf->utf_err == (FEC_U | FEC_WR | FEC_PR);
	utf->utf_eip = (uintptr_t)ixlab_after;
}

/* The second time the heap is smaller: the buffers, which come after it, lie where the first time filled it. */
static void windows(void)
{
	set_pgfault_handler(step_over);
	for (int round = 0; round < 2; round++) {
		struct ix_config config = attach_with(IX_ANY_CPU, round ? IX_HEAP_UNIT : 0);
		uint32_t size = config.nbufs * IX_BUFSIZE, bad = 0, dirty = 0;

		for (uint32_t va = IX_RXBUFS; va < IX_RXBUFS + size; va += PGSIZE) {
			bool there = (uvpd[PDX(va)] & PTE_P) && (uvpt[PGNUM(va)] & PTE_P);
			bad += !there || (uvpt[PGNUM(va)] & (PTE_U | PTE_W)) != PTE_U;
			if (!there)
				continue;
			for (const uint32_t *p = (uint32_t *)va; p < (uint32_t *)(va + PGSIZE); p++)
				dirty += *p != 0;
		}
		expect("buffers", config.nbufs >= 2048, true);
		expect("pages of buffers that are not there, or not read only", bad, 0);
		expect("words of them that are not empty", dirty, 0);
		refused = false;
		store((char *)IX_RXBUFS + 100);
		expect("a store to a buffer is refused", refused, true);
		memset((char *)IX_HEAP, 0xA5, config.heap_size);
		expect("detach", sys_dp_detach(), 0);
		expect("after that they are gone", (uvpd[PDX(IX_RXBUFS)] & PTE_P) != 0, 0);
	}
}

/* ---- run-io, calls ---- */

static void run_io(void)
{
	static struct ix_stat before, after;

	expect("sys_run_io of nobody", sys_run_io(0, 0), -E_INVAL);
	struct ix_config config = attach(IX_ANY_CPU);
	expect("too many calls", sys_run_io(IX_NCALLS + 1, 0), -E_INVAL);
	expect("a look", sys_run_io(0, 0), 0);
	expect("statistics", sys_dp_stat(config.cpu, &before), 0);
	unsigned start = sys_time_msec();
	expect("50 ms of nothing", sys_run_io(0, 50000), 0);
	expect("which last that long", sys_time_msec() - start >= 49, true);
	sys_run_io(0, 2000); /* what is published is at most a millisecond old */
	sys_dp_stat(config.cpu, &after);
	expect("with many cycles", after.cycles > before.cycles + 10, true);
	expect("and as many ways out as in", (int)(after.run_ios - after.user_returns), 0);
}

static void calls(void)
{
	struct ix_call *call = IX_CALLS(0);

	attach(IX_ANY_CPU);
	call[0] = (struct ix_call){ .op = IX_CALL_NONE, .result = 77 };
	call[1] = (struct ix_call){ .op = IX_NOPS, .result = 77 };
	call[2] = (struct ix_call){ .op = 0xffffffff, .result = 77 };
	call[3] = (struct ix_call){ .op = IX_CALL_TIMER_SET, .result = 77, .timer = { IX_NTIMERS, 0, 0 } };
	call[4] = (struct ix_call){ .op = IX_CALL_TIMER_SET, .result = 77, .timer = { 5, 1000, 4711 } };
	call[5] = (struct ix_call){ .op = IX_CALL_CLOSE, .result = 77, .handle = 12345 };
	call[6] = (struct ix_call){ .op = IX_CALL_NONE, .result = 77 };
	int n = sys_run_io(6, 0);
	static const int want[] = { 0, -E_INVAL, -E_INVAL, -E_INVAL, 0, -E_BAD_HANDLE, 77 };
	for (int i = 0; i < 7; i++)
		expect("a slot's result", call[i].result, want[i]);
	if (n == 0)
		n = sys_run_io(0, 1000000);
	struct ix_event *ev = IX_EVENTS(0);
	expect("events", n, 1);
	expect("its type", ev->type, IX_EV_TIMER);
	expect("its cookie", ev->cookie, 4711);
	expect("its timer", ev->timer.id, 5);
}

/* ---- sink ---- */

/* One connection, with neither sendv nor recv_done: what fits the first window arrives. */
static void sink(void)
{
	struct ix_call *call = IX_CALLS(0);
	uint32_t bytes = 0, sum = 0, n = 1;
	bool dead = false;

	attach(IX_ANY_CPU);
	call[0] = (struct ix_call){ .op = IX_CALL_LISTEN, .listen = { 7, 8, 1 } };
	cprintf("ixlab: ready\n");
	while (!dead) {
		int nevents = sys_run_io(n, IX_FOREVER);
		if (n && call[0].result < 0)
			panic("a call: %e", call[0].result);
		n = 0;
		if (nevents < 0)
			panic("sys_run_io: %e", nevents);
		for (const struct ix_event *ev = IX_EVENTS(0); nevents-- > 0; ev++) {
			const uint8_t *p = (const uint8_t *)ev->recv.addr;
			if (ev->type == IX_EV_KNOCK)
				call[n++] = (struct ix_call){ .op = IX_CALL_ACCEPT, .handle = ev->handle, .accept = { 2 } };
			for (uint32_t i = 0; ev->type == IX_EV_RECV && i < ev->recv.len; i++, bytes++)
				sum = sum * 31 + p[i];
			if (ev->type == IX_EV_RECV && (ev->recv.flags & IX_RECV_FIN))
				call[n++] = (struct ix_call){ .op = IX_CALL_CLOSE, .handle = ev->handle };
			dead |= ev->type == IX_EV_DEAD;
		}
	}
	cprintf("ixlab: %u bytes, %08x\n", bytes, sum);
}

/* ---- pointers ---- */

static int datagram(ix_handle_t port, uint32_t list, uint32_t n)
{
	struct ix_call *call = IX_CALLS(0);

	*call = (struct ix_call){ .op = IX_CALL_UDP_SENDV, .handle = port, .udp_sendv = { list, n, 0x0a000202, 9 } };
	sys_run_io(1, 0);
	return call->result;
}

static int piece(ix_handle_t port, uint32_t base, uint32_t len)
{
	struct ix_sg sg = { base, len };

	return datagram(port, (uint32_t)&sg, 1);
}

static void pointers(void)
{
	static const struct ix_sg bad[] = {
		{ 0, 1 }, { KERNBASE, 10 }, { ULIM, 10 }, { UTOP - 1, 2 }, { 0xffffffff, 1 }, { 0xfffffff0, 0x20 },
		{ IX_HEAP - 1, 1 }, { IX_HEAP - 1, 2 }, { IXLIM - 1, 2 }, { IX_HEAP + 100, 0xffffffff }, { IX_HEAP, 0x80000000 },
		{ IX_RXBUFS, 10 }, { IXBASE, 10 }, { (uint32_t)IX_CALLS(0), 10 }, { IXBASE - 1, 2 }, { UTEXT, 0xffffffff },
	};
	static char own[10] = "123456789";
	struct ix_call *call = IX_CALLS(0);
	struct ix_config config = attach(IX_ANY_CPU);

	call[0] = (struct ix_call){ .op = IX_CALL_UDP_BIND, .udp_bind = { 7, 1 } };
	sys_run_io(1, 0);
	expect("bind", call[0].result, 0);
	ix_handle_t port = call[0].handle;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = piece(port, bad[i].base, bad[i].len);
		if (r != -E_FAULT)
			cprintf("ixlab: piece %08x, %x bytes\n", bad[i].base, bad[i].len);
		expect("a piece that is not the program's", r, -E_FAULT);
	}
	expect("one byte beyond the heap", piece(port, IX_HEAP + config.heap_size - 9, 10), -E_FAULT);
	expect("a list in the kernel", datagram(port, KERNBASE, 1), -E_FAULT);
	expect("a list that is not there", datagram(port, 16, 1), -E_FAULT);
	expect("a list that wraps", datagram(port, 0xfffffffc, 2), -E_FAULT);
	expect("17 pieces", datagram(port, (uint32_t)own, IX_SG_MAX + 1), -E_INVAL);
	expect("2^29 pieces", datagram(port, (uint32_t)own, 0x20000000), -E_INVAL);
	expect("the heap's last bytes", piece(port, IX_HEAP + config.heap_size - 10, 10) != -E_FAULT, true);
	expect("the program's own", piece(port, (uint32_t)own, 10) != -E_FAULT, true);
}

/* ---- serve, blocked, yields ---- */

static void serve(void)
{
	attach(IX_ANY_CPU);
	cprintf("ixlab: ready\n");
	for (int r = 0; r >= 0;)
		r = sys_run_io(0, IX_FOREVER);
}

static void blocked(void)
{
	attach(IX_ANY_CPU);
	cprintf("ixlab: ready\n");
	ipc_recv(NULL, NULL, NULL);
}

static void compute_beside(void)
{
	int child = fork();

	while (child == 0)
		;
	expect("fork", child > 0, true);
}

/* When CPU 1 is reserved, there is a program in the middle of its work: two compute, and we are on CPU 0. */
static void yields(void)
{
	compute_beside();
	compute_beside();
	do
		sys_sleep_until(sys_time_msec() + 20);
	while (thisenv->env_cpunum != 0);
	attach(IX_ANY_CPU);
	expect("no watchdog, which would run the stack, too", sys_dp_ctl(IX_CTL_WATCHDOG, IX_OWN, 0, 0), 0);
	cprintf("ixlab: ready\n");
	for (unsigned int next = sys_time_msec() + 100;;) {
		sys_yield();
		if (sys_time_msec() < next)
			continue;
		cprintf("ixlab: the CPU came back\n");
		next += 100;
	}
}

/* ---- cpus ---- */

static int try(int cpu)
{
	struct ix_config config = { 0 };
	int r = sys_dp_attach(cpu, &config);

	if (r < 0)
		return r;
	expect("sys_dp_detach", sys_dp_detach(), 0);
	return config.cpu;
}

static void cpus(void)
{
	static const int bad[] = { 0, 4, 7, 8, 1000, 0x7fffffff, -3, (int)0x80000000 };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		expect("a CPU that cannot be had", try(bad[i]), -E_NO_CPU);
	for (int cpu = 1; cpu < 4; cpu++)
		expect("a CPU by its number", try(cpu), cpu);
	expect("any CPU", try(IX_ANY_CPU), 3);
	attach(2);
	envid_t child = fork();
	if (child == 0) { /* its address space has no dataplane */
		struct ix_config second = { .nic = 1 };
		expect("one that is taken", sys_dp_attach(2, &second), -E_NO_CPU);
		expect("another, beside it", sys_dp_attach(IX_ANY_CPU, &second), 0);
		expect("which is", second.cpu, 3);
		cprintf("ixlab: the second %s\n", failures ? "FAILED" : "is right");
		exit();
	}
	wait(child); /* until then this one has its CPU */
}

static const struct {
	const char *word;
	void (*run)(void);
} parts[] = {
	{ "windows", windows }, { "run-io", run_io }, { "calls", calls }, { "sink", sink },
	{ "pointers", pointers }, { "serve", serve },
	{ "blocked", blocked }, { "yields", yields }, { "cpus", cpus },
};

void umain(int argc, char **argv)
{
	for (unsigned i = 0; argc == 2 && i < ARRAY_SIZE(parts); i++) {
		if (strcmp(argv[1], parts[i].word) != 0)
			continue;
		parts[i].run();
		cprintf("ixlab: %s %s\n", argv[1], failures ? "FAILED" : "is right");
		return;
	}
	cprintf("usage: ixlab windows|run-io|calls|sink|pointers|serve|blocked|yields|cpus\n");
}
