/* SPDX-License-Identifier: MIT */
/*
 * How often each CPU of the guest executed each block of its code, in each window (plugin.h). A window's blocks are lines of
 * the output:
 *
 *	block ADDRESS INSTRUCTIONS BYTES-IN-HEX COUNT-OF-CPU-0 COUNT-OF-CPU-1 ...
 *
 * then `end`. The bytes tell programs apart that are linked at the same addresses. A block that is left in its middle,
 * by a fault, counts as a whole.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

enum { CPUS = 8 };

struct block {
	struct block *next;
	uint64_t address;
	uint64_t count[CPUS];
	size_t instructions, len;
	uint8_t bytes[];
};

const char plugin_name[] = "counter";

static struct block *blocks;

static void on_block(unsigned cpu, void *data)
{
	struct block *b = data;

	if (!plugin_in_window)
		return;
	cpu = plugin_cpu(cpu);
	if (cpu < CPUS)
		b->count[cpu]++;
}

static void print(const struct block *b)
{
	fprintf(plugin_out, "block %08" PRIx64 " %zu ", b->address, b->instructions);
	for (size_t i = 0; i < b->len; i++)
		fprintf(plugin_out, "%02x", b->bytes[i]);
	for (int cpu = 0; cpu < CPUS; cpu++)
		fprintf(plugin_out, " %" PRIu64, b->count[cpu]);
	fputc('\n', plugin_out);
}

void plugin_end_window(void)
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
}

static size_t size_of(const struct qemu_plugin_tb *tb)
{
	size_t len = 0;

	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		len += qemu_plugin_insn_size(qemu_plugin_tb_get_insn(tb, i));
	return len;
}

void plugin_translate(struct qemu_plugin_tb *tb)
{
	size_t len = size_of(tb);
	struct block *b = calloc(1, sizeof(*b) + len);

	if (!b)
		return;
	b->address = qemu_plugin_tb_vaddr(tb);
	b->instructions = qemu_plugin_tb_n_insns(tb);
	for (size_t i = 0; i < b->instructions; i++)
		b->len += plugin_code_of(qemu_plugin_tb_get_insn(tb, i), b->bytes + b->len, len - b->len);
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, b);
}
