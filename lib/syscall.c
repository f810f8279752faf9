/* SPDX-License-Identifier: MIT */
/*
 * System calls, by int $0x30: number in eax; arguments in edx, ecx, ebx, edi, esi; result in eax. SYSCALL
 * makes one stub: its result's type, its name, its parameters, and the argument registers they become.
 * sys_run_io, whose cost counts, enters by sysenter where the processor has it.
 */
#include <inc/lib.h>
#include <inc/ix.h>
#include <inc/x86.h>

static inline __attribute__((always_inline)) int32_t enter_kernel(int number, const uint32_t arg[5])
{
	int32_t result;

	asm volatile("int %1"
		     : "=a"(result)
		     : "i"(T_SYSCALL), "a"(number), "d"(arg[0]), "c"(arg[1]), "b"(arg[2]), "D"(arg[3]),
		       "S"(arg[4])
		     : "memory", "cc");
	return result;
}

#define SYSCALL(type, name, params, ...)                                              \
	type sys_##name params                                                        \
	{                                                                             \
		return (type)enter_kernel(SYS_##name, (const uint32_t[5]){ __VA_ARGS__ }); \
	}
#define R(x) (uint32_t)(x)

SYSCALL(void, cputs, (const char *string, size_t len), R(string), len)
SYSCALL(int, cgetc, (void), 0)
SYSCALL(envid_t, getenvid, (void), 0)
SYSCALL(int, env_destroy, (envid_t envid), R(envid))
SYSCALL(int, page_alloc, (envid_t envid, void *va, int perm), R(envid), R(va), R(perm))
SYSCALL(int, page_map, (envid_t srcenv, void *srcva, envid_t dstenv, void *dstva, int perm),
	R(srcenv), R(srcva), R(dstenv), R(dstva), R(perm))
SYSCALL(int, page_unmap, (envid_t envid, void *va), R(envid), R(va))
SYSCALL(int, env_set_status, (envid_t envid, int status), R(envid), R(status))
SYSCALL(int, env_set_trapframe, (envid_t envid, struct Trapframe *tf), R(envid), R(tf))
SYSCALL(int, env_set_pgfault_upcall, (envid_t envid, void *upcall), R(envid), R(upcall))
SYSCALL(void, yield, (void), 0)
SYSCALL(int, ipc_try_send, (envid_t to, uint32_t value, void *page, int perm), R(to), value, R(page), R(perm))
SYSCALL(int, ipc_recv, (void *dstva), R(dstva))
SYSCALL(unsigned int, time_msec, (void), 0)
SYSCALL(int, cons_wait, (void), 0)
SYSCALL(int, env_wait, (envid_t envid), R(envid))
SYSCALL(int, bootarg, (const char *key, char *buf, size_t size), R(key), R(buf), size)
SYSCALL(int, ipc_send, (envid_t to, uint32_t value, void *page, int perm), R(to), value, R(page), R(perm))
SYSCALL(int, ipc_call, (envid_t to, uint32_t value, void *page, int perm, void *dstva), R(to), value, R(page), R(perm),
	R(dstva))
SYSCALL(int, ipc_reply, (envid_t to, uint32_t value, void *page, int perm, void *dstva), R(to), value, R(page), R(perm),
	R(dstva))
SYSCALL(int, sleep_until, (unsigned int ms), ms)
SYSCALL(int, net_mac, (uint8_t *mac), R(mac))
SYSCALL(int, net_send, (const void *frame, size_t len), R(frame), len)
SYSCALL(int, net_recv, (void *buf, size_t size), R(buf), size)
SYSCALL(int, net_send_all, (const void *page), R(page))
SYSCALL(int, net_recv_all, (void *page), R(page))

SYSCALL(envid_t, thread_create, (void (*entry)(void), uint32_t arg), R(entry), arg)
SYSCALL(int, page_own, (void *va, int perm), R(va), R(perm))

SYSCALL(int, dp_attach, (int cpu, struct ix_config *config), R(cpu), R(config))
SYSCALL(int, dp_detach, (void), 0)
SYSCALL(int, dp_stat, (int cpu, struct ix_stat *stat), R(cpu), R(stat))
SYSCALL(int, dp_ctl, (int op, int nic, uint32_t a, uint32_t b), R(op), R(nic), a, b)

/* ---- The fast entry ---- */

enum { CPUID_SEP = 1 << 11 };

static bool has_sysenter(void)
{
	static uint32_t features; /* 0: not asked yet; no processor has none */

	if (!features)
		cpuid(1, NULL, NULL, NULL, &features);
	return features & CPUID_SEP;
}

/* The kernel wants to know where to return (esi) and with which stack pointer (ebp); ecx and edx come back changed. */
static int32_t enter_fast(int number, uint32_t a, uint32_t b)
{
	int32_t result = number;

	asm volatile("pushl %%ebp\n\t"
		     "movl %%esp, %%ebp\n\t"
		     "movl $1f, %%esi\n\t"
		     "sysenter\n"
		     "1:\tpopl %%ebp"
		     : "+a"(result), "+d"(a), "+c"(b)::"esi", "memory", "cc");
	return result;
}

int sys_run_io(unsigned ncalls, uint32_t timeout_us)
{
	if (has_sysenter())
		return enter_fast(SYS_run_io, ncalls, timeout_us);
	return enter_kernel(SYS_run_io, (const uint32_t[5]){ ncalls, timeout_us });
}
