/* SPDX-License-Identifier: MIT */
/* See fake_machine.h. */
#include "fake_machine.h"

#include <sanitizer/asan_interface.h>

#include <inc/x86.h>
#include <kern/clock.h>
#include <kern/dev/mmio.h>
#include <kern/dev/pci.h>

static _Alignas(PGSIZE) uint8_t memory[FAKE_PAGES * PGSIZE];
static struct PageInfo page_info[FAKE_PAGES];
static bool used[FAKE_PAGES];
static size_t left;
static const struct fake_device *device;
static uint64_t now;

uint32_t fake_conf[64], fake_msix[64];
static volatile uint32_t *regions[2];

void fake_machine_init(void)
{
	memset(used, 0, sizeof used);
	memset(page_info, 0, sizeof page_info);
	ASAN_POISON_MEMORY_REGION(memory, sizeof memory);
	left = FAKE_PAGES;
	device = NULL;
	memset(fake_conf, 0, sizeof fake_conf);
	memset(fake_msix, 0, sizeof fake_msix);
	memset(regions, 0, sizeof regions);
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

/* The address is never used, but to tell the regions apart: mmio_read and mmio_write reach what is there. */
void *mmio_map_region(physaddr_t pa, size_t size)
{
	volatile uint32_t *at = (volatile uint32_t *)(uintptr_t)pa;

	(void)size;
	regions[regions[0] && regions[0] != at] = at;
	return (void *)at;
}

static bool is_plain(volatile uint32_t *regs) { return regions[1] && regs == regions[1]; }

uint32_t mmio_read(volatile uint32_t *regs, uint32_t offset)
{
	return is_plain(regs) ? fake_msix[offset / 4] : device->read(offset);
}

void mmio_write(volatile uint32_t *regs, uint32_t offset, uint32_t value)
{
	if (is_plain(regs))
		fake_msix[offset / 4] = value;
	else
		device->write(offset, value);
}

uint32_t pci_conf_read(const struct pci_func *f, uint32_t off)
{
	(void)f;
	return fake_conf[off / 4];
}

void pci_conf_write(const struct pci_func *f, uint32_t off, uint32_t value)
{
	(void)f;
	fake_conf[off / 4] = value;
}

void cpu_relax(void) {}

uint64_t clock_us(void)
{
	return now++;
}

void pci_func_enable(struct pci_func *f)
{
	(void)f;
}
