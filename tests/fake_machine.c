/* SPDX-License-Identifier: MIT */
/* See fake_machine.h. */
#include "fake_machine.h"

#include <sanitizer/asan_interface.h>

#include <kern/clock.h>
#include <kern/dev/mmio.h>
#include <kern/dev/pci.h>

int cprintf(const char *fmt, ...);

static _Alignas(PGSIZE) uint8_t memory[FAKE_PAGES * PGSIZE];
static struct PageInfo page_info[FAKE_PAGES];
static bool used[FAKE_PAGES];
static size_t left;
static const struct fake_device *device;
static uint64_t now;

void fake_machine_init(void)
{
	memset(used, 0, sizeof used);
	memset(page_info, 0, sizeof page_info);
	ASAN_POISON_MEMORY_REGION(memory, sizeof memory);
	left = FAKE_PAGES;
	device = NULL;
}

size_t fake_pages_used(void)
{
	size_t n = 0;

	for (int i = 0; i < FAKE_PAGES; i++)
		n += used[i];
	return n;
}

void fake_pages_left(size_t n)
{
	left = n;
}

struct PageInfo *page_alloc(int flags)
{
	for (int i = 0; i < FAKE_PAGES && left > 0; i++) {
		if (used[i])
			continue;
		used[i] = true;
		left--;
		ASAN_UNPOISON_MEMORY_REGION(memory + i * PGSIZE, PGSIZE);
		memset(memory + i * PGSIZE, flags & ALLOC_ZERO ? 0 : 0xA5, PGSIZE);
		return &page_info[i];
	}
	return NULL;
}

void page_free(struct PageInfo *pp)
{
	size_t i = pp - page_info;

	assert_true(i < FAKE_PAGES && used[i] && pp->pp_ref == 0);
	used[i] = false;
	left++;
	ASAN_POISON_MEMORY_REGION(memory + i * PGSIZE, PGSIZE);
}

void *KADDR(physaddr_t pa)
{
	assert_true(pa >= FAKE_BASE && pa < FAKE_BASE + sizeof memory);
	return memory + (pa - FAKE_BASE);
}

physaddr_t PADDR(const void *kva)
{
	const uint8_t *p = kva;

	assert_true(p >= memory && p < memory + sizeof memory);
	return p - memory + FAKE_BASE;
}

physaddr_t page2pa(const struct PageInfo *pp)
{
	return FAKE_BASE + (pp - page_info) * PGSIZE;
}

struct PageInfo *pa2page(physaddr_t pa)
{
	return &page_info[((uint8_t *)KADDR(pa) - memory) / PGSIZE];
}

void *page2kva(const struct PageInfo *pp)
{
	return KADDR(page2pa(pp));
}

void fake_device_set(const struct fake_device *dev)
{
	device = dev;
}

/* The address is never used: registers are reached through mmio_read and mmio_write. */
void *mmio_map_region(physaddr_t pa, size_t size)
{
	(void)size;
	return (void *)(uintptr_t)pa;
}

uint32_t mmio_read(volatile uint32_t *regs, uint32_t offset)
{
	(void)regs;
	return device->read(offset);
}

void mmio_write(volatile uint32_t *regs, uint32_t offset, uint32_t value)
{
	(void)regs;
	device->write(offset, value);
}

uint64_t clock_us(void)
{
	return now++;
}

void pci_func_enable(struct pci_func *f)
{
	(void)f;
}

int cprintf(const char *fmt, ...)
{
	(void)fmt;
	return 0;
}
