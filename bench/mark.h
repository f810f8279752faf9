/* SPDX-License-Identifier: MIT */
/*
 * Marks of a measurement, for plugins of QEMU's code generator: long no-operations that a program executes
 * (user/ixload.c). The machine does not see them; the plugin does.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

#include <string.h>

#include "qemu_plugin.h"

enum { MARK_BEGIN = 1, MARK_END = 2 };

/* 0f 1f 80, the number, then S, O, J. Calls on_mark(cpu, number as a pointer) each time such an instruction is executed. */
static inline void look_for_mark(struct qemu_plugin_insn *insn, qemu_plugin_exec_cb on_mark)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != 7 || memcmp(code, "\x0f\x1f\x80", 3) || memcmp(code + 4, "SOJ", 3))
		return;
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)code[3]);
}

#endif
