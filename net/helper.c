/* SPDX-License-Identifier: MIT */
#include <net/ns.h>

envid_t helper_start(void (*life)(envid_t ns))
{
	envid_t ns = sys_getenvid(), child = fork();

	if (child < 0)
		panic("no environment for a helper: %e", child);
	if (child == 0) {
		life(ns);
		exit();
	}
	return child;
}
