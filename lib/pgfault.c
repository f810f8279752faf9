/* SPDX-License-Identifier: MIT */
/* Page-fault handlers in C: the kernel runs pfentry.S on the exception stack; that calls _pgfault_handler. */
#include <inc/lib.h>
#include <lib/pagewalk.h>

extern void _pgfault_upcall(void); /* pfentry.S */

void (*_pgfault_handler)(struct UTrapframe *utf);

/*
 * The upcall is set each time and not just the first: an environment made by a plain exofork inherits this
 * file's variables, but no upcall and perhaps no stack.
 */
void set_pgfault_handler(void (*handler)(struct UTrapframe *utf))
{
	void *stack = (void *)(UXSTACKTOP - PGSIZE);
	int r = 0;

	if (handler && !is_mapped(stack))
		r = sys_page_alloc(0, stack, PTE_P | PTE_U | PTE_W);
	if (r < 0)
		panic("no exception stack: %e", r);
	_pgfault_handler = handler;
	r = sys_env_set_pgfault_upcall(0, handler ? _pgfault_upcall : NULL);
	if (r < 0)
		panic("no page-fault upcall: %e", r);
}
