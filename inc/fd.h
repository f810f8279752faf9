/* SPDX-License-Identifier: MIT */
/*
 * File descriptors. Descriptor n is a page of its own, holding a struct Fd, at FDTABLE + n * PGSIZE; beside
 * it lies one page of data for devices that want it. Both are mapped PTE_SHARE, so fork and spawn hand the
 * very same page on.
 *
 *   0xd0040000  +-------------------------------+
 *               |  data pages of 0 .. MAXFD-1   |   FILEDATA
 *   0xd0020000  +-------------------------------+
 *               |  struct Fd of 0 .. MAXFD-1    |
 *   0xd0000000  +-------------------------------+   FDTABLE
 *
 * lib/pipe.c counts these mappings. So that a data page is never mapped less often than its descriptors, a
 * data page is mapped before its descriptor's page, and unmapped after it.
 */
#ifndef JOS_INC_FD_H
#define JOS_INC_FD_H

#include <inc/types.h>
#include <inc/fs.h>

#define MAXFD 32
#define FDTABLE 0xD0000000
#define FILEDATA (FDTABLE + MAXFD * PGSIZE)

struct Dev;

/* The first bytes of a descriptor's page. All who share the page share the offset. */
struct Fd {
	int fd_dev_id;
	off_t fd_offset;
	int fd_omode; /* O_x of inc/lib.h */
	union {
		struct FdFile { int id; } fd_file;     /* the file server's number for the open file */
		struct FdSock { int sockid; } fd_sock; /* the network server's number for the socket */
	};
};

/* What stat() tells. */
struct Stat {
	int st_isdir;
	off_t st_size;
	struct Dev *st_dev;
	char st_name[MAXNAMELEN];
};

/*
 * A kind of thing that can be read and written; found by its dev_id. A call that it does not support is
 * NULL.
 */
struct Dev {
	const char *dev_name;
	int dev_id;
	int (*dev_stat)(struct Fd *fd, struct Stat *stat);
	int (*dev_close)(struct Fd *fd);
	ssize_t (*dev_write)(struct Fd *fd, const void *buf, size_t len);
	ssize_t (*dev_read)(struct Fd *fd, void *buf, size_t len);
	int (*dev_trunc)(struct Fd *fd, off_t length);
};

char *fd2data(struct Fd *fd);
int fd2num(struct Fd *fd);
int fd_alloc(struct Fd **fd_store);               /* the lowest free one, not yet mapped; or -E_MAX_OPEN */
int fd_close(struct Fd *fd, bool must_exist);
int fd_lookup(int fdnum, struct Fd **fd_store);   /* 0, or -E_INVAL if it is not open */
int dev_lookup(int devid, struct Dev **dev_store); /* 0 or -E_INVAL */

extern struct Dev devfile;
extern struct Dev devcons;
extern struct Dev devpipe;
extern struct Dev devsock;

#endif
