/* SPDX-License-Identifier: MIT */
/*
 * Version 4 of QEMU's plugin interface, which its releases from 9.2 on take. QEMU copies an instruction's bytes. And the CPU
 * that a callback is given is wrong with a single host thread: it is the one that ran when the code was translated (plugin-gen.c
 * makes it a constant). So the machine itself is asked, by the local APIC's ID register, which each CPU has as its own at one address.
 * On QEMU's PC it is the CPU's number.
 */
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 4;

/* inc/memlayout.h's MMIOBASE, where the kernel maps it before any other device; SDM volume 3, table 11-1. */
enum { ID_SHIFT = 24, LVT_SHIFT = 16, LVT_LEAST = 3, LVT_MOST = 7 };
static const uint64_t LAPIC = 0xef800000, ID = 0x20, VERSION = 0x30;

/* glib's, which QEMU is linked with. */
typedef struct {
	uint8_t *data;
	unsigned len;
} GByteArray;
GByteArray *g_byte_array_new(void);

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *bytes, size_t size);
bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *data, size_t len);

size_t plugin_code_of(const struct qemu_plugin_insn *insn, void *bytes, size_t size)
{
	return qemu_plugin_insn_data(insn, bytes, size);
}

static uint32_t read_lapic(uint64_t offset)
{
	static GByteArray *bytes;
	uint32_t value;

	if (!bytes)
		bytes = g_byte_array_new();
	if (!qemu_plugin_read_memory_vaddr(LAPIC + offset, bytes, sizeof(value)) || bytes->len < sizeof(value)) {
		fprintf(stderr, "%s: no local APIC is mapped at MMIOBASE\n", plugin_name);
		abort();
	}
	memcpy(&value, bytes->data, sizeof(value));
	return value;
}

static void check_lapic(void)
{
	uint32_t entries = read_lapic(VERSION) >> LVT_SHIFT & 0xff;

	if (entries >= LVT_LEAST && entries <= LVT_MOST)
		return;
	fprintf(stderr, "%s: what is mapped at MMIOBASE is no local APIC\n", plugin_name);
	abort();
}

unsigned plugin_cpu(unsigned cpu)
{
	static bool checked;

	(void)cpu;
	if (!checked)
		check_lapic();
	checked = true;
	return read_lapic(ID) >> ID_SHIFT;
}
