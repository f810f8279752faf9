# SPDX-License-Identifier: MIT
# void thread_switch(uint32_t *save_esp, uint32_t load_esp): leave one stack, go on on another where that one left it.
# What a function must preserve is kept on the stack, above the address to go on at.
	.text
	.globl thread_switch
thread_switch:
	movl	4(%esp), %eax
	movl	8(%esp), %edx
	pushl	%ebp
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	movl	%esp, (%eax)
	movl	%edx, %esp
	popl	%edi
	popl	%esi
	popl	%ebx
	popl	%ebp
	ret
