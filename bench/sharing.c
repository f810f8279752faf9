/* SPDX-License-Identifier: MIT */
/*
 * Which lines of memory the kernel touches from several CPUs, one of them writing, in each window (plugin.h). This is what
 * would travel between the caches of a real machine. For each such line of 64 bytes the output has
 *
 *	line PHYSICAL-ADDRESS
 *	access CPU load|store ADDRESS-OF-THE-INSTRUCTION ADDRESS-OF-THE-DATA TIMES
 *	...
 *
 * then `end`. What programs touch is their own affair, and is not looked at; nor are devices' registers. The
 * processor's own look at page tables and descriptors is not seen.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "plugin.h"

enum { LINE = 64, BUCKETS = 1 << 16 };

static const uint64_t KERNEL = 0xef800000, DIRECT_MAP = 0xf0000000; /* inc/memlayout.h */

struct access {
	struct access *next;
	uint64_t pc, data, times;
	unsigned cpu;
	bool is_store;
};

struct line {
	struct line *next;
	uint64_t address;        /* physical */
	uint32_t touched, wrote; /* sets of CPUs */
	struct access *accesses;
};

const char plugin_name[] = "sharing";

static struct line *lines[BUCKETS];

static void *get(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		abort();
	return p;
}

static struct line *line_of(uint64_t address)
{
	uint64_t start = address / LINE * LINE;
	struct line **bucket = &lines[address / LINE % BUCKETS], *l = *bucket;

	while (l && l->address != start)
		l = l->next;
	if (!l) {
		l = get(sizeof(*l));
		l->address = start;
		l->next = *bucket;
		*bucket = l;
	}
	return l;
}

static struct access *access_of(struct line *l, unsigned cpu, bool is_store, uint64_t pc, uint64_t data)
{
	struct access *a = l->accesses;

	while (a && (a->cpu != cpu || a->is_store != is_store || a->pc != pc || a->data != data))
		a = a->next;
	if (!a) {
		a = get(sizeof(*a));
		*a = (struct access){ .next = l->accesses, .pc = pc, .data = data, .cpu = cpu, .is_store = is_store };
		l->accesses = a;
	}
	return a;
}

/* False: a device's register. */
static bool physical(qemu_plugin_meminfo_t info, uint64_t vaddr, uint64_t *address)
{
	const struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, vaddr);

	if (!where || qemu_plugin_hwaddr_is_io(where))
		return false;
	*address = vaddr >= DIRECT_MAP ? vaddr - DIRECT_MAP : qemu_plugin_hwaddr_phys_addr(where);
	return true;
}

static void on_access(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data)
{
	uint64_t address;

	if (!plugin_in_window || !physical(info, vaddr, &address))
		return;
	cpu = plugin_cpu(cpu);
	struct line *l = line_of(address);
	bool is_store = qemu_plugin_mem_is_store(info);
	l->touched |= 1u << cpu;
	l->wrote |= is_store ? 1u << cpu : 0;
	access_of(l, cpu, is_store, (uintptr_t)data, vaddr)->times++;
}

static bool is_shared(const struct line *l)
{
	return l->wrote && (l->touched & (l->touched - 1)); /* more than one bit is set */
}

static void print(const struct line *l)
{
	fprintf(plugin_out, "line %08" PRIx64 "\n", l->address);
	for (const struct access *a = l->accesses; a; a = a->next)
		fprintf(plugin_out, "access %u %s %08" PRIx64 " %08" PRIx64 " %" PRIu64 "\n", a->cpu, a->is_store ? "store" : "load", a->pc,
			a->data, a->times);
}

static void forget(struct line *l)
{
	for (struct access *a = l->accesses, *next; a; a = next) {
		next = a->next;
		free(a);
	}
	free(l);
}

void plugin_end_window(void)
{
	for (int i = 0; i < BUCKETS; i++) {
		for (struct line *l = lines[i], *next; l; l = next) {
			next = l->next;
			if (is_shared(l))
				print(l);
			forget(l);
		}
		lines[i] = NULL;
	}
}

void plugin_translate(struct qemu_plugin_tb *tb)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t pc = qemu_plugin_insn_vaddr(insn);
		if (pc >= KERNEL)
			qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
							 (void *)(uintptr_t)pc);
	}
}
