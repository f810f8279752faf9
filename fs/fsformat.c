/* SPDX-License-Identifier: MIT */
/*
 * fsformat - make a file system image (host tool)
 *
 * usage: fsformat IMAGE NBLOCKS FILE...
 *
 * The image holds NBLOCKS blocks of 4096 bytes and, in its root directory, a copy of each FILE under its last
 * name. The same arguments and contents give the same bytes. On an error no image is written.
 *
 * The layout is inc/fs.h's. That header brings JOS's own integer types, so those whose widths differ from the
 * host's are given other names here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ssize_t jos_ssize_t
#define off_t jos_off_t
#define int64_t jos_int64_t
#define uint64_t jos_uint64_t
#include <inc/fs.h>
#undef ssize_t
#undef off_t
#undef int64_t
#undef uint64_t

#define MIN_BLOCKS 16
#define MAX_BLOCKS (0xC0000000u / BLKSIZE) /* what the file server can map */
#define MAX_ROOT_FILES ((uint32_t)(NDIRECT * BLKFILES))

/* The image under construction. */
static unsigned char *image;
static uint32_t nblocks;
static uint32_t next_block; /* the first block not yet given away */
static uint32_t nfiles;

static _Noreturn void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("fsformat: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* The disk's numbers are little-endian, whatever the host is. */
static void put32(void *to, uint32_t value)
{
	unsigned char *p = to;
	for (int i = 0; i < 4; i++)
		p[i] = value >> 8 * i;
}

static void *block_at(uint32_t blockno)
{
	return image + (size_t)blockno * BLKSIZE;
}

static struct Super *super(void)
{
	return block_at(1);
}

static uint32_t take_block(const char *for_what)
{
	if (next_block == nblocks)
		fail("%u blocks are too few: no room for %s", (unsigned)nblocks, for_what);
	return next_block++;
}

static uint32_t blocks_for(size_t bytes)
{
	return (bytes + BLKSIZE - 1) / BLKSIZE;
}

static void start_image(void)
{
	image = calloc(nblocks, BLKSIZE);
	if (image == NULL)
		fail("no memory for %u blocks", (unsigned)nblocks);
	next_block = 2 + (nblocks + BLKBITSIZE - 1) / BLKBITSIZE;
	put32(&super()->s_magic, FS_MAGIC);
	put32(&super()->s_nblocks, nblocks);
	strcpy(super()->s_root.f_name, "/");
	put32(&super()->s_root.f_type, FTYPE_DIR);
}

/* The root's next free entry; the directory gets another block when one is full. */
static struct File *new_entry(const char *path)
{
	static struct File *entries;
	uint32_t place = nfiles % BLKFILES;

	if (nfiles == MAX_ROOT_FILES)
		fail("%s: the root directory holds only %u files here", path, (unsigned)MAX_ROOT_FILES);
	if (place == 0) {
		uint32_t b = take_block("the root directory");
		entries = block_at(b);
		put32(&super()->s_root.f_direct[nfiles / BLKFILES], b);
		put32(&super()->s_root.f_size, (nfiles / BLKFILES + 1) * BLKSIZE);
	}
	nfiles++;
	return &entries[place];
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (*name == '\0' || strlen(name) >= MAXNAMELEN)
		fail("%s: its last name must have 1 to %d characters", path, MAXNAMELEN - 1);
	return name;
}

/* Copy the bytes of `in` to new blocks in a row; returns how many bytes, and in *first the first block. */
static size_t copy_bytes(FILE *in, const char *path, uint32_t *first)
{
	size_t size = 0, n;

	*first = next_block;
	for (;;) {
		unsigned char bytes[BLKSIZE];
		n = fread(bytes, 1, sizeof(bytes), in);
		if (n == 0)
			break;
		if (size + n > MAXFILESIZE)
			fail("%s: files end at %d bytes", path, (int)MAXFILESIZE);
		memcpy(block_at(take_block(path)), bytes, n);
		size += n;
	}
	if (ferror(in))
		fail("%s: %s", path, strerror(errno));
	return size;
}

/* Enter the blocks first, first + 1, ... as the file's. */
static void map_blocks(struct File *f, const char *path, uint32_t first, uint32_t count)
{
	uint32_t *more = NULL;

	if (count > NDIRECT) {
		uint32_t b = take_block(path);
		put32(&f->f_indirect, b);
		more = block_at(b);
	}
	for (uint32_t i = 0; i < count; i++)
		put32(i < NDIRECT ? &f->f_direct[i] : &more[i - NDIRECT], first + i);
}

static void add_file(const char *path)
{
	uint32_t first;

	struct File *f = new_entry(path);
	strcpy(f->f_name, last_name(path));
	FILE *in = fopen(path, "rb");
	if (in == NULL)
		fail("%s: %s", path, strerror(errno));
	size_t size = copy_bytes(in, path, &first);
	fclose(in);
	put32(&f->f_size, size);
	put32(&f->f_type, FTYPE_REG);
	map_blocks(f, path, first, blocks_for(size));
}

/* Two files of one name would hide one of them. */
static void check_names(char **paths, int n)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(last_name(paths[i]), last_name(paths[j])) == 0)
				fail("%s and %s would have the same name", paths[j], paths[i]);
}

/* All blocks not given away are free. */
static void write_bitmap(void)
{
	unsigned char *bits = block_at(2);
	for (uint32_t b = next_block; b < nblocks; b++)
		bits[b / 8] |= 1 << b % 8;
}

static void save_image(const char *path)
{
	FILE *out = fopen(path, "wb");
	if (out == NULL)
		fail("%s: %s", path, strerror(errno));
	int bad = fwrite(image, BLKSIZE, nblocks, out) != nblocks;
	if (fclose(out) != 0 || bad) {
		int error = errno;
		remove(path);
		fail("%s: %s", path, strerror(error));
	}
}

static uint32_t parse_nblocks(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);
	if (*text == '\0' || *end != '\0' || n < MIN_BLOCKS || n > MAX_BLOCKS)
		fail("%s: the number of blocks must be from %d to %u", text, MIN_BLOCKS, MAX_BLOCKS);
	return n;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: fsformat IMAGE NBLOCKS FILE...\n", stderr);
		return 2;
	}
	nblocks = parse_nblocks(argv[2]);
	check_names(argv + 3, argc - 3);
	start_image();
	for (int i = 3; i < argc; i++)
		add_file(argv[i]);
	write_bitmap();
	save_image(argv[1]);
	free(image);
	return 0;
}
