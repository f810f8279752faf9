/* SPDX-License-Identifier: MIT */
/* A plugin's beginning, and its windows: plugin.h. */
#include <string.h>

#include "plugin.h"

enum { MARK_BEGIN = 1, MARK_SIZE = 7 };

bool plugin_in_window;
FILE *plugin_out;

static void on_mark(unsigned cpu, void *data)
{
	(void)cpu;
	plugin_in_window = (uintptr_t)data == MARK_BEGIN;
	if (plugin_in_window)
		return;
	plugin_end_window();
	fprintf(plugin_out, "end\n");
	fflush(plugin_out);
}

/* A mark is 0f 1f 80, its number, then S, O, J. */
static void look_for_mark(struct qemu_plugin_insn *insn)
{
	uint8_t code[MARK_SIZE];

	if (qemu_plugin_insn_size(insn) != MARK_SIZE || plugin_code_of(insn, code, MARK_SIZE) != MARK_SIZE)
		return;
	if (!memcmp(code, "\x0f\x1f\x80", 3) && !memcmp(code + 4, "SOJ", 3))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)code[3]);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		look_for_mark(qemu_plugin_tb_get_insn(tb, i));
	plugin_translate(tb);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			plugin_out = fopen(argv[i] + 4, "w");
	}
	if (!plugin_out) {
		fprintf(stderr, "%s: out=FILE is missing, or cannot be written\n", plugin_name);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
