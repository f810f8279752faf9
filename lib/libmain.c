/* SPDX-License-Identifier: MIT */
/* From entry.S to umain, with the program's arguments; when umain returns, the environment ends. */
#include <inc/lib.h>

const volatile struct Env *thisenv;
const char *binaryname = "<unknown>";

__attribute__((noreturn)) void libmain(int argc, char **argv)
{
	thisenv = &envs[ENVX(sys_getenvid())];
	if (argc > 0)
		binaryname = argv[0];
	umain(argc, argv);
	exit();
	__builtin_unreachable();
}
