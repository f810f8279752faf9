/* SPDX-License-Identifier: MIT */
/*
 * The control plane: decides which dataplane has how many CPUs. The kernel has the levers (sys_dp_ctl), this program the
 * policy; policy.h says how it decides.
 *
 *	ixcp [-p fixed|elastic|consolidate] [-c least-most] [-n nic=least-most] [-m MB] [-t ms] [-v]
 *	     [program [arguments]] [+ program ...]
 *
 * It takes the right to the levers, starts the programs, and then looks at all dataplanes every -t milliseconds (20).
 * Between -c, or what -n says for one NIC, CPUs it is the policy's choice: from 1 to 8 for all, if nothing is said. A program
 * can use as many CPUs as it has threads (ixhttpd -t 4). -m is each dataplane's quota of send heap, rounded down to units of 4 MB.
 * -v shows a table on the console, drawn anew twice a second.
 */
#include <inc/ixopt.h>
#include "parts/ixcp/ixcp.h"

enum { INTERVAL_MS = 20, INTERVAL_MIN_MS = 10, INTERVAL_MAX_MS = 10000, DRAW_MS = 500, MB_PER_UNIT = IX_HEAP_UNIT >> 20, MB_MAX = 4096 };

static struct {
	const char *policy;
	bool view;
	unsigned quota_mb; /* 0: none */
} options = { .policy = "elastic" };

static struct watch watch = { .interval_ms = INTERVAL_MS };

/* ---- Deciding, and doing it ---- */

/* `cpu` -1: the kernel chose it. */
static void note(struct plane_watch *p, int nic, const char *what, int cpu, const char *why, int r)
{
	if (r < 0)
		return; /* it is tried again, if it is still wanted then */
	if (cpu < 0)
		snprintf(p->last, sizeof(p->last), "%s a CPU: %s", what, why);
	else
		snprintf(p->last, sizeof(p->last), "%s CPU %d: %s", what, cpu, why);
	if (!options.view)
		cprintf("ixcp: net%d: %s\n", nic, p->last);
	watch.changes++;
}

static void act(struct plane_watch *p, int nic)
{
	struct cp_decision d = cp_decide(watch.policy, &p->memory, &p->view, p->least, p->most);

	if (d.act == CP_ADD)
		note(p, nic, "added", -1, d.why, sys_dp_ctl(IX_CTL_ADD_CPU, nic, IX_ANY_CPU, 0));
	else if (d.act == CP_REMOVE)
		note(p, nic, "removed", p->cpu_of[d.cpu], d.why, sys_dp_ctl(IX_CTL_REMOVE_CPU, nic, p->cpu_of[d.cpu], 0));
}

static void look_and_act(void)
{
	sample(&watch);
	for (int nic = 0; nic < NICS; nic++) {
		if (watch.plane[nic].view.n)
			act(&watch.plane[nic], nic);
	}
}

static void run(void)
{
	unsigned next = sys_time_msec(), next_draw = next;

	if (options.view)
		view_begin();
	for (;;) {
		look_and_act();
		if (options.view && (int)(sys_time_msec() - next_draw) >= 0) {
			view_draw(&watch);
			next_draw = sys_time_msec() + DRAW_MS;
		}
		next = MAX(next + watch.interval_ms, (unsigned)sys_time_msec());
		sys_sleep_until(next);
	}
}

/* ---- The beginning ---- */

/* "2-4", or "2". */
static bool read_bounds(const char *text, uint32_t *least, uint32_t *most)
{
	if (!ix_read_digits(&text, CP_CPUS, least))
		return false;
	*most = *least;
	const char *upper = text + 1;
	if (*text == '-' && ix_read_digits(&upper, CP_CPUS, most))
		text = upper;
	return !*text && *least >= 1 && *least <= *most;
}

static bool bound_all(const char *text)
{
	bool good = text;

	for (int nic = 0; nic < NICS && good; nic++)
		good = read_bounds(text, &watch.plane[nic].least, &watch.plane[nic].most);
	return good;
}

/* "1=2-4" */
static bool bound_one(const char *text)
{
	unsigned nic;

	return text && ix_read_digits(&text, NICS - 1, &nic) && *text == '=' &&
	       read_bounds(text + 1, &watch.plane[nic].least, &watch.plane[nic].most);
}

static bool set_interval(const char *text)
{
	return ix_read_number(text, INTERVAL_MIN_MS, INTERVAL_MAX_MS, &watch.interval_ms);
}

static bool set_quota(const char *text) { return ix_read_number(text, MB_PER_UNIT, MB_MAX, &options.quota_mb); }

static bool set_policy(const char *text)
{
	options.policy = text;
	return text && cp_policy_named(text);
}

static const struct flag {
	char letter;
	bool (*set)(const char *text);
	const char *wants;
} flags[] = {
	{ 'p', set_policy, "fixed, elastic or consolidate" },
	{ 'c', bound_all, "numbers of CPUs from 1 to 8, as in 2-4, or 2" },
	{ 'n', bound_one, "a NIC and numbers of CPUs, as in 1=2-4" },
	{ 'm', set_quota, "MB, 4 at least" },
	{ 't', set_interval, "milliseconds from 10 to 10000" },
};

static bool read_flag(struct Argstate *args, int letter)
{
	if (letter == 'v')
		return options.view = true;
	for (const struct flag *f = flags; f < flags + ARRAY_SIZE(flags); f++) {
		if (f->letter != letter)
			continue;
		const char *text = argvalue(args);
		bool good = f->set(text);
		if (!good)
			cprintf("ixcp: -%c wants %s, not %s\n", letter, f->wants, text ? text : "nothing");
		return good;
	}
	cprintf("ixcp: there is no flag -%c\n", letter);
	return false;
}

/* Flags end where the first program's name begins. */
static bool read_arguments(int *argc, char **argv)
{
	struct Argstate args;
	int flag;
	bool good = bound_all("1-8");

	argstart(argc, argv, &args);
	while (good && (flag = argnext(&args)) >= 0)
		good = read_flag(&args, flag);
	return good;
}

static int limit(int nic)
{
	int r = sys_dp_ctl(IX_CTL_RESERVE, nic, 0, watch.plane[nic].most);

	return r < 0 || !options.quota_mb ? r : sys_dp_ctl(IX_CTL_QUOTA, nic, options.quota_mb / MB_PER_UNIT, 0);
}

static int reserve(void)
{
	int r = sys_dp_ctl(IX_CTL_HOLD, 0, 0, 0);

	for (int nic = 0; nic < NICS && r >= 0; nic++) {
		r = limit(nic);
		if (r == -E_INVAL)
			return 0; /* there are no more NICs */
	}
	return r;
}

/* Programs are separated by a + that stands alone. */
static int start_programs(char **word)
{
	char path[MAXPATHLEN];

	while (*word) {
		char **end = word;
		while (*end && strcmp(*end, "+") != 0)
			end++;
		bool more = *end;
		*end = NULL;
		snprintf(path, sizeof(path), "%s%s", word[0][0] == '/' ? "" : "/", word[0]);
		int r = spawn(path, (const char **)word);
		if (r < 0) {
			cprintf("ixcp: cannot start %s: %e\n", path, r);
			return r;
		}
		word = more ? end + 1 : end;
	}
	return 0;
}

void umain(int argc, char **argv)
{
	int r;

	binaryname = "ixcp";
	if (!read_arguments(&argc, argv)) {
		cprintf("usage: ixcp [-p fixed|elastic|consolidate] [-c least-most] [-n nic=least-most] [-m MB] [-t ms] [-v] "
			"[program [arguments]] [+ program ...]\n");
		return;
	}
	watch.policy = cp_policy_named(options.policy);
	if ((r = reserve()) < 0) {
		cprintf("ixcp: cannot take the levers: %e\n", r);
		return;
	}
	if (start_programs(argv + 1) < 0)
		return;
	run();
}
