/* SPDX-License-Identifier: MIT */
/* Page-fault handlers in C: the kernel runs pfentry.S on the exception stack; that calls _pgfault_handler. */
#include <lib/private.h>

extern void _pgfault_upcall(void); /* pfentry.S */

void (*_pgfault_handler)(struct UTrapframe *utf);

/*
 * One handler for all threads; an upcall and a stack for each. NULL takes only the caller's away, since others may be
 * about to call the handler.
 *
 * The upcall is set each time and not just the first: an environment made by a plain exofork inherits this
 * file's variables, but no upcall and perhaps no stack.
 */
void set_pgfault_handler(void (*handler)(struct UTrapframe *utf))
{
	int r = 0;

	if (handler && !is_mapped(EXCEPTION_STACK))
		r = sys_page_alloc(0, EXCEPTION_STACK, PTE_P | PTE_U | PTE_W);
	if (r < 0)
		panic("no exception stack: %e", r);
	if (handler)
		_pgfault_handler = handler;
	r = sys_env_set_pgfault_upcall(0, handler ? _pgfault_upcall : NULL);
	if (r < 0)
		panic("no page-fault upcall: %e", r);
}
