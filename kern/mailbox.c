/* SPDX-License-Identifier: MIT */
/*
 * What CPUs ask of each other. A request is a bit in the receiver's cpu_mail, the one line of it that others write.
 *
 * No request is overlooked: the sender sets the bit, then reads cpu_in_kernel; the receiver clears cpu_in_kernel,
 * then reads cpu_mail. Both do it with a locked instruction between, so at least one sees the other's store: either the
 * sender interrupts, or the receiver finds the bit and interrupts itself. In the kernel, spin loops and dataplane
 * cycles poll, and every other path ends in one of mail_leave_kernel() and the idle loop's look.
 */
#include <inc/trap.h>
#include <inc/x86.h>

#include <kern/cpu.h>
#include <kern/dev/lapic.h>

void mail_post(struct CpuInfo *cpu, uint32_t request)
{
	uint32_t before = __atomic_fetch_or(&cpu->cpu_mail, request, __ATOMIC_SEQ_CST);

	if (!(before & request) && !cpu->cpu_in_kernel)
		lapic_ipi(cpu->cpu_apicid, T_KICK);
}

void mail_wait(struct CpuInfo *cpu, uint32_t request)
{
	while (cpu->cpu_mail & request) {
		mail_poll();
		cpu_relax();
	}
}

bool mail_take(uint32_t request)
{
	struct CpuInfo *self = thiscpu;

	if (!(self->cpu_mail & request))
		return false;
	return __atomic_fetch_and(&self->cpu_mail, ~request, __ATOMIC_SEQ_CST) & request;
}

void mail_poll(void)
{
	struct CpuInfo *self = thiscpu;

	if (!(self->cpu_mail & MAIL_TLB))
		return;
	tlbflush(); /* before the bit is cleared: that is the answer which the sender waits for */
	__atomic_fetch_and(&self->cpu_mail, ~MAIL_TLB, __ATOMIC_SEQ_CST);
}

void mail_leave_kernel(void)
{
	struct CpuInfo *self = thiscpu;

	xchg(&self->cpu_in_kernel, 0);
	if (self->cpu_mail)
		lapic_ipi(self->cpu_apicid, T_KICK); /* arrives right after iret */
}
