/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory, for measurements: a drive answers when the host pleases, memory does not. Its content is
 * handed over at boot and copied at once, from QEMU's firmware configuration device (docs/specs/fw_cfg):
 *
 *	qemu-system-i386 ... -fw_cfg name=opt/jos/disk,file=IMAGE
 *
 * What is written to it is gone when the machine is.
 */
#include <inc/x86.h>
#include "fs.h"

enum { FWCFG_SELECT = 0x510, FWCFG_DATA = 0x511 };        /* ports */
enum { FWCFG_SIGNATURE = 0x0000, FWCFG_DIRECTORY = 0x0019 }; /* items */
#define IMAGE ((uint8_t *)0x0C000000) /* far from programs, below DISKMAP */
#define IMAGE_MAX 0x01000000

/* An entry of the directory; its numbers have the other byte order. */
struct fwcfg_file {
	uint32_t size;
	uint16_t item, reserved;
	char name[56];
};

static uint32_t image_sectors;

static void take(void *dst, uint32_t n)
{
	for (uint8_t *p = dst; n > 0; n--)
		*p++ = inb(FWCFG_DATA);
}

static bool there_is_fwcfg(void)
{
	char signature[4];

	outw(FWCFG_SELECT, FWCFG_SIGNATURE);
	take(signature, sizeof(signature));
	return memcmp(signature, "QEMU", sizeof(signature)) == 0;
}

static bool find(const char *name, struct fwcfg_file *file)
{
	uint32_t n;

	if (!there_is_fwcfg())
		return false;
	outw(FWCFG_SELECT, FWCFG_DIRECTORY);
	take(&n, sizeof(n));
	for (n = __builtin_bswap32(n); n > 0; n--) {
		take(file, sizeof(*file));
		if (strncmp(file->name, name, sizeof(file->name)) == 0)
			return true;
	}
	return false;
}

static int mem_init(uint32_t *nsectors)
{
	struct fwcfg_file file;

	if (!find("opt/jos/disk", &file))
		return -E_NOT_FOUND;
	uint32_t size = __builtin_bswap32(file.size);
	if (size > IMAGE_MAX)
		return -E_NO_MEM;
	for (uint32_t at = 0; at < size; at += PGSIZE) {
		int r = sys_page_alloc(0, IMAGE + at, PTE_P | PTE_U | PTE_W);
		if (r < 0)
			return r;
	}
	outw(FWCFG_SELECT, __builtin_bswap16(file.item));
	take(IMAGE, size);
	*nsectors = image_sectors = size / SECTSIZE;
	return 0;
}

static bool is_within(uint32_t secno, uint32_t nsecs)
{
	return secno < image_sectors && nsecs <= image_sectors - secno;
}

static int mem_read(uint32_t secno, void *dst, uint32_t nsecs)
{
	if (!is_within(secno, nsecs))
		return -E_INVAL;
	memcpy(dst, IMAGE + secno * SECTSIZE, nsecs * SECTSIZE);
	return 0;
}

static int mem_write(uint32_t secno, const void *src, uint32_t nsecs)
{
	if (!is_within(secno, nsecs))
		return -E_INVAL;
	memcpy(IMAGE + secno * SECTSIZE, src, nsecs * SECTSIZE);
	return 0;
}

static int mem_sync(void) { return 0; }

const struct Disk memdisk = { mem_init, mem_read, mem_write, mem_sync };
