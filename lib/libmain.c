/* SPDX-License-Identifier: MIT */
/* From entry.S to umain, with the program's arguments; when umain returns, the environment ends. */
#include <lib/private.h>

const char *binaryname = "<unknown>";

const volatile struct Env **_thisenv(void)
{
	static const volatile struct Env *of_first_thread;

	return has_thread_page() ? &THREAD_PAGE->env : &of_first_thread;
}

__attribute__((noreturn)) void libmain(int argc, char **argv)
{
	thisenv = &envs[ENVX(sys_getenvid())];
	if (argc > 0)
		binaryname = argv[0];
	umain(argc, argv);
	exit();
	__builtin_unreachable();
}
