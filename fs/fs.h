/* SPDX-License-Identifier: MIT */
/*
 * The file server's own parts, from the requests down to the disk:
 *
 *   serv.c      requests by IPC, one at a time          openfile.c  who has which file open
 *   path.c      names and directories
 *   file.c      the bytes of a file
 *   blockmap.c  which disk blocks are a file's
 *   bitmap.c    which disk blocks are free          super.c     what the disk says of itself
 *   bc.c        the block cache: the disk as memory
 *   disk.c      the disk: ide.c, or memdisk.c
 *
 * Each part calls only those below it. The disk's content is data, not truth: a part checks every
 * block number and size that it reads there and answers damage with -E_INVAL.
 */
#ifndef JOS_FS_FS_H
#define JOS_FS_FS_H

#include <inc/fs.h>
#include <inc/lib.h>

#define SECTSIZE 512
#define BLKSECTS (BLKSIZE / SECTSIZE)

/* Disk block n is seen at DISKMAP + n * BLKSIZE. */
#define DISKMAP 0x10000000
#define DISKSIZE 0xC0000000

#define BLOCK_BOOT 0 /* left to a boot sector */
#define BLOCK_SUPER 1
#define BLOCK_BITMAP 2
#define BITS_PER_BLOCK (BLKSIZE * 8)

/* disk.c: all return 0 (or a count) or a negated error; nsecs is 1 to 256. */
int disk_init(uint32_t *nsectors);
int disk_read(uint32_t secno, void *dst, uint32_t nsecs);
int disk_write(uint32_t secno, const void *src, uint32_t nsecs);
int disk_sync(void);

/* Kinds of disks. Without one, init returns -E_NOT_FOUND. */
struct Disk {
	int (*init)(uint32_t *nsectors);
	int (*read)(uint32_t secno, void *dst, uint32_t nsecs);
	int (*write)(uint32_t secno, const void *src, uint32_t nsecs);
	int (*sync)(void); /* let it write what it holds in a cache of its own */
};
extern const struct Disk ide, memdisk;

/* bc.c: a pointer from diskaddr() stays good for ever; touching it reads the block when it must. */
void bc_init(uint32_t nblocks);
uint32_t bc_nblocks(void);
void *diskaddr(uint32_t blockno); /* panics beyond the disk: check numbers from the disk first */
uint32_t block_of(const void *addr);
bool bc_is_resident(uint32_t blockno);
void bc_fresh(uint32_t blockno);   /* make it all zero without reading it */
void bc_flush(uint32_t blockno);   /* write it if it was changed */
void bc_discard(uint32_t blockno); /* forget it, changes and all */
void bc_sync(void);

/* super.c */
extern struct Super *super;
int super_check(void); /* 0, or -E_INVAL after saying why */

/* bitmap.c */
bool block_is_free(uint32_t blockno);
bool block_is_usable(uint32_t blockno); /* may a file say that this block is its own? */
int alloc_block(void);                  /* a block of zeros, or -E_NO_DISK */
void free_block(uint32_t blockno);
uint32_t count_free_blocks(void);
int bitmap_check(void); /* 0, or -E_INVAL after saying why */
void bitmap_flush(void);

/* blockmap.c */
int file_get_block(struct File *f, uint32_t fileblock, bool alloc, void **addr);
void file_free_blocks_from(struct File *f, uint32_t fileblock);
void file_flush(struct File *f);

/* file.c: counts of bytes, or a negated error */
ssize_t file_read(struct File *f, void *buf, size_t count, off_t offset);
ssize_t file_write(struct File *f, const void *buf, size_t count, off_t offset);
int file_set_size(struct File *f, off_t size);

/* path.c */
int file_open(const char *path, struct File **file);
int file_create(const char *path, uint32_t type, struct File **file);
int file_remove(const char *path, struct File **gone); /* *gone: where it was; only good for comparing */

#define MAXOPEN 1024

/* openfile.c */
struct OpenFile {
	uint32_t o_fileid;   /* what clients call it; its index modulo MAXOPEN */
	struct File *o_file; /* NULL once the file was removed */
	int o_mode;          /* as opened; what fd_omode says is the client's word */
	struct Fd *o_fd;     /* the page shared with the clients */
};
void openfile_init(void);
int openfile_alloc(struct OpenFile **open);
int openfile_lookup(uint32_t fileid, struct OpenFile **open);
void openfile_forget(const struct File *f);

/* test.c */
void fs_test_cache(void);
void fs_test(void);

#endif
