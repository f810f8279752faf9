/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU's code generator: how often each CPU of the guest executed each block of its code, between two
 * marks (mark.h).
 *
 *	qemu-system-i386 -plugin counter.so,out=FILE ...
 *
 * At each end mark a window's blocks are appended to FILE, one a line:
 *
 *	block ADDRESS INSTRUCTIONS BYTES-IN-HEX COUNT-OF-CPU-0 COUNT-OF-CPU-1 ...
 *
 * then `end`. The bytes tell programs apart that are linked at the same addresses. A block that is left in its middle,
 * by a fault, counts as a whole. Meant for one host thread (-icount): nothing is locked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

enum { CPUS = 8 };

struct block {
	struct block *next;
	uint64_t address;
	uint64_t count[CPUS];
	size_t instructions, len;
	uint8_t bytes[];
};

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

static struct block *blocks;
static bool counting;
static FILE *out;

static void on_block(unsigned cpu, void *data)
{
	struct block *b = data;

	if (counting && cpu < CPUS)
		b->count[cpu]++;
}

static void print(const struct block *b)
{
	fprintf(out, "block %08" PRIx64 " %zu ", b->address, b->instructions);
	for (size_t i = 0; i < b->len; i++)
		fprintf(out, "%02x", b->bytes[i]);
	for (int cpu = 0; cpu < CPUS; cpu++)
		fprintf(out, " %" PRIu64, b->count[cpu]);
	fputc('\n', out);
}

static void end_window(void)
{
	for (struct block *b = blocks; b; b = b->next) {
		for (int cpu = 0; cpu < CPUS; cpu++) {
			if (b->count[cpu]) {
				print(b);
				break;
			}
		}
		memset(b->count, 0, sizeof(b->count));
	}
	fprintf(out, "end\n");
	fflush(out);
}

static void on_mark(unsigned cpu, void *data)
{
	(void)cpu;
	counting = (uintptr_t)data == MARK_BEGIN;
	if (!counting)
		end_window();
}

static size_t code_of(struct qemu_plugin_tb *tb, uint8_t *bytes)
{
	size_t len = 0;

	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		size_t size = qemu_plugin_insn_size(insn);
		if (bytes)
			memcpy(bytes + len, qemu_plugin_insn_data(insn), size);
		len += size;
	}
	return len;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t len = code_of(tb, NULL);
	struct block *b = calloc(1, sizeof(*b) + len);

	(void)id;
	if (!b)
		return;
	b->address = qemu_plugin_tb_vaddr(tb);
	b->instructions = qemu_plugin_tb_n_insns(tb);
	b->len = code_of(tb, b->bytes);
	b->next = blocks;
	blocks = b;
	for (size_t i = 0; i < b->instructions; i++)
		look_for_mark(qemu_plugin_tb_get_insn(tb, i), on_mark);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, b);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	}
	if (!out) {
		fprintf(stderr, "counter: out=FILE is missing, or cannot be written\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
