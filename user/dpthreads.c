/* SPDX-License-Identifier: MIT */
/*
 * The first thread of a program has a dataplane, and siblings without one run on other CPUs: they see its windows as long
 * as these are there, take away pages that it is just sending, and end the program while it is in sys_run_io. It wants a
 * NIC and two CPUs or more.
 */
#include <user/hostile.h>
#include <inc/ix.h>

#define PEER (10 << 24 | 2 << 8 | 2)
#define DISCARD 9
#define SENT_PAGE ((volatile char *)0x50000000) /* with a page table that no directory has had before */

static volatile bool attached, stop, detached;
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

/* The sibling's: it begins once the first thread has its dataplane. */
static void (*volatile sibling_does)(void);

static void sibling(void *arg)
{
	USED(arg);
	while (!attached)
		sys_yield();
	sibling_does();
	COMMON[1] += failures;
	exit();
}

static void begin_sibling(void (*job)(void))
{
	int r;

	sibling_does = job;
	if ((r = thread_create(sibling, NULL, NULL)) < 0)
		panic("thread_create: %e", r);
}

static void run_both(void (*first)(void), void (*job)(void))
{
	begin_sibling(job);
	first();
	for (;;)
		sys_yield();
}

/* In a child, whose first thread does `first`. */
static void program(void (*first)(void), void (*job)(void))
{
	envid_t child = fork();

	if (child < 0)
		panic("fork: %e", child);
	if (child > 0) {
		wait(child);
		return;
	}
	run_both(first, job);
}

/* ---- Windows come and go for all ---- */

static bool sees_windows(void)
{
	bool sees = false;

	for (uint32_t va = IXBASE; va < IXLIM; va += PTSIZE)
		sees = sees || (uvpd[PDX(va)] & PTE_P);
	return sees;
}

static void serve(void)
{
	expect("windows before", sees_windows(), false);
	attach();
	while (!stop)
		sys_run_io(0, 1000);
	sys_dp_detach();
	detached = true;
}

static void look(void)
{
	expect("windows of a sibling's dataplane", sees_windows(), true);
	expect("a page of its calls", uvpt[PGNUM(IX_CALLS(0))] & (PTE_P | PTE_W), PTE_P | PTE_W);
	stop = true;
	while (!detached)
		sys_yield();
	expect("windows after", sees_windows(), false);
}

static void windows(void) { program(serve, look); }

/* ---- Pages are taken away while they are sent ---- */

static void send(void)
{
	struct ix_sg sg = { (uint32_t)SENT_PAGE, 1000 };
	static struct ix_sg shared;
	ix_handle_t port = 0;

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
	detached = true;
}

/*
 * For a moment; each sixteenth time until the sender has had one more such result. Where both CPUs share one of the host's, it
 * would else run only while this one waits for it in sys_page_unmap, and never find the page.
 */
static void linger(uint32_t n, volatile uint32_t *result)
{
	uint32_t before = *result;

	if (n % 16)
		spin(any(30000));
	else
		while (*result == before)
			cpu_relax();
}

static void take(void)
{
	for (uint32_t n = 0; n < 320; n++) {
		sys_page_alloc(0, (void *)SENT_PAGE, OWN);
		*SENT_PAGE = n;
		linger(n, &sent);
		sys_page_unmap(0, (void *)SENT_PAGE);
		linger(n, &refused);
	}
	stop = true;
	while (!detached)
		sys_yield();
	expect("other results", bad, 0);
}

static void take_pages(void) { program(send, take); }

/* ---- Ends ---- */

static void serve_for_ever(void)
{
	attach();
	for (;;)
		sys_run_io(0, 1000);
}

static void attach_and_compute(void)
{
	attach();
	for (;;)
		cpu_relax();
}

static void attach_and_block(void)
{
	attach();
	for (;;)
		sys_ipc_recv((void *)UTOP);
}

static void (*const kinds[])(void) = { serve_for_ever, attach_and_compute, attach_and_block, attach };

static void exit_soon(void) { spin(any(300000)); }

static void fault_soon(void)
{
	set_pgfault_handler(NULL);
	spin(any(300000));
	*(volatile int *)0 = 1;
}

static void destroy_first(void)
{
	spin(any(300000));
	sys_env_destroy(thisenv->env_leader_id);
}

static void block(void)
{
	COMMON[2] = 1;
	for (;;)
		sys_ipc_recv((void *)UTOP);
}

static void endings(void)
{
	void (*const how[])(void) = { exit_soon, fault_soon, destroy_first };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (size_t j = 0; j < ARRAY_SIZE(how); j++)
			program(kinds[i], how[j]);
}

/* By the parent, whatever the two threads are doing. */
static void ends_from_outside(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		COMMON[2] = 0;
		envid_t child = fork();
		if (child == 0)
			run_both(kinds[i], block);
		while (!COMMON[2])
			sys_yield();
		spin(any(300000));
		end_child(child);
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
	without_leak("free pages lost by endings from outside", ends_from_outside);
	expect("what went wrong in children", COMMON[1], 0);
	conclude();
}
