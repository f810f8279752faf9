/* SPDX-License-Identifier: MIT */
/*
 * Programs that have a dataplane and stay away from it, each in a way of its own: the watchdog ends them, whatever else they do
 * with the kernel. One that waits for something is not away, and lives.
 */
#include <user/hostile.h>
#include <inc/ix.h>

#define STRIKE_US 1000
#define END_US 500000 /* the host may be busy elsewhere for a while */
#define PATIENCE_MS 10000
#define LIVED COMMON[0]

static void attach(void)
{
	struct ix_config config = { .heap_size = IX_HEAP_UNIT };

	expect("attach", sys_dp_attach(IX_ANY_CPU, &config), 0);
}

static void be_watched(void) { expect("the watchdog's times", sys_dp_ctl(IX_CTL_WATCHDOG, IX_OWN, STRIKE_US, END_US), 0); }

static void spin_away(void)
{
	attach();
	be_watched();
	for (;;)
		cpu_relax();
}

static void call_away(void)
{
	attach();
	be_watched();
	for (;;)
		sys_getenvid();
}

static void yield_away(void)
{
	attach();
	be_watched();
	for (;;)
		sys_yield();
}

/* Nobody watches until its parent says so. */
static void spin_unwatched(void)
{
	attach();
	expect("no watchdog", sys_dp_ctl(IX_CTL_WATCHDOG, IX_OWN, 0, 0), 0);
	sys_run_io(0, 0);
	sleep_ms(30); /* the last tick that was set is over */
	LIVED = 1;
	for (;;)
		cpu_relax();
}

/* Each time for longer than a program may be away. */
static void sleep_often(void)
{
	attach();
	be_watched();
	for (int i = 0; i < 2; i++) {
		sys_run_io(0, 0);
		sleep_ms(3 * END_US / 2000);
	}
	LIVED = 1;
	sys_dp_detach();
}

static bool is_gone(envid_t id) { return envs[ENVX(id)].env_id != id || envs[ENVX(id)].env_status == ENV_FREE; }

static void must_go(const char *how, envid_t child)
{
	uint32_t begin = sys_time_msec();

	while (!is_gone(child) && sys_time_msec() - begin < PATIENCE_MS)
		sleep_ms(5);
	expect(how, is_gone(child), true);
	if (!is_gone(child))
		end_child(child);
}

static void be_away(void)
{
	must_go("whether one that spins is ended", child_for(spin_away));
	must_go("whether one that makes system calls is ended", child_for(call_away));
	must_go("whether one that yields is ended", child_for(yield_away));
}

static void be_watched_late(void)
{
	LIVED = 0;
	envid_t child = child_for(spin_unwatched);

	while (!LIVED && !is_gone(child))
		sleep_ms(5);
	sleep_ms(3 * END_US / 2000);
	expect("whether one that nobody watches lives", is_gone(child), false);
	expect("a watchdog for a child", sys_dp_ctl(IX_CTL_WATCHDOG, 0, STRIKE_US, END_US), 0);
	must_go("whether one that is watched late is ended", child);
}

static void wait_often(void)
{
	LIVED = 0;
	wait(child_for(sleep_often));
	expect("whether one that waits lives", LIVED, 1);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "ixaway";
	make_common();
	be_away();
	be_watched_late();
	wait_often();
	conclude();
}
