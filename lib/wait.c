/* SPDX-License-Identifier: MIT */
/* Waiting for the end of another environment. */
#include <inc/lib.h>

void wait(envid_t envid)
{
	assert(envid != 0);
	sys_env_wait(envid);
}
