/* SPDX-License-Identifier: MIT */
/* The system call that makes threads. What else they need, calls on environments and pages do: lib/thread.c. */
#include <kern/env.h>
#include <kern/syscall.h>

/*
 * (entry, argument): a new thread of the caller's program, that does not run yet; its id. It begins at `entry`, with the
 * argument in eax and an empty stack, for which no page is mapped yet; it gets no I/O rights, and no upcall for faults.
 */
int32_t sys_thread_create(const uint32_t *a)
{
	struct Env *thread;
	int r = env_alloc_thread(&thread, curenv);

	if (r < 0)
		return r;
	thread->env_tf.tf_eip = a[0];
	thread->env_tf.tf_regs.reg_eax = a[1];
	return thread->env_id;
}
