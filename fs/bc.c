/* SPDX-License-Identifier: MIT */
/*
 * The block cache. The disk appears as memory at DISKMAP: a block that is touched for the first time
 * faults and is read; the processor's dirty bit tells which blocks must be written back. A page that
 * is evicted simply faults again, so pointers into the disk map never go stale and nobody pins blocks.
 */
#include "fs.h"

#define MAX_RESIDENT 4096 /* pages of cache: 16 MB */
#define READ_AHEAD 8      /* blocks read by one disk command, if they are absent */
#define READ_TRIES 3

#define PTE_CACHE (PTE_P | PTE_U | PTE_W)

static uint32_t nblocks;  /* of the disk */
static uint32_t resident; /* blocks in memory */
static uint32_t hand;     /* eviction's place on its way around the disk */

static void *map_addr(uint32_t blockno)
{
	return (void *)(DISKMAP + blockno * BLKSIZE);
}

void *diskaddr(uint32_t blockno)
{
	if (blockno >= nblocks)
		panic("block %08x is beyond the disk", blockno);
	return map_addr(blockno);
}

uint32_t block_of(const void *addr)
{
	return ((uintptr_t)addr - DISKMAP) / BLKSIZE;
}

uint32_t bc_nblocks(void)
{
	return nblocks;
}

/* The block's page table entry, or 0 when it is absent. */
static pte_t pte_of(uint32_t blockno)
{
	void *va = map_addr(blockno);
	return uvpd[PDX(va)] & PTE_P ? uvpt[PGNUM(va)] : 0;
}

bool bc_is_resident(uint32_t blockno)
{
	return pte_of(blockno) & PTE_P;
}

/* Map the block's page on itself: its accessed and dirty bits start anew. */
static void clear_marks(uint32_t blockno)
{
	void *va = map_addr(blockno);
	int r = sys_page_map(0, va, 0, va, PTE_CACHE);
	if (r < 0)
		panic("block %08x: sys_page_map: %e", blockno, r);
}

void bc_flush(uint32_t blockno)
{
	if (!(pte_of(blockno) & PTE_D))
		return;
	int r = disk_write(blockno * BLKSECTS, diskaddr(blockno), BLKSECTS);
	if (r < 0)
		panic("block %08x cannot be written: %e", blockno, r);
	clear_marks(blockno);
}

void bc_discard(uint32_t blockno)
{
	if (!bc_is_resident(blockno))
		return;
	sys_page_unmap(0, map_addr(blockno));
	resident--;
}

/* Write and forget one block, passing over those used since the hand came by last. Needs a resident block. */
static void evict_one(void)
{
	for (;;) {
		uint32_t blockno = hand;
		hand = (hand + 1) % nblocks;
		pte_t pte = pte_of(blockno);
		if (!(pte & PTE_P))
			continue;
		bc_flush(blockno);
		if (!(pte & PTE_A)) {
			bc_discard(blockno);
			return;
		}
		clear_marks(blockno);
	}
}

static void make_room(uint32_t n)
{
	while (resident > 0 && resident + n > MAX_RESIDENT)
		evict_one();
}

/* Put a page of zeros at an absent block. */
static int add_page(uint32_t blockno)
{
	int r = sys_page_alloc(0, map_addr(blockno), PTE_CACHE);
	if (r == 0)
		resident++;
	return r;
}

/* The same, at the expense of other blocks if memory is short. */
static void must_add_page(uint32_t blockno)
{
	int r;
	while ((r = add_page(blockno)) == -E_NO_MEM && resident > 0)
		evict_one();
	if (r < 0)
		panic("block %08x: no page for it: %e", blockno, r);
}

void bc_fresh(uint32_t blockno)
{
	void *va = diskaddr(blockno);
	bc_discard(blockno);
	make_room(1);
	must_add_page(blockno);
	*(volatile uint32_t *)va = 0; /* the processor marks it dirty */
}

/* Read a block, and the absent ones right after it while at it. */
static void load(uint32_t blockno)
{
	make_room(READ_AHEAD);
	must_add_page(blockno);
	uint32_t n = 1, b = blockno + 1;
	while (n < READ_AHEAD && b < nblocks && !bc_is_resident(b) && add_page(b) == 0)
		n++, b++;

	int r = -E_INVAL;
	for (int i = 0; i < READ_TRIES && r < 0; i++)
		r = disk_read(blockno * BLKSECTS, map_addr(blockno), n * BLKSECTS);
	if (r < 0)
		panic("block %08x cannot be read: %e", blockno, r);
	while (n-- > 0)
		clear_marks(blockno + n);
}

/* The page-fault handler: the first touch of a block. Any other fault is a bug of this server. */
static void bc_pgfault(struct UTrapframe *utf)
{
	uintptr_t va = utf->utf_fault_va;
	uint32_t blockno = block_of((void *)va);

	if (va < DISKMAP || blockno >= nblocks || (utf->utf_err & FEC_PR))
		panic("page fault at %08x by eip %08x, error %x", va, utf->utf_eip, utf->utf_err);
	load(blockno);
}

void bc_init(uint32_t disk_blocks)
{
	nblocks = MIN(disk_blocks, DISKSIZE / BLKSIZE);
	set_pgfault_handler(bc_pgfault);
}

/* Write every changed block. */
void bc_sync(void)
{
	for (uint32_t b = 0; b < nblocks; b++)
		bc_flush(b);
}
