/* SPDX-License-Identifier: MIT */
/* The system call table. */
#include <inc/error.h>
#include <inc/trap.h>

#include <kern/env.h>
#include <kern/syscall.h>

static syscall_fn *const table[NSYSCALLS] = {
	[SYS_cputs] = sys_cputs,
	[SYS_cgetc] = sys_cgetc,
	[SYS_getenvid] = sys_getenvid,
	[SYS_env_destroy] = sys_env_destroy,
	[SYS_page_alloc] = sys_page_alloc,
	[SYS_page_map] = sys_page_map,
	[SYS_page_unmap] = sys_page_unmap,
	[SYS_exofork] = sys_exofork,
	[SYS_env_set_status] = sys_env_set_status,
	[SYS_env_set_trapframe] = sys_env_set_trapframe,
	[SYS_env_set_pgfault_upcall] = sys_env_set_pgfault_upcall,
	[SYS_yield] = sys_yield,
	[SYS_ipc_try_send] = sys_ipc_try_send,
	[SYS_ipc_recv] = sys_ipc_recv,
	[SYS_time_msec] = sys_time_msec,
	[SYS_cons_wait] = sys_cons_wait,
	[SYS_env_wait] = sys_env_wait,
	[SYS_bootarg] = sys_bootarg,
	[SYS_dp_attach] = sys_dp_attach,
	[SYS_dp_detach] = sys_dp_detach,
	[SYS_run_io] = sys_run_io,
	[SYS_dp_stat] = sys_dp_stat,
	[SYS_dp_ctl] = sys_dp_ctl,
	[SYS_ipc_send] = sys_ipc_send,
	[SYS_ipc_call] = sys_ipc_call,
	[SYS_ipc_reply] = sys_ipc_reply,
	[SYS_sleep_until] = sys_sleep_until,
	[SYS_net_mac] = sys_net_mac,
	[SYS_net_send] = sys_net_send,
	[SYS_net_recv] = sys_net_recv,
	[SYS_net_send_all] = sys_net_send_all,
	[SYS_net_recv_all] = sys_net_recv_all,
	[SYS_thread_create] = sys_thread_create,
	[SYS_page_own] = sys_page_own,
};

int32_t syscall(struct Trapframe *tf, uint32_t number, const uint32_t args[5])
{
	if (number >= NSYSCALLS || !table[number])
		return -E_INVAL;
	tf->tf_regs.reg_eax = 0; /* what a call returns that blocks and is woken later, or hands this frame to a child */
	return table[number](args);
}
