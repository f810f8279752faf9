/* SPDX-License-Identifier: MIT */
/* Locks between threads. The contract is inc/thread.h. The owner's id in the lock tells whether it still lives. */
#include <inc/lib.h>
#include <inc/x86.h>

#define SPINS 200 /* a sibling on another CPU is soon done; one without a CPU gets ours */

static bool change_owner(struct mutex *m, envid_t from, envid_t to)
{
	return __atomic_compare_exchange_n(&m->owner, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static bool spin(struct mutex *m, envid_t self)
{
	for (int i = 0; i < SPINS; i++) {
		if (m->owner == 0 && change_owner(m, 0, self))
			return true;
		cpu_relax();
	}
	return false;
}

/* One that is dying may still run for a moment, and counts as alive. */
static bool is_gone(envid_t owner)
{
	const volatile struct Env *e = &envs[ENVX(owner)];

	return e->env_id != owner || e->env_status == ENV_FREE || e->env_leader_id != thisenv->env_leader_id;
}

int mutex_lock(struct mutex *m)
{
	envid_t self = thisenv->env_id;

	while (!spin(m, self)) {
		envid_t owner = m->owner;
		if (owner == self)
			panic("a mutex is locked twice by %08x", self);
		if (owner && is_gone(owner) && change_owner(m, owner, self))
			return -E_BAD_ENV;
		sys_yield();
	}
	return 0;
}

bool mutex_trylock(struct mutex *m)
{
	return change_owner(m, 0, thisenv->env_id);
}

void mutex_unlock(struct mutex *m)
{
	if (m->owner != thisenv->env_id)
		panic("a mutex of %08x is unlocked by another thread", m->owner);
	__atomic_store_n(&m->owner, 0, __ATOMIC_RELEASE);
}
