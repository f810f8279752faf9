/* SPDX-License-Identifier: MIT */
/* Hand the kernel an address that only our page-fault handler could make good: the kernel does not ask it. */
#include <inc/lib.h>
#include <user/faultin.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	set_pgfault_handler(fault_in);
	sys_cputs((const char *)0xdeadbeef, 4);
}
