/* SPDX-License-Identifier: MIT */
/* Instructions that C cannot say. */
#ifndef JOS_INC_X86_H
#define JOS_INC_X86_H

#include <inc/types.h>

#define X86_INLINE_ static inline __attribute__((always_inline))

X86_INLINE_ void breakpoint(void) { asm volatile("int3"); }

/* Port input and output, one unit or `cnt` of them from or to memory. */
#define X86_PORT_(suffix, type)                                                                             \
	X86_INLINE_ type in##suffix(int port)                                                               \
	{                                                                                                   \
		type v;                                                                                     \
		asm volatile("in" #suffix " %w1, %0" : "=a"(v) : "Nd"(port));                               \
		return v;                                                                                   \
	}                                                                                                   \
	X86_INLINE_ void out##suffix(int port, type v) { asm volatile("out" #suffix " %0, %w1" ::"a"(v), "Nd"(port)); } \
	X86_INLINE_ void ins##suffix(int port, void *addr, int cnt)                                         \
	{                                                                                                   \
		asm volatile("cld; rep ins" #suffix : "+D"(addr), "+c"(cnt) : "d"(port) : "memory", "cc");  \
	}                                                                                                   \
	X86_INLINE_ void outs##suffix(int port, const void *addr, int cnt)                                  \
	{                                                                                                   \
		asm volatile("cld; rep outs" #suffix : "+S"(addr), "+c"(cnt) : "d"(port) : "memory", "cc"); \
	}
X86_PORT_(b, uint8_t)
X86_PORT_(w, uint16_t)
X86_PORT_(l, uint32_t)
#undef X86_PORT_

/* Reading and loading control registers: rcrN(), lcrN(value). */
#define X86_CONTROL_(n)                                                                          \
	X86_INLINE_ uint32_t rcr##n(void)                                                        \
	{                                                                                        \
		uint32_t v;                                                                      \
		asm volatile("mov %%cr" #n ", %0" : "=r"(v));                                    \
		return v;                                                                        \
	}                                                                                        \
	X86_INLINE_ void lcr##n(uint32_t v) { asm volatile("mov %0, %%cr" #n ::"r"(v) : "memory"); }
X86_CONTROL_(0)
X86_CONTROL_(2)
X86_CONTROL_(3)
X86_CONTROL_(4)
#undef X86_CONTROL_

X86_INLINE_ void invlpg(void *va) { asm volatile("invlpg (%0)" ::"r"(va) : "memory"); }
X86_INLINE_ void lidt(void *pd) { asm volatile("lidt (%0)" ::"r"(pd) : "memory"); }
X86_INLINE_ void lgdt(void *pd) { asm volatile("lgdt (%0)" ::"r"(pd) : "memory"); }
X86_INLINE_ void lldt(uint16_t sel) { asm volatile("lldt %0" ::"r"(sel) : "memory"); }
X86_INLINE_ void ltr(uint16_t sel) { asm volatile("ltr %0" ::"r"(sel) : "memory"); }
X86_INLINE_ void tlbflush(void) { lcr3(rcr3()); }

X86_INLINE_ uint32_t read_eflags(void)
{
	uint32_t v;
	asm volatile("pushfl; popl %0" : "=r"(v));
	return v;
}
X86_INLINE_ void write_eflags(uint32_t v) { asm volatile("pushl %0; popfl" ::"r"(v) : "memory", "cc"); }

X86_INLINE_ uint32_t read_ebp(void)
{
	uint32_t v;
	asm volatile("movl %%ebp, %0" : "=r"(v));
	return v;
}
X86_INLINE_ uint32_t read_esp(void)
{
	uint32_t v;
	asm volatile("movl %%esp, %0" : "=r"(v));
	return v;
}

/* CPUID leaf `info`; any of the result pointers may be NULL. */
X86_INLINE_ void cpuid(uint32_t info, uint32_t *eaxp, uint32_t *ebxp, uint32_t *ecxp, uint32_t *edxp)
{
	uint32_t a = info, b, c = 0, d;
	asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (eaxp)
		*eaxp = a;
	if (ebxp)
		*ebxp = b;
	if (ecxp)
		*ecxp = c;
	if (edxp)
		*edxp = d;
}

X86_INLINE_ uint64_t read_tsc(void)
{
	uint64_t v;
	asm volatile("rdtsc" : "=A"(v));
	return v;
}

X86_INLINE_ void wrmsr(uint32_t msr, uint64_t v) { asm volatile("wrmsr" ::"c"(msr), "A"(v)); }
X86_INLINE_ uint64_t rdmsr(uint32_t msr)
{
	uint64_t v;
	asm volatile("rdmsr" : "=A"(v) : "c"(msr));
	return v;
}

/* Atomically store `newval` and return what was there; a full barrier. */
X86_INLINE_ uint32_t xchg(volatile uint32_t *addr, uint32_t newval)
{
	asm volatile("xchgl %0, %1" : "+m"(*addr), "+r"(newval)::"memory");
	return newval;
}

X86_INLINE_ void cpu_relax(void) { asm volatile("pause" ::: "memory"); }
X86_INLINE_ void cli(void) { asm volatile("cli" ::: "memory"); }
X86_INLINE_ void sti(void) { asm volatile("sti" ::: "memory"); }

/* x86 keeps stores in order and loads in order: only the compiler must be held back. */
#define compiler_barrier() asm volatile("" ::: "memory")

#endif
