/* SPDX-License-Identifier: MIT */
/*
 * Self tests at start: each part is tried once on the real disk and says that it is good. They use the
 * unused boot block and a scratch file, and leave both as they were.
 */
#include "fs.h"

#define SCRATCH "/.fstest"
#define MIN_FREE 4 /* blocks that the tests need, the root directory's growth among them */

static const char message[] = "Written by the file server to itself, and read back from the disk.\n";

#define check(x) ((x) ? (void)0 : panic("self test failed: %s", #x))

static struct File *scratch;

/* A change must reach the disk, survive being forgotten, and leave no dirty mark. */
static void try_cache(char *block)
{
	strcpy(block, message);
	bc_flush(BLOCK_BOOT);
	bc_discard(BLOCK_BOOT);
	check(!bc_is_resident(BLOCK_BOOT));
	check(strcmp(block, message) == 0);
	check(bc_is_resident(BLOCK_BOOT));
}

void fs_test_cache(void)
{
	static char saved[BLKSIZE];
	char *block;

	if (bc_nblocks() == 0)
		return;
	block = diskaddr(BLOCK_BOOT);
	memcpy(saved, block, BLKSIZE);
	try_cache(block);
	memcpy(block, saved, BLKSIZE);
	bc_flush(BLOCK_BOOT);
	cprintf("block cache is good\n");
}

static void test_alloc_block(void)
{
	uint32_t before = count_free_blocks();
	int b = alloc_block();
	check(b > 0 && block_is_usable(b) && count_free_blocks() == before - 1);
	const uint32_t *word = diskaddr(b);
	check(word[0] == 0 && word[BLKSIZE / 4 - 1] == 0);
	free_block(b);
	check(block_is_free(b) && count_free_blocks() == before);
	cprintf("alloc_block is good\n");
}

static void test_file_open(void)
{
	struct File *f, *gone;

	check(file_open("/no-such-file", &f) == -E_NOT_FOUND);
	file_remove(SCRATCH, &gone); /* a machine switched off in the middle of this leaves it */
	check(file_create(SCRATCH, FTYPE_REG, &scratch) == 0);
	check(file_create(SCRATCH, FTYPE_REG, &f) == -E_FILE_EXISTS && f == scratch);
	check(file_open(SCRATCH, &f) == 0 && f == scratch);
	cprintf("file_open is good\n");
}

static void test_file_get_block(void)
{
	void *block, *again;

	check(file_get_block(scratch, 0, false, &block) == -E_NOT_FOUND);
	check(file_write(scratch, message, sizeof(message), 0) == sizeof(message));
	check(file_get_block(scratch, 0, false, &block) == 0);
	check(strcmp(block, message) == 0);
	check(file_get_block(scratch, NDIRECT + NINDIRECT, true, &again) == -E_INVAL);
	cprintf("file_get_block is good\n");
}

static void test_file_flush(void)
{
	void *block;

	file_flush(scratch);
	check(file_get_block(scratch, 0, false, &block) == 0);
	bc_discard(block_of(block));
	bc_discard(block_of(scratch));
	check(scratch->f_size == sizeof(message) && strcmp(block, message) == 0);
	cprintf("file_flush is good\n");
}

static void test_file_truncate(void)
{
	void *block;
	uint32_t before = count_free_blocks();

	check(file_set_size(scratch, 0) == 0 && scratch->f_size == 0);
	check(scratch->f_direct[0] == 0 && count_free_blocks() == before + 1);
	check(file_get_block(scratch, 0, false, &block) == -E_NOT_FOUND);
	cprintf("file_truncate is good\n");
}

static void test_file_rewrite(void)
{
	static char back[sizeof(message)];
	struct File *gone;

	check(file_write(scratch, message, sizeof(message), 0) == sizeof(message));
	file_flush(scratch);
	check(file_read(scratch, back, sizeof(back), 0) == sizeof(message));
	check(strcmp(back, message) == 0);
	check(file_remove(SCRATCH, &gone) == 0 && gone == scratch);
	cprintf("file rewrite is good\n");
}

void fs_test(void)
{
	if (count_free_blocks() < MIN_FREE) {
		cprintf("fs: the disk is too full for self tests\n");
		return;
	}
	test_alloc_block();
	test_file_open();
	test_file_get_block();
	test_file_flush();
	test_file_truncate();
	test_file_rewrite();
}
