/* SPDX-License-Identifier: MIT */
/*
 * The disk: drive 1 of the first ATA channel, by programmed input and output, waiting by polling.
 * The kernel gives this environment I/O privilege (IOPL 3), so that the ports can be used from here.
 * Register and command names follow the ATA/ATAPI-6 standard, chapters 7 and 8.
 */
#include <inc/x86.h>
#include "fs.h"

enum {
	REG_DATA = 0x1F0,
	REG_COUNT = 0x1F2,
	REG_LBA_LOW = 0x1F3,
	REG_LBA_MID = 0x1F4,
	REG_LBA_HIGH = 0x1F5,
	REG_DEVICE = 0x1F6,
	REG_STATUS = 0x1F7, /* reading */
	REG_COMMAND = 0x1F7, /* writing */
	REG_ALT_STATUS = 0x3F6,
	REG_CONTROL = 0x3F6,
};

enum { ST_ERR = 0x01, ST_DRQ = 0x08, ST_DF = 0x20, ST_BSY = 0x80 };
enum { CONTROL_NIEN = 0x02 };             /* no interrupts, please */
enum { DEVICE_LBA = 0xE0, DEVICE_1 = 0x10 }; /* addresses are sector numbers; the second drive */

enum {
	CMD_READ = 0x20,
	CMD_WRITE = 0x30,
	CMD_READ_MULTIPLE = 0xC4,
	CMD_WRITE_MULTIPLE = 0xC5,
	CMD_SET_MULTIPLE = 0xC6,
	CMD_FLUSH_CACHE = 0xE7,
	CMD_IDENTIFY = 0xEC,
};

enum { IDENTIFY_NSECTORS = 60 }; /* word of IDENTIFY's answer: sectors that 28-bit addresses reach */

#define MAX_POLLS 200000000 /* half a minute: a drive that is slower than that is dead */
#define CHUNK_WANTED 16     /* sectors for each "data ready", if the drive agrees */
#define MAX_SECTOR (1 << 28)

static uint32_t chunk = 1; /* sectors that move for each "data ready" */

/* Wait until the drive is no longer busy and shows all bits of `want`. */
static int wait_for(uint8_t want)
{
	for (int polls = 0; polls < MAX_POLLS; polls++) {
		uint8_t status = inb(REG_STATUS);
		if (status & ST_BSY) {
			cpu_relax();
			continue;
		}
		if (status & (ST_ERR | ST_DF))
			return -E_INVAL;
		if ((status & want) == want)
			return 0;
	}
	return -E_TIMED_OUT;
}

static int start(uint8_t command, uint32_t secno, uint32_t nsecs)
{
	int r = wait_for(0);
	if (r == -E_TIMED_OUT)
		return r;
	outb(REG_COUNT, nsecs); /* 256 is written as 0 */
	outb(REG_LBA_LOW, secno);
	outb(REG_LBA_MID, secno >> 8);
	outb(REG_LBA_HIGH, secno >> 16);
	outb(REG_DEVICE, DEVICE_LBA | DEVICE_1 | (secno >> 24));
	outb(REG_COMMAND, command);
	for (int i = 0; i < 4; i++)
		inb(REG_ALT_STATUS); /* 400 ns, until the status means this command */
	return 0;
}

static int run_without_data(uint8_t command, uint32_t count)
{
	int r = start(command, 0, count);
	return r < 0 ? r : wait_for(0);
}

/* The drive's size from its IDENTIFY data. */
static int identify(uint32_t *nsectors)
{
	static uint16_t answer[SECTSIZE / 2];

	int r = start(CMD_IDENTIFY, 0, 0);
	if (r == 0)
		r = wait_for(ST_DRQ);
	if (r < 0)
		return r;
	insl(REG_DATA, answer, SECTSIZE / 4);
	*nsectors = answer[IDENTIFY_NSECTORS] | (uint32_t)answer[IDENTIFY_NSECTORS + 1] << 16;
	return 0;
}

/* Find the drive and its size; agree on larger chunks. -E_NOT_FOUND if there is no such drive. */
static int ide_init(uint32_t *nsectors)
{
	outb(REG_CONTROL, CONTROL_NIEN);
	outb(REG_DEVICE, DEVICE_LBA | DEVICE_1);
	uint8_t status = inb(REG_STATUS);
	bool present = status != 0 && status != 0xFF && identify(nsectors) == 0;
	cprintf("Device 1 presence: %d\n", present);
	if (!present)
		return -E_NOT_FOUND;
	if (run_without_data(CMD_SET_MULTIPLE, CHUNK_WANTED) == 0)
		chunk = CHUNK_WANTED;
	return 0;
}

static void check_range(uint32_t secno, uint32_t nsecs)
{
	assert(nsecs > 0 && nsecs <= 256);
	assert(secno < MAX_SECTOR && nsecs <= MAX_SECTOR - secno);
}

static int ide_read(uint32_t secno, void *dst, uint32_t nsecs)
{
	check_range(secno, nsecs);
	int r = start(chunk > 1 ? CMD_READ_MULTIPLE : CMD_READ, secno, nsecs);
	while (r == 0 && nsecs > 0) {
		uint32_t n = MIN(nsecs, chunk);
		if ((r = wait_for(ST_DRQ)) < 0)
			break;
		insl(REG_DATA, dst, n * SECTSIZE / 4);
		dst = (char *)dst + n * SECTSIZE;
		nsecs -= n;
	}
	return r;
}

static int ide_write(uint32_t secno, const void *src, uint32_t nsecs)
{
	check_range(secno, nsecs);
	int r = start(chunk > 1 ? CMD_WRITE_MULTIPLE : CMD_WRITE, secno, nsecs);
	while (r == 0 && nsecs > 0) {
		uint32_t n = MIN(nsecs, chunk);
		if ((r = wait_for(ST_DRQ)) < 0)
			break;
		outsl(REG_DATA, src, n * SECTSIZE / 4);
		src = (const char *)src + n * SECTSIZE;
		nsecs -= n;
	}
	return r < 0 ? r : wait_for(0);
}

/* Let the drive write what it holds in its own cache. */
static int ide_sync(void)
{
	return run_without_data(CMD_FLUSH_CACHE, 0);
}

const struct Disk ide = { ide_init, ide_read, ide_write, ide_sync };
