/* SPDX-License-Identifier: MIT */
/*
 * QEMU's firmware configuration device (QEMU docs/specs/fw_cfg): named files that QEMU hands to the guest.
 *
 * A selector chooses a file, which is then read from its beginning: by DMA into the direct map, or byte by
 * byte through a port where the device has no DMA or the destination lies elsewhere. At boot, or with the big
 * lock.
 */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/pmap.h>

enum { PORT_SELECTOR = 0x510, PORT_DATA = 0x511, PORT_DMA_HIGH = 0x514, PORT_DMA_LOW = 0x518 };
enum { ITEM_SIGNATURE = 0x00, ITEM_FEATURES = 0x01, ITEM_DIRECTORY = 0x19 };
enum { FEATURE_DMA = 0x02 };
enum { DMA_ERROR = 0x01, DMA_READ = 0x02, DMA_SELECT = 0x08 };

/* All numbers of the device's structures are big-endian. */
#define BE16(x) __builtin_bswap16(x)
#define BE32(x) __builtin_bswap32(x)

struct dma_request {
	volatile uint32_t control; /* becomes 0 when done */
	uint32_t length;
	uint32_t address_high, address_low;
};

struct directory_entry {
	uint32_t size;
	uint16_t selector;
	uint16_t reserved;
	char name[56];
};
_Static_assert(sizeof(struct directory_entry) == 64, "the device's layout");

static void select_item(uint16_t item) { outw(PORT_SELECTOR, item); }

/* What the device can do; 0 where there is no such device. */
static uint32_t features(void)
{
	char signature[4];
	uint32_t bits;

	select_item(ITEM_SIGNATURE);
	insb(PORT_DATA, signature, sizeof(signature));
	if (memcmp(signature, "QEMU", sizeof(signature)) != 0)
		return 0;
	select_item(ITEM_FEATURES);
	insb(PORT_DATA, &bits, sizeof(bits)); /* the one item in little-endian order */
	return bits;
}

static bool read_by_dma(uint16_t item, void *dst, size_t size)
{
	static struct dma_request request; /* in the kernel's image: its physical address is known */

	if (!(features() & FEATURE_DMA) || (uintptr_t)dst < KERNBASE)
		return false;
	request = (struct dma_request){
		.control = BE32((uint32_t)item << 16 | DMA_SELECT | DMA_READ),
		.length = BE32(size),
		.address_low = BE32(PADDR(dst)),
	};
	compiler_barrier();
	outl(PORT_DMA_HIGH, 0);
	outl(PORT_DMA_LOW, BE32(PADDR(&request))); /* starts it */
	while (request.control & ~BE32(DMA_ERROR))
		cpu_relax();
	compiler_barrier();
	return request.control == 0;
}

void fwcfg_read(uint16_t selector, void *dst, size_t size)
{
	if (read_by_dma(selector, dst, size))
		return;
	select_item(selector);
	insb(PORT_DATA, dst, size);
}

int fwcfg_find(const char *name, uint16_t *selector)
{
	struct directory_entry entry;
	uint32_t count;

	if (!features())
		return -E_NOT_FOUND;
	select_item(ITEM_DIRECTORY);
	insb(PORT_DATA, &count, sizeof(count));
	for (uint32_t left = BE32(count); left > 0; left--) {
		insb(PORT_DATA, &entry, sizeof(entry));
		if (strncmp(entry.name, name, sizeof(entry.name)) == 0) {
			*selector = BE16(entry.selector);
			return BE32(entry.size);
		}
	}
	return -E_NOT_FOUND;
}
