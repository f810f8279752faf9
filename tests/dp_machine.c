/* SPDX-License-Identifier: MIT */
/* See dp_machine.h. */
#include "dp_machine.h"

#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <sys/mman.h>

#include <kern/bootarg.h>
#include <kern/clock.h>
#include <kern/env.h>
#include <kern/dev/lapic.h>
#include <kern/sched.h>
#include <kern/sleep.h>
#include <kern/spinlock.h>
#include <kern/trap.h>

enum { NPAGES = MACHINE_BYTES / PGSIZE, SUPER_PAGES = PTSIZE / PGSIZE, PHYS_BASE = 0x400000 };

static uint8_t *const memory = (uint8_t *)0x20000000;
static struct PageInfo page_info[NPAGES];
static bool used[NPAGES];
static uint16_t loans[NPAGES];
static bool waits[NPAGES];   /* freed, but lent */
static uint32_t lowest_free; /* no page below it is free */

struct Env machine_thread[MACHINE_THREADS];
int machine_cpu;
uint64_t machine_us;
size_t machine_pages_left;
size_t machine_slab_most;
bool machine_shows_console;
uint32_t machine_naps, machine_locks;
bool (*machine_nic_interrupts)(void);
static const char *arg_key, *arg_value;

/* ---- Physical memory: single pages from below, superpages from above ---- */

static void page_take(uint32_t i)
{
	used[i] = true;
	page_info[i] = (struct PageInfo){ 0 };
	ASAN_UNPOISON_MEMORY_REGION(memory + (size_t)i * PGSIZE, PGSIZE);
}

static void page_drop(uint32_t i)
{
	assert_true(used[i] && page_info[i].pp_ref == 0);
	used[i] = false;
	ASAN_POISON_MEMORY_REGION(memory + (size_t)i * PGSIZE, PGSIZE);
	lowest_free = MIN(lowest_free, i);
}

struct PageInfo *page_alloc(int flags)
{
	while (lowest_free < NPAGES && used[lowest_free])
		lowest_free++;
	if (lowest_free == NPAGES || !machine_pages_left)
		return NULL;
	uint32_t i = lowest_free;
	machine_pages_left--;
	page_take(i);
	memset(memory + (size_t)i * PGSIZE, flags & ALLOC_ZERO ? 0 : 0xA5, PGSIZE);
	return &page_info[i];
}

void page_free(struct PageInfo *pp)
{
	if (loans[pp - page_info]) {
		waits[pp - page_info] = true;
		return;
	}
	machine_pages_left++;
	page_drop(pp - page_info);
}

/* ---- Loans: a page that is freed while lent waits ---- */

bool page_lend(struct PageInfo *pp)
{
	if (loans[pp - page_info] == UINT16_MAX)
		return false;
	loans[pp - page_info]++;
	return true;
}

void page_unlend(struct PageInfo *pp)
{
	assert_true(loans[pp - page_info] > 0);
	loans[pp - page_info]--;
}

size_t page_nlent_free(void)
{
	size_t n = 0;

	for (uint32_t i = 0; i < NPAGES; i++)
		n += waits[i];
	return n;
}

void page_reclaim_lent(void)
{
	for (uint32_t i = 0; i < NPAGES; i++) {
		if (waits[i] && !loans[i]) {
			waits[i] = false;
			page_free(&page_info[i]);
		}
	}
}

void page_decref(struct PageInfo *pp)
{
	assert_true(pp->pp_ref > 0);
	if (--pp->pp_ref == 0)
		page_free(pp);
}

static bool super_is_free(uint32_t first)
{
	for (uint32_t i = first; i < first + SUPER_PAGES; i++) {
		if (used[i])
			return false;
	}
	return true;
}

struct PageInfo *superpage_alloc(void)
{
	for (int first = NPAGES - SUPER_PAGES; first >= 0; first -= SUPER_PAGES) {
		if (machine_pages_left < SUPER_PAGES || !super_is_free(first))
			continue;
		for (uint32_t i = 0; i < SUPER_PAGES; i++)
			page_take(first + i);
		machine_pages_left -= SUPER_PAGES;
		return &page_info[first];
	}
	return NULL;
}

void superpage_free(struct PageInfo *first)
{
	machine_pages_left += SUPER_PAGES;
	for (uint32_t i = 0; i < SUPER_PAGES; i++)
		page_drop(first - page_info + i);
}

size_t page_nfree(void) { return machine_pages_left; }

size_t machine_pages_used(void)
{
	size_t n = 0;

	for (uint32_t i = 0; i < NPAGES; i++)
		n += used[i];
	return n;
}

void *KADDR(physaddr_t pa)
{
	assert_true(pa >= PHYS_BASE && pa - PHYS_BASE < MACHINE_BYTES);
	return memory + (pa - PHYS_BASE);
}

physaddr_t PADDR(const void *kva)
{
	const uint8_t *p = kva;

	assert_true(p >= memory && p < memory + MACHINE_BYTES);
	return p - memory + PHYS_BASE;
}

physaddr_t page2pa(const struct PageInfo *pp) { return PHYS_BASE + (pp - page_info) * PGSIZE; }
struct PageInfo *pa2page(physaddr_t pa) { return &page_info[((uint8_t *)KADDR(pa) - memory) / PGSIZE]; }
void *page2kva(const struct PageInfo *pp) { return KADDR(page2pa(pp)); }

/* ---- Page tables: the threads share the first one's. The other directories are but names. ---- */

static pde_t directories[MACHINE_THREADS];

static int thread_of(const pde_t *pgdir)
{
	int i = 0;

	while (i < MACHINE_THREADS && machine_thread[i].env_pgdir != pgdir)
		i++;
	assert_true(i < MACHINE_THREADS);
	return i;
}

pte_t *pgdir_walk(pde_t *pgdir, const void *va, int create)
{
	pde_t *pde = &machine_env.env_pgdir[PDX(va)];

	thread_of(pgdir);

	if (!(*pde & PTE_P)) {
		struct PageInfo *table = create ? page_alloc(ALLOC_ZERO) : NULL;
		if (!table)
			return NULL;
		table->pp_ref++;
		*pde = page2pa(table) | PTE_P | PTE_W | PTE_U;
	}
	return (pte_t *)KADDR(PTE_ADDR(*pde)) + PTX(va);
}

int page_insert(pde_t *pgdir, struct PageInfo *pp, void *va, int perm)
{
	pte_t *pte = pgdir_walk(pgdir, va, 1);

	if (!pte)
		return -E_NO_MEM;
	pp->pp_ref++;
	page_remove(pgdir, va);
	*pte = page2pa(pp) | perm | PTE_P;
	return 0;
}

void page_remove(pde_t *pgdir, void *va)
{
	pte_t *pte = pgdir_walk(pgdir, va, 0);

	if (!pte || !(*pte & PTE_P))
		return;
	page_decref(pa2page(PTE_ADDR(*pte)));
	*pte = 0;
}

void pgdir_clear(pde_t *pgdir, uintptr_t from, uintptr_t to)
{
	for (uint32_t va = from; va < to; va += PTSIZE) {
		pde_t *pde = &machine_env.env_pgdir[PDX(va)];
		if (!(*pde & PTE_P))
			continue;
		for (uint32_t off = 0; off < PTSIZE; off += PGSIZE)
			page_remove(pgdir, (void *)(uintptr_t)(va + off));
		struct PageInfo *table = pa2page(PTE_ADDR(*pde));
		*pde = 0;
		page_decref(table);
	}
}

int machine_user_flags(uint32_t va)
{
	pte_t *pte = pgdir_walk(machine_env.env_pgdir, (void *)(uintptr_t)va, 0);

	return pte && (*pte & PTE_P) ? PTE_FLAGS(*pte) : 0;
}

void *machine_user(uint32_t va)
{
	pte_t *pte = pgdir_walk(machine_env.env_pgdir, (void *)(uintptr_t)va, 0);

	return pte && (*pte & PTE_P) ? (char *)KADDR(PTE_ADDR(*pte)) + PGOFF(va) : NULL;
}

void machine_map(uint32_t va, uint32_t npages, int perm)
{
	for (uint32_t i = 0; i < npages; i++) {
		struct PageInfo *pp = page_alloc(ALLOC_ZERO);
		assert_non_null(pp);
		assert_int_equal(page_insert(machine_env.env_pgdir, pp, (void *)(uintptr_t)(va + i * PGSIZE), perm), 0);
	}
}

void machine_unmap(uint32_t va) { page_remove(machine_env.env_pgdir, (void *)(uintptr_t)va); }

int user_mem_check(struct Env *env, const void *va, size_t len, int perm)
{
	uint32_t at = (uintptr_t)va, end = at + len;

	(void)env;
	for (at = at / PGSIZE * PGSIZE; at < end; at += PGSIZE) {
		int want = perm | PTE_P | PTE_U;
		if ((machine_user_flags(at) & want) != want)
			return -E_FAULT;
	}
	return 0;
}

static int copy(uint32_t va, char *bytes, size_t len, int perm)
{
	if (user_mem_check(&machine_env, (void *)(uintptr_t)va, len, perm) < 0)
		return -E_FAULT;
	for (size_t i = 0; i < len; i++) {
		char *theirs = machine_user(va + i);
		*(perm & PTE_W ? theirs : &bytes[i]) = perm & PTE_W ? bytes[i] : *theirs;
	}
	return 0;
}

int copy_from_user(struct Env *env, void *dst, const void *va, size_t len)
{
	(void)env;
	return copy((uintptr_t)va, dst, len, 0);
}

int copy_to_user(struct Env *env, void *va, const void *src, size_t len)
{
	(void)env;
	return copy((uintptr_t)va, (void *)src, len, PTE_W);
}

/*
 * ---- lwIP's globals. Makefrag puts them in two sections of their own. What a page directory maps there lies in the
 * sections while that directory is loaded, and in its window else. ----
 */

extern char __start_lwip_data[], __stop_lwip_data[], __start_lwip_bss[], __stop_lwip_bss[];

static struct window {
	bool installed;
	char *data, *bss;
} windows[MACHINE_THREADS];
static char *image; /* what initialised variables begin with */
static int seen;    /* whose window is in the sections */

static size_t data_size(void) { return __stop_lwip_data - __start_lwip_data; }
static size_t bss_size(void) { return __stop_lwip_bss - __start_lwip_bss; }

static void may_touch_window(bool may)
{
	if (may) {
		ASAN_UNPOISON_MEMORY_REGION(__start_lwip_data, data_size());
		ASAN_UNPOISON_MEMORY_REGION(__start_lwip_bss, bss_size());
	} else {
		ASAN_POISON_MEMORY_REGION(__start_lwip_data, data_size());
		ASAN_POISON_MEMORY_REGION(__start_lwip_bss, bss_size());
	}
}

static void put_window_aside(void)
{
	struct window *w = &windows[seen];

	if (!w->installed)
		return;
	memcpy(w->data, __start_lwip_data, data_size());
	memcpy(w->bss, __start_lwip_bss, bss_size());
}

static void see_window(int thread)
{
	struct window *w = &windows[thread];

	seen = thread;
	may_touch_window(w->installed);
	if (!w->installed)
		return;
	memcpy(__start_lwip_data, w->data, data_size());
	memcpy(__start_lwip_bss, w->bss, bss_size());
}

int window_install(struct dp *dp)
{
	struct window *w = &windows[thread_of(dp->env->env_pgdir)];

	if (!w->data) {
		w->data = malloc(data_size());
		w->bss = malloc(bss_size());
	}
	memcpy(w->data, image, data_size());
	memset(w->bss, 0, bss_size());
	w->installed = true;
	if (w == &windows[seen])
		see_window(seen);
	return 0;
}

void window_remove(struct dp *dp)
{
	int thread = thread_of(dp->env->env_pgdir);

	windows[thread].installed = false;
	if (thread == seen)
		see_window(thread);
}

static void windows_init(void)
{
	may_touch_window(true);
	if (!image) {
		image = malloc(data_size());
		memcpy(image, __start_lwip_data, data_size());
	}
	for (int i = 0; i < MACHINE_THREADS; i++)
		windows[i].installed = false;
	see_window(0);
}

/* ---- The slab's objects (the linker sends calls from other files here) ---- */

static uint16_t object_size[MACHINE_BYTES / 16]; /* rounded up as the slab does it */

static uint16_t *size_of(const void *object) { return &object_size[((uint8_t *)object - memory) / 16]; }

void *__real_slab_alloc(struct slab *s, size_t size);
void __real_slab_free(void *object);
void *__wrap_slab_alloc(struct slab *s, size_t size);
void __wrap_slab_free(void *object);

void *__wrap_slab_alloc(struct slab *s, size_t size)
{
	uint32_t before = s->bytes;
	void *object = size <= machine_slab_most ? __real_slab_alloc(s, size) : NULL;

	if (!object)
		return NULL;
	*size_of(object) = s->bytes - before;
	ASAN_UNPOISON_MEMORY_REGION(object, s->bytes - before);
	memset(object, 0xCD, size); /* nobody may count on zeroes */
	return object;
}

/* The first word is the slab's chain of free objects. The last object's page is anybody's. */
void __wrap_slab_free(void *object)
{
	char *page = (char *)((uintptr_t)object & ~(uintptr_t)(PGSIZE - 1));
	struct slab *s = ((struct slab_page *)page)->slab;
	uint32_t before = s->pages;

	__real_slab_free(object);
	if (s->pages < before)
		ASAN_UNPOISON_MEMORY_REGION(page, PGSIZE);
	else
		ASAN_POISON_MEMORY_REGION((char *)object + sizeof(void *), *size_of(object) - sizeof(void *));
}

/* ---- CPUs, clock, console ---- */

struct CpuInfo cpus[NCPU];
int ncpu;
struct spinlock kernel_lock;

int cpunum(void) { return machine_cpu; }
void mail_poll(void) { thiscpu->cpu_mail &= ~MAIL_TLB; }

struct Env *env_leader(const struct Env *e)
{
	(void)e;
	return &machine_env;
}

bool env_shares_space(const struct Env *a, const struct Env *b) { return a && b; } /* all threads here are one program's */

void load_pgdir(pde_t *pgdir)
{
	int thread = thread_of(pgdir);

	thiscpu->cpu_pgdir = pgdir;
	if (thread == seen)
		return;
	put_window_aside();
	see_window(thread);
}

void machine_run_on(int cpu, int thread)
{
	machine_cpu = cpu;
	load_pgdir(machine_thread[thread].env_pgdir);
}

/* A thread that is stopped stays where it is until it is made ready again. */
static jmp_buf stops;

void sleep_watch(void) { }

void sched_ready(struct Env *e) { e->env_status = ENV_RUNNING; }

void sched_block(int why)
{
	struct Env *e = &machine_thread[seen];

	e->env_status = ENV_NOT_RUNNABLE;
	e->env_wait = why;
	longjmp(stops, 1);
}

bool machine_parks(struct Env *e)
{
	if (setjmp(stops))
		return true;
	dp_park(e);
	return false;
}

/* The scheduler's own requests: tests do without. */
void mail_post(struct CpuInfo *cpu, uint32_t request)
{
	if (request == MAIL_DP)
		cpu->cpu_mail |= request;
}

bool mail_take(uint32_t request)
{
	bool asked = thiscpu->cpu_mail & request;

	thiscpu->cpu_mail &= ~request;
	return asked;
}

void spin_lock(struct spinlock *lk)
{
	assert_false(lk->locked);
	lk->locked = 1;
	machine_locks += lk == &kernel_lock;
}

void spin_unlock(struct spinlock *lk)
{
	assert_true(lk->locked);
	lk->locked = 0;
}

uint32_t tsc_khz = 2000000;
uint64_t clock_us(void) { return machine_us; }

/* ---- Interrupts: the timer ends a nap, and so does a NIC that may interrupt and has frames (dp_nic.c) ---- */

static uint64_t timer_due_us;
static irq_handler handler;
static void *handler_arg;

/* Devices here have no messages of their own. */
int irq_alloc(irq_handler h, void *arg)
{
	(void)h, (void)arg;
	return -E_AGAIN;
}

irq_handler irq_handler_of(int irq) { return irq == MACHINE_NIC_IRQ ? handler : NULL; }

void irq_register(int irq, irq_handler h, void *arg)
{
	assert_int_equal(irq, MACHINE_NIC_IRQ);
	handler = h;
	handler_arg = arg;
}

void ioapic_enable_pci(int irq, uint8_t apicid) { (void)irq, (void)apicid; }
void ioapic_disable(int irq) { (void)irq; }
void lapic_timer_oneshot(uint32_t us) { timer_due_us = us ? machine_us + us : 0; }

void cpu_nap(void)
{
	machine_naps++;
	if (machine_nic_interrupts && machine_nic_interrupts()) {
		machine_us += 10;
		handler(handler_arg);
	} else {
		machine_us = MAX(machine_us, timer_due_us);
	}
}

uint64_t read_tsc(void) { return machine_us * 2000 + 12345; }
void cpu_relax(void) { machine_us++; }

void machine_bootarg(const char *key, const char *value)
{
	arg_key = key;
	arg_value = value;
}

const char *bootarg(const char *key) { return arg_key && strcmp(key, arg_key) == 0 ? arg_value : NULL; }

uint32_t bootarg_u32(const char *key, uint32_t otherwise)
{
	const char *text = bootarg(key);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

int cprintf(const char *fmt, ...)
{
	va_list ap;

	if (!machine_shows_console)
		return 0;
	va_start(ap, fmt);
	int n = vprintf(fmt, ap);
	va_end(ap);
	return n;
}

/* ---- Panic ---- */

static jmp_buf panics;
static const char *wanted_panic;

bool machine_panics(const char *words, void (*act)(void *), void *arg)
{
	wanted_panic = words;
	if (setjmp(panics))
		return true;
	act(arg);
	wanted_panic = NULL;
	return false;
}

void _panic(const char *file, int line, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (wanted_panic && strstr(text, wanted_panic)) {
		wanted_panic = NULL;
		longjmp(panics, 1);
	}
	fprintf(stderr, "kernel panic at %s:%d: %s\n", file, line, text);
	abort();
}

void machine_init(int ncpus)
{
	static bool mapped;

	if (!mapped) {
		void *p = mmap(memory, MACHINE_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
		assert_ptr_equal(p, memory);
		mapped = true;
	}
	memset(used, 0, sizeof(used));
	memset(loans, 0, sizeof(loans));
	memset(waits, 0, sizeof(waits));
	memset(page_info, 0, sizeof(page_info));
	ASAN_POISON_MEMORY_REGION(memory, MACHINE_BYTES);
	lowest_free = 0;
	machine_pages_left = NPAGES;
	machine_slab_most = SIZE_MAX;
	machine_us = 1000000;
	machine_naps = 0;
	handler = NULL;
	ncpu = ncpus;
	for (int i = 0; i < NCPU; i++)
		cpus[i] = (struct CpuInfo){ .cpu_id = i, .cpu_status = i < ncpus ? CPU_STARTED : CPU_UNUSED };
	for (int i = 0; i < MACHINE_THREADS; i++)
		machine_thread[i] = (struct Env){ .env_id = 0x1000 + i, .env_status = ENV_RUNNING, .env_cpunum = i + 1,
						  .env_pgdir = &directories[i] };
	machine_env.env_pgdir = page2kva(page_alloc(ALLOC_ZERO));
	windows_init();
	machine_run_on(1, 0);
	machine_bootarg(NULL, NULL);
}
