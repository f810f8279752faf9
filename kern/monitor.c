/* SPDX-License-Identifier: MIT */
/*
 * The kernel monitor: reads lines, runs commands. It needs no environment, no interrupt and no memory
 * allocator, so that it works after a panic. Commands about the machine's state are in kern/moncmds.c; any
 * file may add its own.
 */
#include <inc/stdio.h>
#include <inc/string.h>
#include <inc/trap.h>

#include <kern/console.h>
#include <kern/monitor.h>
#include <kern/pmap.h>
#include <kern/trap.h>

enum { WORDS_MAX = 16, LEAVE = -1 };

extern const struct monitor_cmd __start_monitor_cmds[], __stop_monitor_cmds[];
extern char _start[], etext[], edata[], end[]; /* by the linker; _start is a physical address */

static const struct monitor_cmd *find_command(const char *name)
{
	for (const struct monitor_cmd *c = __start_monitor_cmds; c < __stop_monitor_cmds; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* Cut `line` into words, in place. How many there are; those beyond WORDS_MAX are counted, but not kept. */
static int split(char *line, char **words)
{
	bool inside = false;
	int n = 0;

	for (char *p = line; *p; p++) {
		bool blank = *p == ' ' || *p == '\t';
		if (blank)
			*p = '\0';
		else if (!inside && n++ < WORDS_MAX)
			words[n - 1] = p;
		inside = !blank;
	}
	return n;
}

static int run_line(char *line, struct Trapframe *tf)
{
	char *words[WORDS_MAX + 1] = { NULL };
	int n = split(line, words);

	if (n == 0)
		return 0;
	if (n > WORDS_MAX) {
		cprintf("A command has at most %d words\n", WORDS_MAX);
		return 0;
	}
	const struct monitor_cmd *command = find_command(words[0]);
	if (command)
		return command->run(n, words, tf);
	cprintf("Unknown command '%s'\n", words[0]);
	return 0;
}

void monitor(struct Trapframe *tf)
{
	char *line;

	cprintf("Welcome to the JOS kernel monitor!\n"
		"Type 'help' for a list of commands.\n");
	if (tf)
		print_trapframe(tf);
	do
		line = readline("K> ");
	while (!line || run_line(line, tf) >= 0);
	cons_wants_monitor(); /* Ctrl-] while we are here asks for nothing new */
	if (tf)
		monitor_end_condemned();
}

/* The command that follows `last` in the alphabet, the first one for NULL, or NULL at the end. */
static const struct monitor_cmd *next_by_name(const struct monitor_cmd *last)
{
	const struct monitor_cmd *next = NULL;

	for (const struct monitor_cmd *c = __start_monitor_cmds; c < __stop_monitor_cmds; c++)
		if ((!last || strcmp(c->name, last->name) > 0) && (!next || strcmp(c->name, next->name) < 0))
			next = c;
	return next;
}

MONITOR_CMD(help, "help", "list the commands");
static int help(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv, (void)tf;
	for (const struct monitor_cmd *c = NULL; (c = next_by_name(c)) != NULL;)
		cprintf("%-14s %s\n", c->name, c->help);
	return 0;
}

static void print_symbol(const char *name, uintptr_t va)
{
	cprintf("  %-6s %08x (virt)  %08x (phys)\n", name, va, va - KERNBASE);
}

MONITOR_CMD(kerninfo, "kerninfo", "where the kernel lies in memory");
static int kerninfo(int argc, char **argv, struct Trapframe *tf)
{
	uintptr_t entry = (uintptr_t)_start + KERNBASE;

	(void)argc, (void)argv, (void)tf;
	cprintf("Special kernel symbols:\n"
		"  _start                  %08x (phys)\n", (uintptr_t)_start);
	print_symbol("entry", entry);
	print_symbol("etext", (uintptr_t)etext);
	print_symbol("edata", (uintptr_t)edata);
	print_symbol("end", (uintptr_t)end);
	cprintf("Kernel executable memory footprint: %uKB\n", ((uintptr_t)end - entry + 1023) / 1024);
	return 0;
}

MONITOR_CMD(backtrace, "backtrace", "who called whom");
static int backtrace(int argc, char **argv, struct Trapframe *tf) { return mon_backtrace(argc, argv, tf); }

static const struct Trapframe *stepped; /* of the program that runs one instruction, or NULL */

bool monitor_steps(const struct Trapframe *tf) { return tf == stepped; }

static int leave(struct Trapframe *tf, uint32_t trap_flag)
{
	stepped = trap_flag ? tf : NULL;
	if (tf)
		tf->tf_eflags = (tf->tf_eflags & ~FL_TF) | trap_flag;
	return LEAVE;
}

MONITOR_CMD(go_on, "continue", "leave the monitor");
static int go_on(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv;
	return leave(tf, 0);
}

MONITOR_CMD(quit, "exit", "the same");
static int quit(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv;
	return leave(tf, 0);
}

MONITOR_CMD(step, "step", "run one instruction of the program that was interrupted");
static int step(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv;
	if (tf && (tf->tf_cs & 3) == 3)
		return leave(tf, FL_TF);
	cprintf("No program was interrupted\n");
	return 0;
}
