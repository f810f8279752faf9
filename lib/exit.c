/* SPDX-License-Identifier: MIT */
/* The orderly end of a program: its descriptors are closed first, so that servers and pipes hear of it. */
#include <lib/private.h>

void exit(void)
{
	close_all();
	sys_env_destroy(has_thread_page() ? thisenv->env_leader_id : 0);
}
