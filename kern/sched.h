/* SPDX-License-Identifier: MIT */
/* Which env runs where. Shared CPUs take turns through one run queue; a reserved CPU runs its dataplane's env only. */
#ifndef JOS_KERN_SCHED_H
#define JOS_KERN_SCHED_H

#include <inc/env.h>

void sched_yield(void) __attribute__((noreturn)); /* with the big lock: give the CPU to whoever is next */
void sched_ready(struct Env *e);                  /* e becomes ENV_RUNNABLE */
void sched_share(void);                           /* before this CPU runs an env: others are offered to an idle CPU */
void sched_block(int why) __attribute__((noreturn)); /* the current env stops for a reason ENV_WAIT_x; another runs */
/*
 * Was the current env told to stop when it had entered the kernel already? Then it must not begin to wait, or what it
 * waits for would start it: its call ends early, as if it had waited before. sched_block sees to that by itself.
 */
bool sched_is_stopped(void);
void sched_wake(int why, envid_t id);              /* all that wait for that reason, and for that env, go on */
void sched_remove(struct Env *e, unsigned status); /* e is taken off the queue, if on it, and gets `status` */

#endif
