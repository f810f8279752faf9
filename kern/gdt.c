/* SPDX-License-Identifier: MIT */
/* Flat segments for kernel and user, and a task state segment for each CPU, whose only use is to name its kernel stack. */
#include <inc/x86.h>

#include <kern/cpu.h>
#include <kern/gdt.h>

#define FLAT(type_, dpl_)                                                                                    \
	{                                                                                                    \
		.sd_lim_15_0 = 0xffff, .sd_lim_19_16 = 0xf, .sd_type = (type_), .sd_s = 1, .sd_dpl = (dpl_), \
		.sd_p = 1, .sd_db = 1, .sd_g = 1                                                             \
	}

static struct Segdesc gdt[GD_TSS0 / 8 + NCPU] = {
	[GD_KT / 8] = FLAT(STA_X | STA_R, 0),
	[GD_KD / 8] = FLAT(STA_W, 0),
	[GD_UT / 8] = FLAT(STA_X | STA_R, 3),
	[GD_UD / 8] = FLAT(STA_W, 3),
};

/* The kernel uses neither fs nor gs, and saves neither. */
void gdt_load_user_segments(void)
{
	asm volatile("mov %w0, %%fs; mov %w0, %%gs" ::"r"(GD_UD | 3));
}

static void load_segments(void)
{
	struct Pseudodesc pd = { sizeof(gdt) - 1, (uint32_t)gdt };

	lgdt(&pd);
	asm volatile("mov %w0, %%ds; mov %w0, %%es; mov %w0, %%ss" ::"r"(GD_KD));
	gdt_load_user_segments();
	asm volatile("ljmp %0, $1f; 1:" ::"i"(GD_KT));
	lldt(0);
}

void gdt_init_percpu(int cpu)
{
	struct Taskstate *ts = &cpus[cpu].cpu_ts;
	uint32_t base = (uint32_t)ts;

	ts->ts_esp0 = KSTACKTOP_OF(cpu);
	ts->ts_ss0 = GD_KD;
	ts->ts_iomb = sizeof(*ts); /* no I/O bitmap: ports are by IOPL only */
	gdt[GD_TSS0 / 8 + cpu] = (struct Segdesc){
		.sd_lim_15_0 = sizeof(*ts) - 1,
		.sd_base_15_0 = base & 0xffff,
		.sd_base_23_16 = base >> 16 & 0xff,
		.sd_base_31_24 = base >> 24,
		.sd_type = STS_T32A,
		.sd_p = 1,
	};
	load_segments();
	ltr(GD_TSS0 + 8 * cpu);
}
