/* SPDX-License-Identifier: MIT */
/* System call numbers. 0 to 14 are JOS's and fixed. Arguments and errors: kern/syscall.c, inc/ix.h. */
#ifndef JOS_INC_SYSCALL_H
#define JOS_INC_SYSCALL_H

enum {
	SYS_cputs = 0,
	SYS_cgetc,
	SYS_getenvid,
	SYS_env_destroy,
	SYS_page_alloc,
	SYS_page_map,
	SYS_page_unmap,
	SYS_exofork,
	SYS_env_set_status,
	SYS_env_set_trapframe,
	SYS_env_set_pgfault_upcall,
	SYS_yield,
	SYS_ipc_try_send,
	SYS_ipc_recv,
	SYS_time_msec,
	SYS_cons_wait, /* block until a character can be read */
	SYS_env_wait,  /* (env): block until it is gone */
	SYS_bootarg,   /* (key, buf, size): copy a boot argument's value; its length, or -E_NOT_FOUND */
	SYS_dp_attach, /* inc/ix.h, from here on */
	SYS_dp_detach,
	SYS_run_io,
	SYS_dp_stat,
	SYS_dp_ctl,
	SYS_ipc_send,    /* (env, value, page, perm): like try_send, but waits for the receiver; kern/sys_ipc.c */
	SYS_ipc_call,    /* (env, value, page, perm, dstva): ipc_send, then ipc_recv */
	SYS_ipc_reply,   /* (env, value, page, perm, dstva): try_send and, if that worked, ipc_recv */
	SYS_sleep_until, /* (ms): return when sys_time_msec has got there */
	SYS_net_mac,     /* (6 bytes): lab 6's NIC; kern/sys_net.c */
	SYS_net_send,    /* (frame, length) */
	SYS_net_recv,    /* (buffer, size): waits for a frame; its length */
	SYS_net_send_all, /* (page): sends the packets of a page, chained as inc/ns.h says */
	SYS_net_recv_all, /* (page): waits for a frame; as many as there are and fit, chained */
	SYS_thread_create, /* (entry, argument): a thread of the caller's program; kern/sys_thread.c */
	SYS_page_own,    /* (page, perm): a copy in place of a read-only page, for all threads at once; kern/sys_mem.c */
	NSYSCALLS
};

#endif
