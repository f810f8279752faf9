/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's core knows of the dataplane: boot, system calls, the scheduler and env death meet it here,
 * and nowhere else.
 */
#ifndef JOS_KERN_DP_DP_H
#define JOS_KERN_DP_DP_H

#include <inc/ix.h>

struct Env;
struct dp;

/* With the big lock: */
void dp_init(void);                                         /* at boot, after pci_init */
int dp_attach(struct Env *e, int cpu, uint32_t config_va);  /* sys_dp_attach: on 0, e->env_dp is set and cpus[].cpu_dp too */
int dp_detach(struct Env *e);
int dp_run_parked(struct Env *e, uint32_t ncalls); /* sys_run_io of an env that has no CPU of its own: blocks until it has */
void dp_park(struct Env *e);      /* the current one; if its CPU is to be given back now, it blocks, and does not return */
int dp_stat(struct Env *e, int cpu, uint32_t stat_va);
int dp_ctl(struct Env *e, int op, int nic, uint32_t a, uint32_t b);
void control_env_free(const struct Env *e); /* e dies: the right of sys_dp_ctl is free, if it held it */
void dp_pin_taken(void);          /* a NIC's pin has another handler now; dataplanes that had it do without */
int dp_cpu(const struct Env *e);  /* the CPU reserved for e, or -1 */
struct Env *dp_env(const struct dp *dp); /* whose dataplane it is */
void dp_env_free(struct Env *e);  /* e dies: on its own CPU, before its memory goes; flows are reset, all is given back */

/*
 * Without the big lock, on the reserved CPU, under the env's page directory:
 * dp_run_io is sys_run_io; its result. It returns early, with 0, when MAIL_SCHED arrived (the env may be dying).
 * dp_run_without_app runs cycles while the env is blocked in the core; returns when MAIL_SCHED arrived.
 * dp_watch begins to watch over a program that is about to run, for it was seen; dp_keep_watch goes on with it. A program is
 * seen in sys_run_io, and when what it has waited for in the core is over. dp_tick is for the timer tick that comes of it, in user
 * mode. False: the program has been away for so long that it is to be ended.
 */
int dp_run_io(struct Env *e, uint32_t ncalls, uint32_t timeout_us);
void dp_run_without_app(struct Env *e);
void dp_interrupt(struct dp *dp, int irq); /* it ends this CPU's nap */
void dp_mail(struct dp *dp); /* T_KICK came, and cpu_dp is `dp`: note what other CPUs ask of it */
void dp_watch(struct Env *e);
void dp_keep_watch(struct Env *e);
bool dp_tick(struct Env *e);

#endif
