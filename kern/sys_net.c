/* SPDX-License-Identifier: MIT */
/* System calls for lab 6's network. The first of them that a program makes is what claims a NIC. */
#include <inc/error.h>

#include <kern/env.h>
#include <kern/lab6.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/syscall.h>

/* (6 bytes): the NIC's address. */
int32_t sys_net_mac(const uint32_t *a)
{
	int r = lab6_use(curenv);

	return r < 0 ? r : copy_to_user(curenv, (void *)a[0], lab6_mac(), 6);
}

/* (frame, length): without CRC, and not padded. */
int32_t sys_net_send(const uint32_t *a)
{
	int r = lab6_use(curenv);

	return r < 0 ? r : lab6_send(curenv, a[0], a[1]);
}

/* (page): the chain of packets on it, all or none. */
int32_t sys_net_send_all(const uint32_t *a)
{
	int r = lab6_use(curenv);

	return r < 0 ? r : lab6_send_all(curenv, a[0]);
}

/* What there was, or the current env blocks, and the interrupt brings what this call returns. */
static int32_t received_or_wait(int r)
{
	if (r != -E_AGAIN)
		return r;
	sched_block(ENV_WAIT_NET);
}

/* (buffer, size): blocks until a frame that fits is there; its length. */
int32_t sys_net_recv(const uint32_t *a)
{
	int r = lab6_use(curenv);

	if (r < 0)
		return r;
	if (user_mem_check(curenv, (void *)a[0], a[1], PTE_W) < 0)
		return -E_FAULT;
	return received_or_wait(lab6_receive(curenv, a[0], a[1]));
}

/* (page): blocks until a frame is there; how many are chained on the page now. */
int32_t sys_net_recv_all(const uint32_t *a)
{
	int r = lab6_use(curenv);

	return r < 0 ? r : received_or_wait(lab6_receive_all(curenv, a[0]));
}
