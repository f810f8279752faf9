/* SPDX-License-Identifier: MIT */
/* Environments: what JOS calls a process. Programs read the array envs[] at UENVS. */
#ifndef JOS_INC_ENV_H
#define JOS_INC_ENV_H

#include <inc/types.h>
#include <inc/trap.h>
#include <inc/memlayout.h>

typedef int32_t envid_t;

/*
 * An environment id:  31 30          10 9         0
 *                    +--+--------------+-----------+
 *                    | 0|  generation  |   index   |
 *                    +--+--------------+-----------+
 * The index is the place in envs[]; the generation tells apart those who used that place in turn. It
 * goes up in steps of 4, so that the first id of all is 0x1000.
 * Id 0 means the caller itself; negative ids are errors.
 */
#define LOG2NENV 10
#define NENV (1 << LOG2NENV)
#define ENVX(envid) ((envid) & (NENV - 1))

enum { ENV_FREE, ENV_DYING, ENV_RUNNABLE, ENV_RUNNING, ENV_NOT_RUNNABLE };

enum EnvType { ENV_TYPE_USER, ENV_TYPE_FS, ENV_TYPE_NS };

/* Why an environment is ENV_NOT_RUNNABLE, other than for IPC. */
enum { ENV_WAIT_NONE, ENV_WAIT_CONS, ENV_WAIT_ENV, ENV_WAIT_NET, ENV_WAIT_TIME, ENV_WAIT_DP };

struct dp;

struct Env {
	struct Trapframe env_tf;
	struct Env *env_link;        /* next in the free list or the run queue */
	struct Env *env_prev;        /* previous in the run queue */
	envid_t env_id;
	envid_t env_parent_id;       /* of a thread: its program's */
	enum EnvType env_type;
	unsigned env_status;
	uint32_t env_runs;           /* how often it was given a CPU */
	int env_cpunum;              /* the CPU it runs on, or ran on last */
	uint8_t env_wait;            /* ENV_WAIT_x */
	envid_t env_wait_id;         /* with ENV_WAIT_ENV: whose end */

	envid_t env_leader_id;       /* its program's first thread, which for most is itself */
	struct Env *env_next_thread; /* a ring of the program's threads; kernel address */

	pde_t *env_pgdir;            /* kernel address of its page directory */
	void *env_pgfault_upcall;

	bool env_ipc_recving;
	void *env_ipc_dstva;
	uint32_t env_ipc_value;
	envid_t env_ipc_from;
	int env_ipc_perm;

	/* A send that waits for its receiver (kern/sys_ipc.c); pointers are kernel addresses. */
	struct Env *env_ipc_to;      /* in whose queue it is, or NULL */
	struct Env *env_ipc_next;    /* behind it in that queue */
	uint32_t env_ipc_out[3];     /* value, page, perm */
	bool env_ipc_calls;          /* it wants to receive as soon as it has sent */
	struct Env *env_ipc_first, *env_ipc_last; /* who waits to send to this env */

	uint32_t env_wake_ms;        /* with ENV_WAIT_TIME: when it wants to go on */
	bool env_uses_net;           /* it has used lab 6's NIC (kern/lab6.c) */

	struct dp *env_dp;           /* its dataplane's thread, with a CPU of its own, or NULL; kernel address */
	struct dp *env_dp_parked;    /* the same while it has no CPU */
};

#endif
