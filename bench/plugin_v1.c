/* SPDX-License-Identifier: MIT */
/* Version 1 of QEMU's plugin interface, that of its releases up to 8.2: an instruction's bytes are QEMU's, to be looked at. */
#include <string.h>

#include "plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

size_t plugin_code_of(const struct qemu_plugin_insn *insn, void *bytes, size_t size)
{
	size_t n = qemu_plugin_insn_size(insn) < size ? qemu_plugin_insn_size(insn) : size;

	memcpy(bytes, qemu_plugin_insn_data(insn), n);
	return n;
}

unsigned plugin_cpu(unsigned cpu) { return cpu; }
