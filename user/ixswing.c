/* SPDX-License-Identifier: MIT */
/*
 * Gives a dataplane a second CPU and takes it away again, over and over, while others load it.
 *
 *	ixswing rounds pause-in-ms program [arguments]
 *
 * The program must start a second thread (-t 2). After each change it waits until the kernel has done it: until the
 * second CPU has flow groups, and clients' frames come to it, or until it is nobody's.
 */
#include <inc/ix.h>
#include <inc/lib.h>

enum { NIC = 0, CPUS = 8, PATIENCE_MS = 20000, LOOK_MS = 10 };

static void pause_for(unsigned ms) { sys_sleep_until(sys_time_msec() + ms); }

/* The CPU of the dataplane's second thread, with flow groups; -1: there is none. */
static int second_cpu(bool with_groups)
{
	struct ix_stat s;

	for (int cpu = 1; cpu < CPUS; cpu++) {
		if (sys_dp_stat(cpu, &s) == 0 && s.nic == NIC && s.thread > 0 && (s.groups || !with_groups))
			return cpu;
	}
	return -1;
}

static int add(void)
{
	int r, cpu = -1;

	for (unsigned ms = 0; (r = sys_dp_ctl(IX_CTL_ADD_CPU, NIC, IX_ANY_CPU, 0)) == -E_AGAIN || r == -E_INVAL; ms += LOOK_MS) {
		if (ms >= PATIENCE_MS) /* it has not started, or its thread has not parked */
			return r;
		pause_for(LOOK_MS);
	}
	for (unsigned ms = 0; r >= 0 && (cpu = second_cpu(true)) < 0 && ms < PATIENCE_MS; ms += LOOK_MS)
		pause_for(LOOK_MS);
	return r < 0 ? r : cpu < 0 ? -E_TIMED_OUT : cpu;
}

/* Until a frame more has come to that CPU. */
static int wait_for_frames(int cpu)
{
	struct ix_stat s = { 0 };
	int r = sys_dp_stat(cpu, &s);
	uint64_t before = s.rx_frames;

	for (unsigned ms = 0; r >= 0 && s.rx_frames == before; ms += LOOK_MS) {
		if (ms >= PATIENCE_MS)
			return -E_TIMED_OUT;
		pause_for(LOOK_MS);
		r = sys_dp_stat(cpu, &s);
	}
	return r;
}

static int take_away(int cpu)
{
	int r = sys_dp_ctl(IX_CTL_REMOVE_CPU, NIC, cpu, 0);

	for (unsigned ms = 0; r >= 0 && second_cpu(false) >= 0; ms += LOOK_MS) {
		if (ms >= PATIENCE_MS)
			return -E_TIMED_OUT;
		pause_for(LOOK_MS);
	}
	return r;
}

static int swing(int rounds, unsigned ms, bool loaded)
{
	for (int i = 0; i < rounds; i++) {
		int cpu = add();
		if (cpu < 0)
			return cpu;
		int r = loaded ? wait_for_frames(cpu) : 0;
		if (r < 0)
			return r;
		pause_for(ms);
		if ((r = take_away(cpu)) < 0)
			return r;
		pause_for(ms);
	}
	return 0;
}

void umain(int argc, char **argv)
{
	int r;

	binaryname = "ixswing";
	if (argc < 4) {
		cprintf("usage: ixswing rounds pause-in-ms program [arguments]\n");
		return;
	}
	if ((r = sys_dp_ctl(IX_CTL_HOLD, NIC, 0, 0)) < 0 || (r = spawn(argv[3], (const char **)argv + 3)) < 0) {
		cprintf("ixswing: cannot begin: %e\n", r);
		return;
	}
	envid_t program = r;
	r = swing(1, 0, false);
	cprintf("ixswing: ready\n");
	if (r >= 0)
		r = swing(strtol(argv[1], NULL, 10), strtol(argv[2], NULL, 10), true);
	if (r < 0)
		cprintf("ixswing: %e\n", r);
	else
		cprintf("ixswing: %s rounds are over\n", argv[1]);
	sys_env_wait(program);
}
