/* SPDX-License-Identifier: MIT */
/*
 * The boot sector's second half: loads the kernel, an ELF file that starts at sector 1 of the first IDE disk.
 *
 * Each PT_LOAD segment goes to its physical address, byte for byte. All reads pass through a buffer, because
 * a segment may share its first and last sectors with its neighbours in the file. The disk is read by
 * programmed I/O, one block of 16 sectors to a command, with 28-bit addresses (ATA/ATAPI-6, sections 8.27 and
 * 8.38).
 */
#include <inc/elf.h>
#include <inc/types.h>
#include <inc/x86.h>

#define SECTOR 512
#define BLOCK 16 /* sectors */

enum { ATA_DATA = 0x1F0, ATA_COUNT = 0x1F2, ATA_LBA = 0x1F3, ATA_DRIVE = 0x1F6, ATA_COMMAND = 0x1F7 };
enum { ATA_DRIVE_0_LBA = 0xE0, ATA_READ_MULTIPLE = 0xC4, ATA_SET_MULTIPLE = 0xC6 };
enum { ATA_BUSY = 0x80, ATA_FAULT = 0x20, ATA_ERROR = 0x01 };

/* Low memory that nobody needs now: for the start of the kernel's file, and for the buffer. */
#define HEADER ((struct Elf *)0x10000)
#define HEADER_SIZE 4096
#define BUFFER ((uint8_t *)0x11000)

uint32_t boot_main(void);
void boot_fail(void) __attribute__((noreturn)); /* boot.S */

static void ata_command(uint8_t command, uint32_t lba, uint8_t count)
{
	uint8_t status;

	outb(ATA_COUNT, count);
	for (int port = ATA_LBA; port < ATA_DRIVE; port++, lba >>= 8)
		outb(port, lba);
	outb(ATA_DRIVE, ATA_DRIVE_0_LBA | lba);
	outb(ATA_COMMAND, command);
	do
		status = inb(ATA_COMMAND);
	while (status & ATA_BUSY);
	if (status & (ATA_FAULT | ATA_ERROR))
		boot_fail();
}

/* Copy `size` bytes to `dst`, from `offset` on in the kernel's file. */
static void read_file(uint8_t *dst, uint32_t offset, uint32_t size)
{
	while (size) {
		uint32_t skip = offset % SECTOR;
		uint32_t n = MIN(BLOCK * SECTOR - skip, size);
		uint32_t sectors = (skip + n + SECTOR - 1) / SECTOR;
		uint8_t *src = BUFFER + skip;

		ata_command(ATA_READ_MULTIPLE, 1 + offset / SECTOR, sectors);
		insl(ATA_DATA, BUFFER, sectors * SECTOR / 4);
		offset += n;
		size -= n;
		asm volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n)::"memory");
	}
}

static void load_segment(const struct Proghdr *ph)
{
	uint8_t *gap = (uint8_t *)ph->p_pa + ph->p_filesz;
	uint32_t left = ph->p_memsz - ph->p_filesz;

	read_file((uint8_t *)ph->p_pa, ph->p_offset, ph->p_filesz);
	asm volatile("rep stosb" : "+D"(gap), "+c"(left) : "a"(0) : "memory");
}

/* Load the kernel; the physical address of its entry. */
uint32_t boot_main(void)
{
	ata_command(ATA_SET_MULTIPLE, 0, BLOCK);
	read_file((uint8_t *)HEADER, 0, HEADER_SIZE);
	if (HEADER->e_magic != ELF_MAGIC)
		boot_fail();

	const struct Proghdr *ph = (const struct Proghdr *)((uint8_t *)HEADER + HEADER->e_phoff);
	for (int left = HEADER->e_phnum; left > 0; left--, ph++)
		if (ph->p_type == ELF_PROG_LOAD)
			load_segment(ph);
	return HEADER->e_entry;
}
