/* SPDX-License-Identifier: MIT */
/*
 * The free-block bitmap, from block 2 on: a set bit is a free block. The boot block, the superblock
 * and the bitmap's own blocks are never free; alloc_block and free_block keep it so.
 */
#include "fs.h"

static uint32_t next_word; /* where the last search ended: files grow in one piece if they can */

static uint32_t *bitmap(void)
{
	return diskaddr(BLOCK_BITMAP);
}

static uint32_t bitmap_blocks(void)
{
	return (super->s_nblocks + BITS_PER_BLOCK - 1) / BITS_PER_BLOCK;
}

static uint32_t bitmap_words(void)
{
	return (super->s_nblocks + 31) / 32;
}

/* The free blocks of one word: bits past the end of the disk mean nothing. */
static uint32_t free_in_word(uint32_t word)
{
	uint32_t bits = bitmap()[word];
	uint32_t in_last = super->s_nblocks % 32;

	if (word == bitmap_words() - 1 && in_last != 0)
		bits &= (1U << in_last) - 1;
	return bits;
}

bool block_is_free(uint32_t blockno)
{
	return blockno < super->s_nblocks && (bitmap()[blockno / 32] >> blockno % 32 & 1);
}

bool block_is_usable(uint32_t blockno)
{
	uint32_t first = BLOCK_BITMAP + bitmap_blocks();
	return blockno >= first && blockno < super->s_nblocks && !block_is_free(blockno);
}

int alloc_block(void)
{
	uint32_t words = bitmap_words();

	for (uint32_t i = 0; i < words; i++) {
		uint32_t word = (next_word + i) % words;
		uint32_t bits = free_in_word(word);
		if (bits == 0)
			continue;
		next_word = word;
		bitmap()[word] &= ~(bits & -bits);
		uint32_t blockno = word * 32 + __builtin_ctz(bits);
		bc_fresh(blockno);
		return blockno;
	}
	return -E_NO_DISK;
}

/* A block that no file can own (the disk is damaged) is left alone. */
void free_block(uint32_t blockno)
{
	if (!block_is_usable(blockno))
		return;
	bitmap()[blockno / 32] |= 1U << blockno % 32;
	bc_discard(blockno);
}

uint32_t count_free_blocks(void)
{
	uint32_t n = 0;
	for (uint32_t word = 0; word < bitmap_words(); word++)
		for (uint32_t bits = free_in_word(word); bits != 0; bits &= bits - 1)
			n++;
	return n;
}

int bitmap_check(void)
{
	for (uint32_t b = 0; b < BLOCK_BITMAP + bitmap_blocks(); b++) {
		if (block_is_free(b)) {
			cprintf("fs: the bitmap says that reserved block %u is free\n", b);
			return -E_INVAL;
		}
	}
	cprintf("bitmap is good\n");
	return 0;
}

void bitmap_flush(void)
{
	for (uint32_t i = 0; i < bitmap_blocks(); i++)
		bc_flush(BLOCK_BITMAP + i);
}
