/* SPDX-License-Identifier: MIT */
/* A page-fault handler that tells what happened and ends the program. */
#include <inc/lib.h>

static void report_and_die(struct UTrapframe *utf)
{
	cprintf("i faulted at va %x, err %x\n", utf->utf_fault_va, utf->utf_err & (FEC_PR | FEC_WR | FEC_U));
	sys_env_destroy(0);
}

void umain(int argc, char **argv)
{
	volatile int *volatile nowhere = (volatile int *)0xdeadbeef;

	USED(argc);
	USED(argv);
	set_pgfault_handler(report_and_die);
	*nowhere = 0;
}
