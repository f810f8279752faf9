/* SPDX-License-Identifier: MIT */
/*
 * Each misuse of sys_dp_ctl, once, and what inc/ix.h says of it. Started without words it makes a dataplane of its own and a child,
 * which has no right to anything.
 */
#include <inc/ix.h>
#include <inc/lib.h>
#include <inc/thread.h>

enum { NO_NIC = 7 };

static int failures, checks;
static struct ix_config config;

static void expect(const char *what, int got, int want)
{
	checks++;
	if (got == want)
		return;
	failures++;
	cprintf("ixctlmisuse: FAILED: %s gives %d, not %d\n", what, got, want);
}

static void group(const char *name)
{
	cprintf("ixctlmisuse: %s %s: %d\n", failures ? "FAILED" : "OK", name, checks);
	checks = 0;
}

static void nobody_holds(void)
{
	expect("an unknown op", sys_dp_ctl(99, 0, 0, 0), -E_INVAL);
	expect("op 0", sys_dp_ctl(0, 0, 0, 0), -E_INVAL);
	expect("op -1", sys_dp_ctl(-1, 0, 0, 0), -E_INVAL);
	expect("IX_OWN without a dataplane", sys_dp_ctl(IX_CTL_BATCH, IX_OWN, 1, 0), -E_INVAL);
	expect("a NIC that is not there", sys_dp_ctl(IX_CTL_BATCH, NO_NIC, 1, 0), -E_INVAL);
	expect("batch of nobody's dataplane", sys_dp_ctl(IX_CTL_BATCH, 0, 1, 0), -E_PERM);
	for (int op = IX_CTL_RELEASE; op <= IX_CTL_MOVE_GROUP; op++)
		expect("a lever without the right", sys_dp_ctl(op, 0, 1, 1), -E_PERM);
	group("nobody holds the right");
}

static void held(void)
{
	expect("hold", sys_dp_ctl(IX_CTL_HOLD, 0, 0, 0), 0);
	expect("hold again", sys_dp_ctl(IX_CTL_HOLD, 0, 0, 0), 0);
	for (int op = IX_CTL_BATCH; op <= IX_CTL_MOVE_GROUP; op++) {
		if (op != IX_CTL_HOLD && op != IX_CTL_RELEASE)
			expect("a NIC that is not there", sys_dp_ctl(op, NO_NIC, 1, 1), -E_INVAL);
	}
	expect("batch of no dataplane", sys_dp_ctl(IX_CTL_BATCH, 0, 1, 0), -E_INVAL);
	expect("a CPU for no dataplane", sys_dp_ctl(IX_CTL_ADD_CPU, 0, IX_ANY_CPU, 0), -E_INVAL);
	expect("a CPU of no dataplane", sys_dp_ctl(IX_CTL_REMOVE_CPU, 0, 1, 0), -E_INVAL);
	expect("memory for no dataplane", sys_dp_ctl(IX_CTL_GRANT, 0, 1, 0), -E_INVAL);
	expect("a group of no dataplane", sys_dp_ctl(IX_CTL_MOVE_GROUP, 0, 0, 0), -E_INVAL);
	group("no dataplane");
}

static void limits(void)
{
	expect("2 to 1 CPUs", sys_dp_ctl(IX_CTL_RESERVE, 0, 2, 1), -E_INVAL);
	expect("0 to 0 CPUs", sys_dp_ctl(IX_CTL_RESERVE, 0, 0, 0), -E_INVAL);
	expect("up to 9 CPUs", sys_dp_ctl(IX_CTL_RESERVE, 0, 1, IX_NTHREADS + 1), -E_INVAL);
	expect("8 CPUs that are not there", sys_dp_ctl(IX_CTL_RESERVE, 0, 8, 8), -E_NO_CPU);
	expect("a quota larger than the window", sys_dp_ctl(IX_CTL_QUOTA, 0, 0x10000, 0), -E_INVAL);
	expect("one CPU", sys_dp_ctl(IX_CTL_RESERVE, 0, 1, 1), 0);
	expect("a quota of two units", sys_dp_ctl(IX_CTL_QUOTA, 0, 2, 0), 0);
	config.heap_size = 3 * IX_HEAP_UNIT;
	expect("attach with three", sys_dp_attach(IX_ANY_CPU, &config), -E_NO_MEM);
	config.heap_size = 2 * IX_HEAP_UNIT;
	expect("attach", sys_dp_attach(IX_ANY_CPU, &config), 0);
	expect("one more than reserved", sys_dp_ctl(IX_CTL_ADD_CPU, 0, IX_ANY_CPU, 0), -E_NO_CPU);
	expect("one less", sys_dp_ctl(IX_CTL_REMOVE_CPU, 0, config.cpu, 0), -E_INVAL);
	expect("no limits", sys_dp_ctl(IX_CTL_RESERVE, 0, 0, IX_NTHREADS), 0);
	group("limits");
}

static void cpus_and_groups(void)
{
	expect("the first thread's CPU goes", sys_dp_ctl(IX_CTL_REMOVE_CPU, 0, config.cpu, 0), -E_INVAL);
	expect("CPU 0 goes", sys_dp_ctl(IX_CTL_REMOVE_CPU, 0, 0, 0), -E_INVAL);
	expect("CPU 99 goes", sys_dp_ctl(IX_CTL_REMOVE_CPU, 0, 99, 0), -E_INVAL);
	expect("a CPU for no parked thread", sys_dp_ctl(IX_CTL_ADD_CPU, 0, IX_ANY_CPU, 0) < 0, true);
	expect("group 1000", sys_dp_ctl(IX_CTL_MOVE_GROUP, 0, 1000, 0), -E_INVAL);
	expect("thread 7", sys_dp_ctl(IX_CTL_MOVE_GROUP, 0, 0, 7), -E_INVAL);
	group("CPUs and groups");
}

/* What was granted can be written to, to its last byte. */
static void memory(void)
{
	uint32_t units = config.heap_size / IX_HEAP_UNIT;
	char *last = (char *)(uintptr_t)(IX_HEAP + (units + 1) * IX_HEAP_UNIT - 1);

	expect("a quota of one more", sys_dp_ctl(IX_CTL_QUOTA, 0, units + 1, 0), 0);
	expect("two more", sys_dp_ctl(IX_CTL_GRANT, IX_OWN, 2, 0), -E_NO_MEM);
	expect("2^31 more", sys_dp_ctl(IX_CTL_GRANT, IX_OWN, 0x80000000, 0), -E_INVAL);
	expect("one more", sys_dp_ctl(IX_CTL_GRANT, IX_OWN, 1, 0), (int)units + 1);
	*(volatile char *)last = 1;
	expect("how much there is", sys_dp_ctl(IX_CTL_GRANT, IX_OWN, 0, 0), (int)units + 1);
	expect("and another", sys_dp_ctl(IX_CTL_GRANT, IX_OWN, 1, 0), -E_NO_MEM);
	group("memory");
}

/* It has no CPU of its own, but the dataplane is its own all the same. */
static void parked(void *arg)
{
	struct ix_config mine = { 0 };

	USED(arg);
	mine.heap_size = IX_HEAP_UNIT;
	expect("attach with more heap than the quota", sys_dp_attach(IX_PARKED, &mine), -E_NO_MEM);
	mine.heap_size = 0;
	expect("attach, parked", sys_dp_attach(IX_PARKED, &mine), 0);
	expect("how much there is", sys_dp_ctl(IX_CTL_GRANT, IX_OWN, 0, 0), (int)(config.heap_size / IX_HEAP_UNIT) + 1);
	expect("detach", sys_dp_detach(), 0);
}

static void a_parked_thread(void)
{
	envid_t thread = 0;

	expect("thread_create", thread_create(parked, NULL, &thread), 0);
	thread_join(thread);
	group("a parked thread");
}

static void stranger(void)
{
	for (int op = IX_CTL_BATCH; op <= IX_CTL_MOVE_GROUP; op++)
		expect("a lever that another holds", sys_dp_ctl(op, 0, 1, 1), -E_PERM);
	group("another holds the right");
	exit();
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "ixctlmisuse";
	nobody_holds();
	held();
	limits();
	cpus_and_groups();
	memory();
	a_parked_thread();
	envid_t child = fork();
	if (child == 0)
		stranger();
	sys_env_wait(child);
	expect("release", sys_dp_ctl(IX_CTL_RELEASE, 0, 0, 0), 0);
	expect("release again", sys_dp_ctl(IX_CTL_RELEASE, 0, 0, 0), -E_PERM);
	expect("my own batch", sys_dp_ctl(IX_CTL_BATCH, 0, 16, 0), 0);
	group("nobody holds it again");
	cprintf("ixctlmisuse: %s\n", failures ? "FAILED" : "everything gave what inc/ix.h says");
}
