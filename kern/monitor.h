/* SPDX-License-Identifier: MIT */
/* The kernel monitor, and the table of symbols and lines behind its backtraces. */
#ifndef JOS_KERN_MONITOR_H
#define JOS_KERN_MONITOR_H

#include <inc/types.h>

struct Trapframe;

void monitor(struct Trapframe *tf); /* reads and runs commands; returns to go on; tf may be NULL */
void monitor_end_condemned(void); /* end the interrupted program if `kill` named it; then this does not return. Not after a panic */
bool monitor_steps(const struct Trapframe *tf);  /* was the program of this frame told by `step` to come back? */
int mon_backtrace(int argc, char **argv, struct Trapframe *tf);
void backtrace_from(uint32_t ebp, uint32_t eip); /* print the callers of this place */

/* Other parts of the kernel add commands by MONITOR_CMD. A command that returns < 0 leaves the monitor. */
struct monitor_cmd {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv, struct Trapframe *tf);
};
#define MONITOR_CMD(ident, cmdname, cmdhelp)                                                        \
	static int ident(int argc, char **argv, struct Trapframe *tf);                              \
	static const struct monitor_cmd monitor_cmd_##ident                                         \
	    __attribute__((used, section("monitor_cmds"), aligned(4))) = { cmdname, cmdhelp, ident }

/* Where an address of the kernel's code lies. 0, or -E_NOT_FOUND with eip_fn_name "<unknown>". */
struct Eipdebuginfo {
	const char *eip_file;
	int eip_line;
	const char *eip_fn_name;
	int eip_fn_namelen;
	uintptr_t eip_fn_addr;
};
int debuginfo_eip(uintptr_t eip, struct Eipdebuginfo *info);

#endif
