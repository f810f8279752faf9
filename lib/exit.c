/* SPDX-License-Identifier: MIT */
/*
 * The orderly end of a program: descriptors are closed, so that servers and the other ends of pipes hear of
 * it.
 */
#include <inc/lib.h>

void exit(void)
{
	close_all();
	sys_env_destroy(0);
}
