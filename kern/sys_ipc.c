/* SPDX-License-Identifier: MIT */
/*
 * IPC: a word, and perhaps a page, to an env that waits for them. A sender may wait as well: then it is in the
 * receiver's queue, ENV_NOT_RUNNABLE, with the message in env_ipc_out, and the receiver takes it from there when it
 * next receives. So nobody polls, and a busy server finds its next request without leaving the CPU.
 */
#include <inc/error.h>

#include <kern/env.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/syscall.h>

/* Map the sender's page where the receiver asked for one. 1 if a page was handed over, 0 if none, or an error. */
static int send_page(struct Env *from, struct Env *to, uint32_t srcva, uint32_t perm)
{
	pte_t *pte;

	if (srcva >= UTOP)
		return 0;
	if (check_user_page(srcva) < 0 || check_user_perm(perm) < 0)
		return -E_INVAL;
	struct PageInfo *pp = page_lookup(from->env_pgdir, (void *)srcva, &pte);
	if (!pp || ((perm & PTE_W) && !(*pte & PTE_W)))
		return -E_INVAL;
	if ((uintptr_t)to->env_ipc_dstva >= UTOP)
		return 0;
	int r = page_insert(to->env_pgdir, pp, to->env_ipc_dstva, perm);
	return r < 0 ? r : 1;
}

/* The message (value, page or an address from UTOP on, perm) to `to`, which is receiving. */
static int transfer(struct Env *from, struct Env *to, const uint32_t message[3])
{
	int r = send_page(from, to, message[1], message[2]);

	if (r < 0)
		return r;
	to->env_ipc_recving = false;
	to->env_ipc_from = from->env_id;
	to->env_ipc_value = message[0];
	to->env_ipc_perm = r ? message[2] : 0;
	if (to->env_status == ENV_NOT_RUNNABLE)
		sched_ready(to);
	return 0;
}

static void join_queue(struct Env *e, struct Env *to)
{
	e->env_ipc_to = to;
	e->env_ipc_next = NULL;
	*(to->env_ipc_last ? &to->env_ipc_last->env_ipc_next : &to->env_ipc_first) = e;
	to->env_ipc_last = e;
}

static void leave_queue(struct Env *e)
{
	struct Env *to = e->env_ipc_to, *before = NULL;

	for (struct Env *at = to->env_ipc_first; at != e; at = at->env_ipc_next)
		before = at;
	*(before ? &before->env_ipc_next : &to->env_ipc_first) = e->env_ipc_next;
	if (to->env_ipc_last == e)
		to->env_ipc_last = before;
	e->env_ipc_to = NULL;
}

void ipc_stop_sending(struct Env *e)
{
	if (!e->env_ipc_to)
		return;
	leave_queue(e);
	e->env_tf.tf_regs.reg_eax = -E_IPC_NOT_RECV;
}

void ipc_stop_waiting(struct Env *e)
{
	ipc_stop_sending(e);
	if (!e->env_ipc_recving)
		return;
	e->env_ipc_recving = false;
	e->env_tf.tf_regs.reg_eax = -E_IPC_NOT_RECV;
}

void ipc_env_free(struct Env *e)
{
	struct Env *sender;

	while ((sender = e->env_ipc_first)) {
		leave_queue(sender);
		sender->env_tf.tf_regs.reg_eax = -E_BAD_ENV;
		sched_ready(sender);
	}
}

/*
 * `e` is receiving: give it the first message in its queue that can be delivered. Returns the sender if that goes
 * on to receive, else NULL.
 */
static struct Env *take_message(struct Env *e)
{
	struct Env *sender;

	while ((sender = e->env_ipc_first)) {
		leave_queue(sender);
		int r = transfer(sender, e, sender->env_ipc_out);
		sender->env_tf.tf_regs.reg_eax = r;
		if (r == 0 && sender->env_ipc_calls)
			return sender;
		sched_ready(sender);
		if (r == 0)
			return NULL;
	}
	return NULL;
}

/* The current env receives: at once if somebody waits to send to it, or later. */
static int32_t receive(uint32_t dstva)
{
	struct Env *self = curenv;

	if (sched_is_stopped())
		return -E_IPC_NOT_RECV;
	self->env_ipc_dstva = (void *)dstva;
	for (struct Env *e = self; e; e = take_message(e))
		e->env_ipc_recving = true;
	if (!self->env_ipc_recving)
		return 0;
	sched_remove(self, ENV_NOT_RUNNABLE);
	sched_yield();
}

static int check_dstva(uint32_t va) { return va < UTOP ? check_user_page(va) : 0; }

/* (where to map a page, or an address from UTOP on): blocks until something comes. */
int32_t sys_ipc_recv(const uint32_t *a)
{
	return check_dstva(a[0]) < 0 ? -E_INVAL : receive(a[0]);
}

/* (env, value, page or an address from UTOP on, perm): -E_IPC_NOT_RECV if it does not wait. */
int32_t sys_ipc_try_send(const uint32_t *a)
{
	struct Env *to;
	int r = envid2env(a[0], &to, false);

	if (r < 0)
		return r;
	return to->env_ipc_recving ? transfer(curenv, to, a + 1) : -E_IPC_NOT_RECV;
}

/* Like sys_ipc_try_send, but if the other is not receiving the current env waits, and returns when it was served. */
static int send_or_wait(const uint32_t *a, bool calls)
{
	struct Env *to, *self = curenv;
	int r = envid2env(a[0], &to, false);

	if (r < 0)
		return r;
	if (to == self)
		return -E_INVAL; /* it would wait for itself */
	if (to->env_ipc_recving)
		return transfer(self, to, a + 1);
	if (sched_is_stopped())
		return -E_IPC_NOT_RECV;
	for (int i = 0; i < 3; i++)
		self->env_ipc_out[i] = a[1 + i];
	self->env_ipc_calls = calls;
	self->env_ipc_dstva = (void *)a[4];
	sched_remove(self, ENV_NOT_RUNNABLE);
	join_queue(self, to);
	sched_yield();
}

/* (env, value, page, perm): returns when the message was received. */
int32_t sys_ipc_send(const uint32_t *a)
{
	return send_or_wait(a, false);
}

/* (env, value, page, perm, where to map a page): sends, then receives. An error is the send's; nothing was received. */
int32_t sys_ipc_call(const uint32_t *a)
{
	if (check_dstva(a[4]) < 0)
		return -E_INVAL;
	int r = send_or_wait(a, true);
	return r < 0 ? r : receive(a[4]);
}

/* The same for a server, which does not wait for a client that is not there to hear. */
int32_t sys_ipc_reply(const uint32_t *a)
{
	if (check_dstva(a[4]) < 0)
		return -E_INVAL;
	int r = sys_ipc_try_send(a);
	return r < 0 ? r : receive(a[4]);
}
