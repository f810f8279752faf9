/* SPDX-License-Identifier: MIT */
/*
 * The open files. Each has a page, its struct Fd, that is shared with every client that holds the file
 * open; so the page's reference count tells when nobody does any more (1: only we), however they ended.
 * Clients can write to that page: of what it says, only the offset is used, and checked.
 */
#include "fs.h"

#define FILEVA 0xD0000000 /* where the Fd pages are */

static struct OpenFile table[MAXOPEN];

void openfile_init(void)
{
	for (uint32_t i = 0; i < MAXOPEN; i++) {
		table[i].o_fileid = i;
		table[i].o_fd = (struct Fd *)(FILEVA + i * PGSIZE);
	}
}

static bool is_held(const struct OpenFile *o)
{
	return pageref(o->o_fd) > 1;
}

/* An unused entry with an id of its own and an Fd page of zeros. -E_MAX_OPEN or -E_NO_MEM if none is left. */
int openfile_alloc(struct OpenFile **open)
{
	for (struct OpenFile *o = table; o < table + MAXOPEN; o++) {
		if (is_held(o))
			continue;
		int r = sys_page_alloc(0, o->o_fd, PTE_P | PTE_U | PTE_W);
		if (r < 0)
			return r;
		o->o_fileid += MAXOPEN;
		*open = o;
		return 0;
	}
	return -E_MAX_OPEN;
}

/* The open file that clients call `fileid`. -E_INVAL if there is none, -E_NOT_FOUND if it was removed. */
int openfile_lookup(uint32_t fileid, struct OpenFile **open)
{
	struct OpenFile *o = &table[fileid % MAXOPEN];
	if (o->o_fileid != fileid || !is_held(o))
		return -E_INVAL;
	if (o->o_file == NULL)
		return -E_NOT_FOUND;
	*open = o;
	return 0;
}

/* The file is gone: those who hold it open get errors from now on, and not another file's bytes. */
void openfile_forget(const struct File *f)
{
	for (struct OpenFile *o = table; o < table + MAXOPEN; o++)
		if (o->o_file == f)
			o->o_file = NULL;
}
