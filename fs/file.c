/* SPDX-License-Identifier: MIT */
/* The bytes of a file: reading, writing, and its size. Offsets come from clients and are checked here. */
#include "fs.h"

/* A file's size, or -E_INVAL when the disk holds nonsense. */
static off_t size_of(const struct File *f)
{
	return f->f_size >= 0 && f->f_size <= MAXFILESIZE ? f->f_size : -E_INVAL;
}

/* Copy up to `count` bytes to `buf`; short at the end of the file. */
ssize_t file_read(struct File *f, void *buf, size_t count, off_t offset)
{
	off_t size = size_of(f);
	if (size < 0 || offset < 0)
		return -E_INVAL;
	if (offset >= size)
		return 0;
	count = MIN(count, (size_t)(size - offset));

	size_t done = 0;
	while (done < count) {
		uint32_t pos = offset + done;
		size_t n = MIN(count - done, (size_t)(BLKSIZE - pos % BLKSIZE));
		char *block;
		int r = file_get_block(f, pos / BLKSIZE, false, (void **)&block);
		if (r == -E_NOT_FOUND)
			memset((char *)buf + done, 0, n);
		else if (r < 0)
			return r;
		else
			memcpy((char *)buf + done, block + pos % BLKSIZE, n);
		done += n;
	}
	return done;
}

/* Copy `count` bytes from `buf`; the file grows as it must. Short when the disk fills up on the way. */
ssize_t file_write(struct File *f, const void *buf, size_t count, off_t offset)
{
	if (size_of(f) < 0 || offset < 0 || offset > MAXFILESIZE || count > (size_t)(MAXFILESIZE - offset))
		return -E_INVAL;

	size_t done = 0;
	while (done < count) {
		uint32_t pos = offset + done;
		size_t n = MIN(count - done, (size_t)(BLKSIZE - pos % BLKSIZE));
		char *block;
		int r = file_get_block(f, pos / BLKSIZE, true, (void **)&block);
		if (r < 0)
			return done > 0 ? (ssize_t)done : r;
		memcpy(block + pos % BLKSIZE, (const char *)buf + done, n);
		done += n;
		f->f_size = MAX(f->f_size, (off_t)(pos + n));
	}
	return done;
}

/* Bytes past the new end are zeroed: should the file grow again, they read as zeros. */
static void clear_tail(struct File *f, off_t size)
{
	char *block;
	uint32_t used = size % BLKSIZE;
	if (used != 0 && file_get_block(f, size / BLKSIZE, false, (void **)&block) == 0)
		memset(block + used, 0, BLKSIZE - used);
}

int file_set_size(struct File *f, off_t size)
{
	if (size < 0 || size > MAXFILESIZE)
		return -E_INVAL;
	if (size < f->f_size || size_of(f) < 0) {
		file_free_blocks_from(f, (size + BLKSIZE - 1) / BLKSIZE);
		clear_tail(f, size);
	}
	f->f_size = size;
	return 0;
}
