/* SPDX-License-Identifier: MIT */
/*
 * The file system on disk, and the requests that programs send to the file server. Read by the host tool
 * that formats images, too: widths are fixed, and nothing depends on the compiler's size_t.
 */
#ifndef JOS_INC_FS_H
#define JOS_INC_FS_H

#include <inc/types.h>
#include <inc/mmu.h>

/*
 * The disk, in blocks:   0        1            2 ...             (bitmap: 1 = free)
 *                       +--------+------------+----------------+---------------------+
 *                       | (boot) | superblock | bitmap, 1 bit  | files' data         |
 *                       |        |            | for each block | and indirect blocks |
 *                       +--------+------------+----------------+---------------------+
 */
#define BLKSIZE PGSIZE
#define BLKBITSIZE (BLKSIZE * 8)

#define MAXNAMELEN 128  /* with the '\0' */
#define MAXPATHLEN 1024 /* with the '\0' */

#define NDIRECT 10
#define NINDIRECT (BLKSIZE / 4)
#define MAXFILESIZE ((NDIRECT + NINDIRECT) * BLKSIZE)

/* A file or directory: an entry of its directory's data. An empty name is a free entry; block 0 is a hole. */
struct File {
	char f_name[MAXNAMELEN];
	int32_t f_size;              /* bytes */
	uint32_t f_type;             /* FTYPE_x */
	uint32_t f_direct[NDIRECT];  /* block numbers */
	uint32_t f_indirect;         /* block of NINDIRECT more */
	uint8_t f_pad[256 - MAXNAMELEN - 8 - 4 * NDIRECT - 4];
};

#define BLKFILES (BLKSIZE / sizeof(struct File))

#define FTYPE_REG 0
#define FTYPE_DIR 1

#define FS_MAGIC 0x4A0530AE

struct Super {
	uint32_t s_magic;
	uint32_t s_nblocks;
	struct File s_root;
};

_Static_assert(sizeof(struct File) == 256 && sizeof(struct Super) == 264, "fixed on disk");

/*
 * Requests: an IPC whose value is the number, with a page that holds a union Fsipc. The reply's value is
 * a count or 0, or a negated error; some replies overwrite the page.
 */
enum {
	FSREQ_OPEN = 1, /* the reply carries a page: the struct Fd, to be shared */
	FSREQ_SET_SIZE,
	FSREQ_READ,     /* -> Fsret_read */
	FSREQ_WRITE,
	FSREQ_STAT,     /* -> Fsret_stat */
	FSREQ_FLUSH,
	FSREQ_REMOVE,
	FSREQ_SYNC
};

union Fsipc {
	struct Fsreq_open {
		char req_path[MAXPATHLEN];
		int req_omode;
	} open;
	struct Fsreq_set_size {
		int req_fileid;
		int32_t req_size;
	} set_size;
	struct Fsreq_read {
		int req_fileid;
		uint32_t req_n;
	} read;
	struct Fsret_read {
		char ret_buf[PGSIZE];
	} readRet;
	struct Fsreq_write {
		int req_fileid;
		uint32_t req_n;
		char req_buf[PGSIZE - 8];
	} write;
	struct Fsreq_stat {
		int req_fileid;
	} stat;
	struct Fsret_stat {
		char ret_name[MAXNAMELEN];
		int32_t ret_size;
		int ret_isdir;
	} statRet;
	struct Fsreq_flush {
		int req_fileid;
	} flush;
	struct Fsreq_remove {
		char req_path[MAXPATHLEN];
	} remove;
	char _pad[PGSIZE];
};

_Static_assert(sizeof(union Fsipc) == PGSIZE, "a request is one page");

#endif
