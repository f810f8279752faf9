/* SPDX-License-Identifier: MIT */
/*
 * A thread that has a dataplane, and siblings without one on other CPUs: they see its windows as long as these are there,
 * take away pages that it is just sending, and end it, or the program, while it is in sys_run_io. It wants a NIC and two
 * CPUs or more.
 */
#include <user/hostile.h>
#include <inc/ix.h>

#define PEER (10 << 24 | 2 << 8 | 2)
#define DISCARD 9
#define SENT_PAGE ((volatile char *)0x50000000) /* with a page table that no directory has had before */
#define ROUNDS 12

static volatile bool attached, stop;
static volatile uint32_t sent, refused, bad;

static void attach(void)
{
	struct ix_config config = { .heap_size = IX_HEAP_UNIT };
	int r = sys_dp_attach(IX_ANY_CPU, &config);

	if (r < 0)
		panic("dp_attach: %e", r);
	attached = true;
}

static int call_one(struct ix_call call, ix_handle_t *made)
{
	*IX_CALLS(0) = call;
	int r = sys_run_io(1, 0);
	if (made)
		*made = IX_CALLS(0)->handle;
	return r < 0 ? r : IX_CALLS(0)->result;
}

static envid_t begin(void (*fn)(void *arg))
{
	envid_t id;
	int r;

	attached = stop = false;
	if ((r = thread_create(fn, NULL, &id)) < 0)
		panic("thread_create: %e", r);
	while (!attached)
		sys_yield();
	return id;
}

/* ---- Windows come and go for all ---- */

static void serve(void *arg)
{
	USED(arg);
	attach();
	while (!stop)
		sys_run_io(0, 1000);
	sys_dp_detach();
}

static bool sees_windows(void)
{
	bool sees = false;

	for (uint32_t va = IXBASE; va < IXLIM; va += PTSIZE)
		sees = sees || (uvpd[PDX(va)] & PTE_P);
	return sees;
}

static void windows(void)
{
	expect("windows before", sees_windows(), false);
	envid_t id = begin(serve);
	expect("windows of a sibling's dataplane", sees_windows(), true);
	expect("a page of its calls", uvpt[PGNUM(IX_CALLS(0))] & (PTE_P | PTE_W), PTE_P | PTE_W);
	stop = true;
	thread_join(id);
	expect("windows after", sees_windows(), false);
}

/* ---- Pages are taken away while they are sent ---- */

static void send(void *arg)
{
	struct ix_sg sg = { (uint32_t)SENT_PAGE, 1000 };
	static struct ix_sg shared;
	ix_handle_t port = 0;

	USED(arg);
	shared = sg; /* a stack would do as well: the kernel reads it as this thread sees it */
	attach();
	bad += call_one((struct ix_call){ .op = IX_CALL_UDP_BIND, .udp_bind = { 7000, 1 } }, &port) < 0;
	for (int n = 0; !stop; n++) {
		uint32_t list = n % 2 ? (uint32_t)&sg : (uint32_t)&shared;
		int r = call_one((struct ix_call){ .op = IX_CALL_UDP_SENDV, .handle = port,
						   .udp_sendv = { list, 1, PEER, DISCARD } }, NULL);
		sent += r == 1000;
		refused += r == -E_FAULT;
		bad += r < 0 && r != -E_FAULT && r != -E_AGAIN && r != -E_NO_MEM;
	}
	sys_dp_detach();
}

static void take_pages(void)
{
	sent = refused = bad = 0;
	envid_t id = begin(send);
	for (uint32_t n = 0; n < 20000 && (n < 300 || sent < 50 || refused < 50); n++) {
		sys_page_alloc(0, (void *)SENT_PAGE, OWN);
		*SENT_PAGE = n;
		spin(any(30000));
		sys_page_unmap(0, (void *)SENT_PAGE);
		spin(any(30000));
	}
	stop = true;
	thread_join(id);
	expect("whether any page was sent", sent > 0, true);
	expect("whether any was not there", refused > 0, true);
	expect("other results", bad, 0);
}

/* ---- Ends ---- */

static void serve_for_ever(void *arg)
{
	USED(arg);
	attach();
	for (;;)
		sys_run_io(0, 1000);
}

static void attach_and_compute(void *arg)
{
	USED(arg);
	attach();
	for (;;)
		cpu_relax();
}

static void attach_and_block(void *arg)
{
	USED(arg);
	attach();
	for (;;)
		sys_ipc_recv((void *)UTOP);
}

static void (*const kinds[])(void *arg) = { serve_for_ever, attach_and_compute, attach_and_block };

static void end_thread(void)
{
	envid_t id = begin(kinds[COMMON[0] % ARRAY_SIZE(kinds)]);

	spin(any(300000));
	sys_env_destroy(id);
	thread_join(id);
	expect("windows of a thread that has ended", sees_windows(), false);
	begin(serve); /* the NIC is free again; the program ends meanwhile */
}

static void leader_exits(void)
{
	begin(kinds[COMMON[0] % ARRAY_SIZE(kinds)]);
	exit();
}

static void exit_soon(void *arg)
{
	attached = true;
	spin(any(300000));
	exit();
	USED(arg);
}

static void fault_soon(void *arg)
{
	attached = true;
	set_pgfault_handler(NULL);
	spin(any(300000));
	*(volatile int *)0 = 1;
	USED(arg);
}

/* The first thread has the dataplane. */
static void sibling_exits(void)
{
	begin(COMMON[0] % 2 ? exit_soon : fault_soon);
	kinds[COMMON[0] % ARRAY_SIZE(kinds)](NULL);
}

static void killed(void)
{
	begin(exit_soon);
	serve_for_ever(NULL);
}

static void (*const ends[])(void) = { end_thread, leader_exits, sibling_exits, killed };

static void end_somehow(void)
{
	ends[COMMON[0] / 3 % ARRAY_SIZE(ends)]();
	COMMON[1] += failures;
}

static void endings(void)
{
	for (COMMON[0] = 0; COMMON[0] < ROUNDS; COMMON[0]++) {
		envid_t child = child_for(end_somehow);
		if (COMMON[0] / 3 % ARRAY_SIZE(ends) == 3) {
			spin(any(3000000));
			sys_env_destroy(child);
		}
		wait(child);
	}
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "dpthreads";
	make_common();
	without_leak("free pages lost by windows", windows);
	without_leak("free pages lost by sending", take_pages);
	without_leak("free pages lost by endings", endings);
	expect("faults of children", COMMON[1], 0);
	conclude();
}
