/* SPDX-License-Identifier: MIT */
/*
 * The control plane's levers, sys_dp_ctl (inc/ix.h): who may pull them, and the limits that they keep. What they move is
 * spread.c's, plane.c's and policy.c's; when to pull them is a program's to decide (user/ixcp.c).
 *
 * One env at a time holds the right. Until somebody does, a program may set how its own dataplane works, and so may its
 * parent. Limits are kept for each NIC, whether there is a dataplane or not, and go with the holder who set them; CPUs and
 * memory that were given stay where they are.
 *
 * All of it is under the big lock.
 */
#include <inc/assert.h>
#include <inc/error.h>

#include <kern/dp/control.h>
#include <kern/dp/dataplane.h>
#include <kern/env.h>

static_assert(NNETDEV == IX_NICS);

struct limits {
	uint32_t least, most; /* CPUs */
	uint32_t quota;       /* units of send heap */
};

static const struct limits no_limits = { .least = 0, .most = IX_NTHREADS, .quota = DP_HEAP_UNITS };

static struct {
	envid_t holder; /* 0: nobody */
	struct limits limits[NNETDEV];
} control;

void control_init(void)
{
	control.holder = 0;
	for (int i = 0; i < NNETDEV; i++)
		control.limits[i] = no_limits;
}

/* ---- CPUs ---- */

static uint32_t ncpus_of(const struct plane *p)
{
	uint32_t n = 0;

	for (int i = 0; p && i < ncpu; i++)
		n += cpus[i].cpu_dp && cpus[i].cpu_dp->plane == p;
	return n;
}

/* Those that will stay. */
static uint32_t nstaying_of(const struct plane *p)
{
	uint32_t n = ncpus_of(p);

	for (int i = 0; i < ncpu; i++)
		n -= cpus[i].cpu_dp && cpus[i].cpu_dp->plane == p && cpus[i].cpu_dp->leaving;
	return n;
}

/* Those that a dataplane could get: CPU 0 is none of them. */
static uint32_t ncpus_free(void)
{
	uint32_t n = 0;

	for (int i = 1; i < ncpu; i++)
		n += cpus[i].cpu_status != CPU_UNUSED && !cpus[i].cpu_dp;
	return n;
}

/* What was promised to other NICs, and is not theirs yet. */
static uint32_t ncpus_promised(uint32_t but)
{
	uint32_t n = 0;

	for (uint32_t nic = 0; nic < NNETDEV; nic++) {
		uint32_t has = ncpus_of(plane_of_nic(nic));
		if (nic != but && control.limits[nic].least > has)
			n += control.limits[nic].least - has;
	}
	return n;
}

bool control_allows_cpu(uint32_t nic)
{
	if (nic >= NNETDEV)
		return ncpus_free() > 0; /* let the caller say what is wrong with it */
	return ncpus_of(plane_of_nic(nic)) < control.limits[nic].most && ncpus_free() > ncpus_promised(nic);
}

bool control_allows_join(uint32_t nic) { return !control.holder && control_allows_cpu(nic); }

bool control_allows_heap(uint32_t nic, uint32_t units) { return nic >= NNETDEV || units <= control.limits[nic].quota; }

/* ---- The levers ---- */

static int reserve_cpus(struct Env *e, uint32_t nic, uint32_t least, uint32_t most)
{
	(void)e;
	if (least > most || most < 1 || most > IX_NTHREADS)
		return -E_INVAL;
	uint32_t has = ncpus_of(plane_of_nic(nic));
	if (least > has && least - has + ncpus_promised(nic) > ncpus_free())
		return -E_NO_CPU;
	control.limits[nic].least = least;
	control.limits[nic].most = most;
	return 0;
}

static int add_cpu(struct Env *e, uint32_t nic, uint32_t cpu, uint32_t unused)
{
	struct plane *p = plane_of_nic(nic);

	(void)e, (void)unused;
	if (!p)
		return -E_INVAL;
	return control_allows_cpu(nic) ? plane_add_cpu(p, cpu) : -E_NO_CPU;
}

static int remove_cpu(struct Env *e, uint32_t nic, uint32_t cpu, uint32_t unused)
{
	struct plane *p = plane_of_nic(nic);

	(void)e, (void)unused;
	if (!p || nstaying_of(p) <= control.limits[nic].least)
		return -E_INVAL;
	return plane_remove_cpu(p, cpu);
}

static int move_group(struct Env *e, uint32_t nic, uint32_t group, uint32_t thread)
{
	struct plane *p = plane_of_nic(nic);

	(void)e;
	return p ? plane_move_group(p, group, thread) : -E_INVAL;
}

static int set_quota(struct Env *e, uint32_t nic, uint32_t units, uint32_t unused)
{
	(void)e, (void)unused;
	if (units > DP_HEAP_UNITS)
		return -E_INVAL;
	control.limits[nic].quota = units;
	return 0;
}

/* The heap's size in units, afterwards. */
static int grant(struct Env *e, uint32_t nic, uint32_t units, uint32_t unused)
{
	struct plane *p = plane_of_nic(nic);

	(void)e, (void)unused;
	if (!p || units > DP_HEAP_UNITS)
		return -E_INVAL;
	if (!control_allows_heap(nic, p->heap_units + units))
		return -E_NO_MEM;
	int r = plane_heap_make(p, p->members[0]->env, units);
	return r < 0 ? r : (int)p->heap_units;
}

static int set_policy(uint32_t nic, enum ix_ctl op, uint32_t a, uint32_t b)
{
	struct plane *p = plane_of_nic(nic);

	return p ? policy_set(&p->policy, op, a, b) : -E_INVAL;
}

static int set_batch(struct Env *e, uint32_t nic, uint32_t a, uint32_t b)
{
	(void)e;
	return set_policy(nic, IX_CTL_BATCH, a, b);
}

static int set_idle(struct Env *e, uint32_t nic, uint32_t a, uint32_t b)
{
	(void)e;
	return set_policy(nic, IX_CTL_IDLE, a, b);
}

/* A program that is away already, and has no timer, gets it when its CPU has been asked anything. */
static int set_watchdog(struct Env *e, uint32_t nic, uint32_t a, uint32_t b)
{
	int r = set_policy(nic, IX_CTL_WATCHDOG, a, b);

	(void)e;
	if (r == 0)
		plane_ask_all(plane_of_nic(nic));
	return r;
}

static int hold(struct Env *e, uint32_t nic, uint32_t a, uint32_t b)
{
	(void)nic, (void)a, (void)b;
	control.holder = e->env_id;
	return 0;
}

static int release(struct Env *e, uint32_t nic, uint32_t a, uint32_t b)
{
	(void)e, (void)nic, (void)a, (void)b;
	control_init();
	return 0;
}

/* ---- Who may ---- */

enum right {
	HOLDER,   /* who holds the right */
	ANYBODY,  /* as long as nobody else does */
	OWN,      /* the program itself or its parent, as long as nobody does */
	ALWAYS,   /* the program itself, at any time: limits are enough */
};

static const struct {
	int (*pull)(struct Env *e, uint32_t nic, uint32_t a, uint32_t b);
	enum right right;
	bool without_nic;
} levers[] = {
	[IX_CTL_BATCH] = { set_batch, OWN, false },
	[IX_CTL_IDLE] = { set_idle, OWN, false },
	[IX_CTL_WATCHDOG] = { set_watchdog, OWN, false },
	[IX_CTL_HOLD] = { hold, ANYBODY, true },
	[IX_CTL_RELEASE] = { release, HOLDER, true },
	[IX_CTL_RESERVE] = { reserve_cpus, HOLDER, false },
	[IX_CTL_ADD_CPU] = { add_cpu, HOLDER, false },
	[IX_CTL_REMOVE_CPU] = { remove_cpu, HOLDER, false },
	[IX_CTL_GRANT] = { grant, ALWAYS, false },
	[IX_CTL_QUOTA] = { set_quota, HOLDER, false },
	[IX_CTL_MOVE_GROUP] = { move_group, HOLDER, false },
};

static bool owns(const struct Env *e, uint32_t nic)
{
	const struct plane *p = plane_of_nic(nic);

	return p && env_shares_space(e, p->members[0]->env);
}

static bool is_parent(const struct Env *e, uint32_t nic)
{
	const struct plane *p = plane_of_nic(nic);

	return p && env_leader(p->members[0]->env)->env_parent_id == e->env_id;
}

static bool may_pull(const struct Env *e, enum right right, uint32_t nic)
{
	if (control.holder == e->env_id || (right == ALWAYS && owns(e, nic)))
		return true;
	return !control.holder && (right == ANYBODY || (right == OWN && (owns(e, nic) || is_parent(e, nic))));
}

int dp_ctl(struct Env *e, int op, int nic, uint32_t a, uint32_t b)
{
	const struct dp *own = e->env_dp ? e->env_dp : e->env_dp_parked;

	if (op < 0 || op >= (int)ARRAY_SIZE(levers) || !levers[op].pull)
		return -E_INVAL;
	if (nic == IX_OWN && own)
		nic = own->nd - netdevs;
	if (!levers[op].without_nic && (nic < 0 || nic >= nnetdevs))
		return -E_INVAL;
	if (!may_pull(e, levers[op].right, nic))
		return -E_PERM;
	return levers[op].pull(e, nic, a, b);
}

void control_env_free(const struct Env *e)
{
	if (control.holder == e->env_id)
		control_init();
}
