/* SPDX-License-Identifier: MIT */
/*
 * Read strings from pages that are not there until the handler supplies them. The second string crosses into
 * another page, which faults while the handler writes.
 */
#include <inc/lib.h>
#include <user/faultin.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	set_pgfault_handler(fault_in);
	cprintf("%s\n", (char *)0xdeadbeef);
	cprintf("%s\n", (char *)0xcafebffe);
}
