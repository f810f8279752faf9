/* SPDX-License-Identifier: MIT */
/*
 * System calls. Each handler gets its five arguments as words and returns what goes to eax. All run with the big
 * lock held, in the address space of the caller, which is curenv.
 */
#ifndef JOS_KERN_SYSCALL_H
#define JOS_KERN_SYSCALL_H

#include <inc/syscall.h>
#include <inc/types.h>

struct Env;
struct Trapframe;

int32_t syscall(struct Trapframe *tf, uint32_t number, const uint32_t args[5]);

typedef int32_t syscall_fn(const uint32_t *a);

/* sys_mem.c */
syscall_fn sys_page_alloc, sys_page_map, sys_page_unmap, sys_page_own;
int check_user_page(uint32_t va); /* page-aligned, below UTOP, outside the dataplane's range: 0, else -E_INVAL */
int check_user_perm(uint32_t perm);

/* sys_env.c */
syscall_fn sys_getenvid, sys_env_destroy, sys_env_wait, sys_yield, sys_exofork, sys_env_set_status, sys_env_set_trapframe,
    sys_env_set_pgfault_upcall;

/* sys_thread.c */
syscall_fn sys_thread_create;

/* sys_ipc.c */
syscall_fn sys_ipc_try_send, sys_ipc_recv, sys_ipc_send, sys_ipc_call, sys_ipc_reply;
void ipc_stop_sending(struct Env *e);  /* e does not wait any longer for somebody to receive */
void ipc_stop_waiting(struct Env *e);  /* ... or to receive */
void ipc_env_free(struct Env *e);      /* e dies: those who wait to send to it fail */

/* sys_misc.c */
syscall_fn sys_cputs, sys_cgetc, sys_cons_wait, sys_time_msec, sys_sleep_until, sys_bootarg;

/* sys_dp.c */
syscall_fn sys_dp_attach, sys_dp_detach, sys_run_io, sys_dp_stat, sys_dp_ctl;

/* sys_net.c */
syscall_fn sys_net_mac, sys_net_send, sys_net_recv, sys_net_send_all, sys_net_recv_all;

#endif
