/* SPDX-License-Identifier: MIT */
/* The orderly end of a program: its descriptors are closed first, so that servers and pipes hear of it. */
#include <inc/lib.h>

void exit(void)
{
	close_all();
	sys_env_destroy(0);
}
