/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU's code generator: which lines of memory the kernel touches from several CPUs, one of them writing,
 * between two marks (mark.h). This is what would travel between the caches of a real machine.
 *
 *	qemu-system-i386 -plugin sharing.so,out=FILE ...
 *
 * At each end mark, FILE gets for each such line of 64 bytes
 *
 *	line PHYSICAL-ADDRESS
 *	access CPU load|store ADDRESS-OF-THE-INSTRUCTION ADDRESS-OF-THE-DATA TIMES
 *	...
 *
 * then `end`. What programs touch is their own affair, and is not looked at; nor are devices' registers. The
 * processor's own look at page tables and descriptors is not seen. Meant for one host thread (-icount): nothing is locked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mark.h"

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

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

static struct line *lines[BUCKETS];
static bool watching;
static FILE *out;

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

	if (!watching || !physical(info, vaddr, &address))
		return;
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
	fprintf(out, "line %08" PRIx64 "\n", l->address);
	for (const struct access *a = l->accesses; a; a = a->next)
		fprintf(out, "access %u %s %08" PRIx64 " %08" PRIx64 " %" PRIu64 "\n", a->cpu, a->is_store ? "store" : "load", a->pc,
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

static void end_window(void)
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
	fprintf(out, "end\n");
	fflush(out);
}

static void on_mark(unsigned cpu, void *data)
{
	(void)cpu;
	watching = (uintptr_t)data == MARK_BEGIN;
	if (!watching)
		end_window();
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t pc = qemu_plugin_insn_vaddr(insn);
		look_for_mark(insn, on_mark);
		if (pc >= KERNEL)
			qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
							 (void *)(uintptr_t)pc);
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	}
	if (!out) {
		fprintf(stderr, "sharing: out=FILE is missing, or cannot be written\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
