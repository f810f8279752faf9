/* SPDX-License-Identifier: MIT */
/* System calls: before there is a dataplane, to make one, and after. */
#include "ixmisuse.h"

void before_attach(void)
{
	struct ix_stat stat;

	expect("run_io", sys_run_io(0, 0), -E_INVAL);
	expect("detach", sys_dp_detach(), -E_INVAL);
	expect("stat of a CPU without a dataplane", sys_dp_stat(1, &stat), -E_INVAL);
	expect("stat of a CPU that is not there", sys_dp_stat(99, &stat), -E_INVAL);
	expect("stat of CPU -1", sys_dp_stat(-1, &stat), -E_INVAL);
	group("before attaching");
}

static int attach_with(uint32_t nic, uint32_t heap_size, uint32_t nbufs, uint32_t batch)
{
	struct ix_config c = { .nic = nic, .heap_size = heap_size, .nbufs = nbufs, .batch = batch };

	return sys_dp_attach(IX_ANY_CPU, &c);
}

void bad_attach(void)
{
	struct ix_config c = { 0 };

	expect("a config nowhere", sys_dp_attach(IX_ANY_CPU, NULL), -E_FAULT);
	expect("a config in the kernel", sys_dp_attach(IX_ANY_CPU, (void *)KERNBASE), -E_FAULT);
	expect("a config that cannot be written", sys_dp_attach(IX_ANY_CPU, (void *)UENVS), -E_FAULT);
	expect("CPU 0", sys_dp_attach(0, &c), -E_NO_CPU);
	expect("a CPU that is not there", sys_dp_attach(99, &c), -E_NO_CPU);
	expect("parked, without a dataplane", sys_dp_attach(IX_PARKED, &c), -E_INVAL);
	expect("CPU -3", sys_dp_attach(-3, &c), -E_NO_CPU);
	expect("a NIC that is not there", attach_with(99, 0, 0, 0), -E_NO_QUEUE);
	expect("NIC 2^32 - 1", attach_with(0xffffffff, 0, 0, 0), -E_NO_QUEUE);
	expect("a heap larger than its window", attach_with(0, IXLIM - IX_HEAP + 1, 0, 0), -E_INVAL);
	expect("too many buffers", attach_with(0, 0, 0x10000000, 0), -E_INVAL);
	expect("a batch of 2^31", attach_with(0, 0, 0, 0x80000000), -E_INVAL);
	group("attaching");
}

void after_attach(void)
{
	struct ix_config c = { 0 };

	expect("attach", sys_dp_attach(IX_ANY_CPU, &config), 0);
	expect("a second attach", sys_dp_attach(IX_ANY_CPU, &c), -E_INVAL);
	expect("too many calls", sys_run_io(IX_NCALLS + 1, 0), -E_INVAL);
	expect("2^32 - 1 calls", sys_run_io(0xffffffff, 0), -E_INVAL);
	expect("stat nowhere", sys_dp_stat(config.cpu, NULL), -E_FAULT);
	expect("stat in the kernel", sys_dp_stat(config.cpu, (void *)KERNBASE), -E_FAULT);
	expect("an unknown lever", sys_dp_ctl(99, IX_OWN, 0, 0), -E_INVAL);
	expect("a lever of a NIC that is not there", sys_dp_ctl(IX_CTL_BATCH, 9, 1, 0), -E_INVAL);
	expect("a batch of 0", sys_dp_ctl(IX_CTL_BATCH, IX_OWN, 0, 0), -E_INVAL);
	expect("an idle policy that is none", sys_dp_ctl(IX_CTL_IDLE, IX_OWN, IX_NIDLES, 0), -E_INVAL);
	group("after attaching");
}
