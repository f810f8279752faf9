/* SPDX-License-Identifier: MIT */
/* From the first C instruction to the first program. */
#include <inc/error.h>
#include <inc/stdio.h>
#include <inc/string.h>

#include <kern/binaries.h>
#include <kern/bootarg.h>
#include <kern/clock.h>
#include <kern/console.h>
#include <kern/cpu.h>
#include <kern/dev/lapic.h>
#include <kern/dev/netdev.h>
#include <kern/dev/pci.h>
#include <kern/dp/ceiling.h>
#include <kern/dp/dp.h>
#include <kern/env.h>
#include <kern/gdt.h>
#include <kern/lab6_trace.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/spinlock.h>
#include <kern/trap.h>

enum { RUN_WORDS = 16, RUN_LENGTH = 512 };

static void start_embedded(const char *name, enum EnvType type)
{
	for (int i = 0; i < nbinaries; i++) {
		if (strcmp(binaries[i].name, name) == 0) {
			env_create(binaries[i].start, binaries[i].size, type, 0, NULL);
			return;
		}
	}
	cprintf("%s: no such program in the kernel\n", name);
}

/* A program that QEMU hands over, read into memory that is free again when it is loaded. */
static bool start_handed_over(const char *name, enum EnvType type, int argc, const char *const *argv)
{
	char path[64];
	uint16_t selector;

	snprintf(path, sizeof(path), "opt/jos/bin/%s", name);
	int size = fwcfg_find(path, &selector);
	if (size < 0)
		return false;
	struct PageInfo *room = size <= PTSIZE ? superpage_alloc() : NULL;
	if (!room) {
		cprintf("%s: no memory to load %d bytes\n", name, size);
		return true;
	}
	fwcfg_read(selector, page2kva(room), size);
	env_create(page2kva(room), size, type, argc, argv);
	superpage_free(room);
	return true;
}

/* `run=name,argument,argument`: split at commas in place. */
static void start_named(const char *run)
{
	char text[RUN_LENGTH];
	const char *argv[RUN_WORDS];
	int argc = 0;

	strlcpy(text, run, sizeof(text));
	for (char *p = text; p && argc < RUN_WORDS; argc++) {
		argv[argc] = p;
		p = strchr(p, ',');
		if (p)
			*p++ = '\0';
	}
	if (!start_handed_over(argv[0], ENV_TYPE_USER, argc > 1 ? argc : 0, argv))
		start_embedded(argv[0], ENV_TYPE_USER);
}

/* Lab 6's network server, where `ns=on` asks for it; make does for programs that use sockets. */
static void start_ns(void)
{
#ifndef TEST_NO_NS
	const char *ns = bootarg("ns");

	if (ns && strcmp(ns, "on") == 0 && !start_handed_over("net_ns", ENV_TYPE_NS, 0, NULL))
		cprintf("ns=on: net_ns was not handed over\n");
#endif
}

static void start_programs(void)
{
	const char *fs = bootarg("fs"), *run = bootarg("run");

	if (!fs || strcmp(fs, "off") != 0)
		start_embedded("fs_fs", ENV_TYPE_FS);
	start_ns();
	if (run)
		start_named(run);
	else
		start_embedded("user_icode", ENV_TYPE_USER);
}

void i386_init(void)
{
	gdt_init_percpu(0);
	thiscpu->cpu_in_kernel = 1;
	thiscpu->cpu_status = CPU_STARTED;
	cons_init();
	bootarg_init();
	cprintf("JOS-IX: 6828 decimal is %o octal!\n", 6828);

	mem_init();
	env_init();
	trap_init();
	clock_init();

	mp_init();
	lapic_init();
	pic_disable();
	ioapic_init();
	cons_irq_init();
	pci_init();
	ceiling_run();
	netdev_read_arguments();
	lab6_trace_init();
	dp_init();

	lock_kernel();
	boot_aps();
	start_programs();
	sched_yield();
}
