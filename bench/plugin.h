/* SPDX-License-Identifier: MIT */
/*
 * What the plugins for QEMU's code generator have in common: an output file (plugin.so,out=FILE), and windows. A window begins and
 * ends with a mark, a long no-operation that a program of the guest executes (user/ixload.c). The machine does not see them; a
 * plugin does.
 *
 * All are meant for one host thread (-icount): nothing is locked.
 */
#ifndef BENCH_PLUGIN_H
#define BENCH_PLUGIN_H

#include <stdio.h>

#include "qemu_plugin.h"

/* Each plugin's own: look at a block of code before it runs for the first time, and write what a window saw to plugin_out. */
extern const char plugin_name[];
void plugin_translate(struct qemu_plugin_tb *tb);
void plugin_end_window(void);

/* plugin.c */
extern bool plugin_in_window;
extern FILE *plugin_out;

/*
 * What differs between versions of QEMU's interface: plugin_v1.c, plugin_v4.c. plugin_code_of copies an instruction's bytes, at most
 * `size`; how many. plugin_cpu is the CPU that runs, in a callback in a window that was given `cpu`.
 */
size_t plugin_code_of(const struct qemu_plugin_insn *insn, void *bytes, size_t size);
unsigned plugin_cpu(unsigned cpu);

#endif
