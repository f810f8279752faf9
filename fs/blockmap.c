/* SPDX-License-Identifier: MIT */
/*
 * Which disk blocks are a file's: ten numbers in struct File, and a block of 1024 more when the file
 * is longer. 0 is a hole, read as zeros. Numbers come from the disk and are checked at each use.
 */
#include "fs.h"

/* Where the number of file block `fileblock` is kept. A missing indirect block is made only if `alloc`. */
static int find_slot(struct File *f, uint32_t fileblock, bool alloc, uint32_t **slot)
{
	if (fileblock < NDIRECT) {
		*slot = &f->f_direct[fileblock];
		return 0;
	}
	if (fileblock >= NDIRECT + NINDIRECT)
		return -E_INVAL;
	if (f->f_indirect == 0) {
		int b = alloc ? alloc_block() : -E_NOT_FOUND;
		if (b < 0)
			return b;
		f->f_indirect = b;
	}
	if (!block_is_usable(f->f_indirect))
		return -E_INVAL;
	*slot = (uint32_t *)diskaddr(f->f_indirect) + (fileblock - NDIRECT);
	return 0;
}

/*
 * Point *addr at a block of the file. A hole is filled if `alloc`, else -E_NOT_FOUND. Other errors:
 * -E_NO_DISK, and -E_INVAL beyond the largest file or when the number on the disk cannot be right.
 */
int file_get_block(struct File *f, uint32_t fileblock, bool alloc, void **addr)
{
	uint32_t *slot;

	int r = find_slot(f, fileblock, alloc, &slot);
	if (r < 0)
		return r;
	if (*slot == 0) {
		int b = alloc ? alloc_block() : -E_NOT_FOUND;
		if (b < 0)
			return b;
		*slot = b;
	}
	if (!block_is_usable(*slot))
		return -E_INVAL;
	*addr = diskaddr(*slot);
	return 0;
}

static void free_slots(uint32_t *slots, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		if (slots[i] == 0)
			continue;
		free_block(slots[i]);
		slots[i] = 0;
	}
}

/* Free every block from `fileblock` on, whatever the file's size says. */
void file_free_blocks_from(struct File *f, uint32_t fileblock)
{
	free_slots(f->f_direct, fileblock, NDIRECT);
	if (f->f_indirect == 0)
		return;
	if (block_is_usable(f->f_indirect))
		free_slots(diskaddr(f->f_indirect), fileblock > NDIRECT ? fileblock - NDIRECT : 0, NINDIRECT);
	if (fileblock > NDIRECT)
		return;
	free_block(f->f_indirect);
	f->f_indirect = 0;
}

static void flush_slots(const uint32_t *slots, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (slots[i] != 0 && block_is_usable(slots[i]))
			bc_flush(slots[i]);
}

/* Write all that a reader after a restart needs; the bitmap first, so that no block is given away twice. */
void file_flush(struct File *f)
{
	bitmap_flush();
	flush_slots(f->f_direct, NDIRECT);
	if (f->f_indirect != 0 && block_is_usable(f->f_indirect)) {
		flush_slots(diskaddr(f->f_indirect), NINDIRECT);
		bc_flush(f->f_indirect);
	}
	bc_flush(block_of(f));
}
