/* SPDX-License-Identifier: MIT */
/* The superblock: is this a file system, and does it fit on this disk? */
#include "fs.h"

struct Super *super;

static const char *fault_of(const struct Super *s)
{
	if (s->s_magic != FS_MAGIC)
		return "its magic number is wrong";
	if (s->s_nblocks > bc_nblocks())
		return "it describes more blocks than the disk has";
	if (s->s_nblocks < BLOCK_BITMAP + 2)
		return "it describes too few blocks";
	if (s->s_root.f_type != FTYPE_DIR)
		return "its root is no directory";
	return NULL;
}

int super_check(void)
{
	if (bc_nblocks() <= BLOCK_SUPER) {
		cprintf("fs: the disk is too small\n");
		return -E_INVAL;
	}
	super = diskaddr(BLOCK_SUPER);
	const char *fault = fault_of(super);
	if (fault) {
		cprintf("fs: bad superblock: %s\n", fault);
		return -E_INVAL;
	}
	cprintf("superblock is good\n");
	return 0;
}
