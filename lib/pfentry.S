/* SPDX-License-Identifier: MIT */
/*
 * The page-fault upcall. The kernel has switched to the exception stack and left a struct UTrapframe on top:
 *
 *	52	(next frame, or the top of the page)
 *	48	esp at the time of the fault		U_ESP
 *	44	eflags
 *	40	eip					U_EIP
 *	 8	general registers, as popal wants them	U_REGS
 *	 4	error code
 *	 0	fault address				<- esp
 *
 * Going back takes esp, eflags, eip and all registers from here at once, though ret takes eip from the stack
 * that it switches to. So eip is stored below the interrupted stack's top: there is nothing there, or, when
 * the fault came from a handler, a word that the kernel keeps free between the frames of this same page.
 */
	.set	U_REGS, 8
	.set	U_EIP, 40
	.set	U_ESP, 48

	.text
	.globl	_pgfault_upcall
_pgfault_upcall:
	cld					/* the interrupted code may have been copying downwards */
	movl	%esp, %ebx
	pushl	%ebx
	call	*_pgfault_handler

	movl	U_ESP(%ebx), %edi
	movl	U_EIP(%ebx), %eax
	movl	%eax, -4(%edi)
	leal	-4(%edi), %edi
	movl	%edi, U_ESP(%ebx)

	leal	U_REGS(%ebx), %esp
	popal
	addl	$4, %esp			/* past eip */
	popfl					/* nothing after this changes the flags */
	popl	%esp
	ret
