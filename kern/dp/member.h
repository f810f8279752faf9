/* SPDX-License-Identifier: MIT */
/*
 * The threads of a dataplane, one by one. All with the big lock.
 *
 * home_make        memory for one more thread; without a plane, for the first one and the plane, whose groups it takes
 * member_make      what its program shares with it, and buffers; once for each home; dp->env must be in the program
 * member_enter     env e becomes the thread; it is parked
 * member_give_cpu  and runs on `cpu` from now on
 * member_take_cpu  it is parked again; its groups have left
 * member_leave     e is no thread any more: peers of flows that are still here get RST; on its own CPU, or parked
 *
 * 0 or -E_NO_MEM. What was made stays with the plane until plane_free_homes.
 */
#ifndef JOS_KERN_DP_MEMBER_H
#define JOS_KERN_DP_MEMBER_H

#include <kern/dp/dataplane.h>

struct dp *home_make(struct netdev *nd, struct plane *p, uint32_t nbufs);
int member_make(struct dp *dp, uint32_t nbufs);
int member_enter(struct dp *dp, struct Env *e);
void member_give_cpu(struct dp *dp, struct CpuInfo *cpu);
void member_take_cpu(struct dp *dp);
void member_leave(struct dp *dp);

/* At the end, thread 0's: groups that others have left behind become its own; loans end; homes are freed. */
void plane_gather(struct plane *p);
void plane_end_loans(struct plane *p);
void plane_free_homes(struct plane *p);

struct CpuInfo *cpu_choose(int wanted); /* that one, or IX_ANY_CPU the highest, if it can be reserved; or NULL */
void plane_spread(struct plane *p, const struct dp *but); /* groups are wanted evenly by all that have a CPU, `but` not by one */

#endif
