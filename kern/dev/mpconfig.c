/* SPDX-License-Identifier: MIT */
/*
 * Which CPUs and which IOAPIC there are, by the tables of the MultiProcessor Specification 1.4 (chapter 4),
 * which the firmware left in memory. Called once, on the CPU that booted, after mem_init. The tables are
 * checked before they are believed: signature, length, checksum, and that every entry lies inside. Without
 * good tables the machine has one CPU and its interrupt controllers are where they always are.
 *
 * Some firmware lists one CPU of each socket only, so QEMU wants `-smp N,sockets=N`.
 */
#include <inc/stdio.h>
#include <inc/string.h>
#include <inc/x86.h>
#include <kern/cpu.h>
#include <kern/dev/lapic.h>
#include <kern/pmap.h>

struct CpuInfo *bootcpu = &cpus[0];
int ncpu = 1;
physaddr_t lapic_pa = 0xFEE00000;
physaddr_t ioapic_pa = 0xFEC00000;

/* 4.1: leads to the table. */
struct mp_pointer {
	char signature[4]; /* "_MP_" */
	physaddr_t table;
	uint8_t paragraphs; /* length of this, in units of 16 bytes */
	uint8_t revision;
	uint8_t checksum;
	uint8_t default_config; /* not 0: there is no table, but one of the standard machines */
	uint8_t imcr;           /* bit 7: interrupts pass the APICs only after a switch is set */
	uint8_t reserved[3];
} __attribute__((packed));

/* 4.2: the table's head; the entries follow. */
struct mp_table {
	char signature[4]; /* "PCMP" */
	uint16_t length;
	uint8_t revision;
	uint8_t checksum;
	char names[20];
	physaddr_t oem_table;
	uint16_t oem_length;
	uint16_t nentries;
	physaddr_t lapic;
	uint16_t extended_length;
	uint8_t extended_checksum;
	uint8_t reserved;
} __attribute__((packed));

/* 4.3: entries begin with their type and have its length. */
enum { ENTRY_CPU, ENTRY_BUS, ENTRY_IOAPIC, ENTRY_INTERRUPT, ENTRY_LOCAL_INTERRUPT, NENTRYTYPES };

struct mp_cpu {
	uint8_t type, apicid, version, flags;
	uint32_t signature, features, reserved[2];
} __attribute__((packed));
enum { CPU_USABLE = 1, CPU_BOOTED = 2 };

struct mp_ioapic {
	uint8_t type, id, version, flags;
	physaddr_t address;
} __attribute__((packed));
enum { IOAPIC_USABLE = 1 };

_Static_assert(sizeof(struct mp_pointer) == 16 && sizeof(struct mp_table) == 44, "sections 4.1, 4.2");
_Static_assert(sizeof(struct mp_cpu) == 20 && sizeof(struct mp_ioapic) == 8, "section 4.3");

/* What a walk over the entries finds. */
struct found {
	int napplication;              /* CPUs beside the one that booted: all, even those beyond NCPU */
	uint8_t application[NCPU - 1]; /* their LAPIC ids */
	int boot_apicid;               /* -1: not seen */
	physaddr_t ioapic;             /* 0: not seen */
};

static bool sums_to_zero(const void *start, size_t len)
{
	const uint8_t *byte = start;
	uint8_t sum = 0;

	while (len--)
		sum += *byte++;
	return sum == 0;
}

/* The pointer lies on a 16-byte boundary somewhere in [pa, pa + len). */
static const struct mp_pointer *search(physaddr_t pa, size_t len)
{
	for (physaddr_t end = pa + len; pa + sizeof(struct mp_pointer) <= end; pa += 16) {
		const struct mp_pointer *p = KADDR(pa);
		if (memcmp(p->signature, "_MP_", 4) == 0 && p->paragraphs == 1 && sums_to_zero(p, sizeof(*p)))
			return p;
	}
	return NULL;
}

/* 4: first KB of the extended BIOS data area, or else last KB of base memory, or else the BIOS ROM. */
static const struct mp_pointer *find_pointer(void)
{
	const uint16_t *ebda_segment = KADDR(0x40E), *base_kb = KADDR(0x413);
	physaddr_t ebda = *ebda_segment << 4;
	physaddr_t base_end = *base_kb * 1024;
	const struct mp_pointer *p = NULL;

	if (ebda && ebda + 1024 <= EXTPHYSMEM)
		p = search(ebda, 1024);
	if (!p && base_end >= 1024 && base_end <= IOPHYSMEM)
		p = search(base_end - 1024, 1024);
	return p ? p : search(0xF0000, 0x10000);
}

static bool in_memory(physaddr_t pa, size_t len)
{
	return pa != 0 && PGNUM(pa) < npages && len <= npages * PGSIZE - pa;
}

static const struct mp_table *find_table(const struct mp_pointer *p)
{
	if (p->default_config || !in_memory(p->table, sizeof(struct mp_table)))
		return NULL;
	const struct mp_table *t = KADDR(p->table);
	bool good = memcmp(t->signature, "PCMP", 4) == 0 && t->length >= sizeof(*t) &&
		    in_memory(p->table, t->length) && sums_to_zero(t, t->length);
	return good ? t : NULL;
}

static void found_cpu(struct found *f, const void *entry)
{
	const struct mp_cpu *cpu = entry;

	if (!(cpu->flags & CPU_USABLE))
		return;
	if (cpu->flags & CPU_BOOTED)
		f->boot_apicid = cpu->apicid;
	else if (f->napplication++ < NCPU - 1)
		f->application[f->napplication - 1] = cpu->apicid;
}

static void found_ioapic(struct found *f, const void *entry)
{
	const struct mp_ioapic *io = entry;

	if ((io->flags & IOAPIC_USABLE) && !f->ioapic)
		f->ioapic = io->address;
}

static const struct {
	uint8_t size;
	void (*found)(struct found *f, const void *entry);
} entry_types[NENTRYTYPES] = {
	[ENTRY_CPU] = { sizeof(struct mp_cpu), found_cpu },
	[ENTRY_BUS] = { 8, NULL },
	[ENTRY_IOAPIC] = { sizeof(struct mp_ioapic), found_ioapic },
	[ENTRY_INTERRUPT] = { 8, NULL },
	[ENTRY_LOCAL_INTERRUPT] = { 8, NULL },
};

/* False when an entry is of unknown type, so that its length is unknown too, or leaves the table. */
static bool walk(const struct mp_table *t, struct found *f)
{
	const uint8_t *entry = (const uint8_t *)(t + 1), *end = (const uint8_t *)t + t->length;

	for (int i = 0; i < t->nentries; i++) {
		if (entry >= end || *entry >= NENTRYTYPES || end - entry < entry_types[*entry].size)
			return false;
		if (entry_types[*entry].found)
			entry_types[*entry].found(f, entry);
		entry += entry_types[*entry].size;
	}
	return true;
}

static void adopt(const struct mp_table *t, const struct found *f)
{
	ncpu = 1 + MIN(f->napplication, NCPU - 1);
	cpus[0].cpu_apicid = f->boot_apicid;
	for (int i = 1; i < ncpu; i++) {
		cpus[i].cpu_id = i;
		cpus[i].cpu_apicid = f->application[i - 1];
	}
	if (t->lapic)
		lapic_pa = t->lapic;
	if (f->ioapic)
		ioapic_pa = f->ioapic;
	if (1 + f->napplication > NCPU)
		cprintf("SMP: %d CPUs are ignored: at most %d are used\n", 1 + f->napplication - NCPU, NCPU);
}

/* 3.6.2.1: through ports 0x22 and 0x23, have interrupts go to the APICs, not straight to the CPU. */
static void leave_pic_mode(void)
{
	outb(0x22, 0x70);
	outb(0x23, inb(0x23) | 1);
}

void mp_init(void)
{
	const struct mp_pointer *p = find_pointer();
	const struct mp_table *t = p ? find_table(p) : NULL;
	struct found f = { .boot_apicid = -1 };

	if (t && walk(t, &f) && f.boot_apicid >= 0)
		adopt(t, &f);
	else
		cprintf("SMP: no usable MultiProcessor tables: one CPU\n");
	if (p && (p->imcr & 0x80))
		leave_pic_mode();
	cprintf("SMP: CPU %d found %d CPU(s)\n", bootcpu->cpu_id, ncpu);
}
