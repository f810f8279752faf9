/* SPDX-License-Identifier: MIT */
/* Code, data, stacks and fault handlers where they should not be. */
#include "badtraps.h"

#define EXCEPTION_STACK ((void *)(UXSTACKTOP - PGSIZE))

/* ---- Code, data and stacks ---- */

static void jump(uint32_t to) { asm volatile("jmp *%0" ::"r"(to)); }
static void jump_null(void) { jump(0); }
static void jump_kernel(void) { jump(KERNBASE + 0x100000); }
static void jump_last(void) { jump(-1u); }
static void jump_page_tables(void) { jump(UVPT); }
static void write_envs(void) { *(volatile uint32_t *)UENVS = 0; }
static void write_pages(void) { *(volatile uint32_t *)UPAGES = 0; }
static void write_page_table(void) { uvpt[PGNUM(&uvpt)] = 0; }
static void read_device(void) { (void)*(volatile uint32_t *)MMIOBASE; }
static void read_stack(void) { (void)*(volatile uint32_t *)(KSTACKTOP - 4); }

static void push_at(uint32_t esp) { asm volatile("movl %0, %%esp; pushl $1" ::"r"(esp)); }
static void stack_null(void) { push_at(0); }
static void stack_kernel(void) { push_at(KSTACKTOP); }
static void stack_above(void) { push_at(UENVS + 64); }

static void call_without_stack(void)
{
	asm volatile("movl %%esp, %%ebx; xorl %%esp, %%esp; int %0; movl $0xf0000000, %%esp; int %0; movl %%ebx, %%esp"
		     :: "i"(T_SYSCALL), "a"(SYS_getenvid) : "ebx", "memory");
}

/* ---- Page-fault upcalls ---- */

static void fault(void) { *(volatile uint32_t *)HOLE = 1; }

static void fault_again(struct UTrapframe *utf)
{
	USED(utf);
	fault();
}

static void endless_faults(void)
{
	set_pgfault_handler(fault_again);
	fault();
}

static void with_upcall(uint32_t upcall)
{
	set_pgfault_handler(fault_again);
	sys_env_set_pgfault_upcall(0, (void *)upcall);
	fault();
}

static void upcall_kernel(void) { with_upcall(KERNBASE + 0x100000); }
static void upcall_last(void) { with_upcall(-1u); }
static void upcall_hole(void) { with_upcall(HOLE); }

static void stack_taken_away(void)
{
	set_pgfault_handler(fault_again);
	sys_page_unmap(0, EXCEPTION_STACK);
	fault();
}

static void stack_read_only(void)
{
	set_pgfault_handler(fault_again);
	sys_page_map(0, EXCEPTION_STACK, 0, EXCEPTION_STACK, READ);
	fault();
}

static void fault_at(uint32_t esp)
{
	set_pgfault_handler(fault_again);
	asm volatile("movl %0, %%esp; movl $1, %1" ::"r"(esp), "m"(*(volatile uint32_t *)HOLE));
}

static void fault_at_stack_bottom(void) { fault_at(UXSTACKTOP - PGSIZE + 8); }
static void fault_at_stack_top(void) { fault_at(UXSTACKTOP - 1); }

/* A handler that mends the matter, for a copy that goes downwards: flags must come back as they were. */
static void map_it(struct UTrapframe *utf)
{
	if (sys_page_alloc(0, (void *)ROUNDDOWN(utf->utf_fault_va, PGSIZE), OWN) < 0)
		sys_env_destroy(0);
}

static void fault_downwards(void)
{
	static const char text[] = "downwards";
	char *to = (char *)HOLE + PGSIZE - 4;

	set_pgfault_handler(map_it);
	asm volatile("std; rep movsb; cld"
		     :: "S"(text + sizeof(text) - 1), "D"(to + sizeof(text) - 1), "c"(sizeof(text)) : "memory", "cc");
	if (strcmp(to, text) != 0)
		sys_env_destroy(0);
}

const struct act address_acts[] = {
	{ "a jump to null", jump_null, false },
	{ "a jump to the kernel", jump_kernel, false },
	{ "a jump to the last byte", jump_last, false },
	{ "a jump to page tables", jump_page_tables, false },
	{ "writing envs[]", write_envs, false },
	{ "writing pages[]", write_pages, false },
	{ "writing page tables", write_page_table, false },
	{ "reading a device", read_device, false },
	{ "reading a kernel stack", read_stack, false },
	{ "a stack at null", stack_null, false },
	{ "a stack in the kernel", stack_kernel, false },
	{ "a stack in envs[]", stack_above, false },
	{ "calls without a stack", call_without_stack, true },
	{ "endless faults", endless_faults, false },
	{ "an upcall in the kernel", upcall_kernel, false },
	{ "an upcall at the last byte", upcall_last, false },
	{ "an upcall in a hole", upcall_hole, false },
	{ "an exception stack taken away", stack_taken_away, false },
	{ "an exception stack that is read-only", stack_read_only, false },
	{ "a fault at the exception stack's bottom", fault_at_stack_bottom, false },
	{ "a fault at the exception stack's top", fault_at_stack_top, false },
	{ "a fault in a copy that goes down", fault_downwards, true },
	{ NULL, NULL, false },
};
