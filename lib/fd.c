/* SPDX-License-Identifier: MIT */
/*
 * File descriptors: read, write and their kin find the descriptor's page, then its device, and leave the
 * work to that. Where the pages lie, and in which order they come and go: inc/fd.h.
 */
#include <lib/private.h>

/* Only programs that use sockets are linked with lib/sockets.c. */
extern struct Dev devsock __attribute__((weak));

static struct Dev *const devices[] = { &devfile, &devpipe, &devcons, &devsock };

static struct Fd *fd_page(int fdnum)
{
	return (struct Fd *)(FDTABLE + fdnum * PGSIZE);
}

int fd2num(struct Fd *fd)
{
	return ((uintptr_t)fd - FDTABLE) / PGSIZE;
}

char *fd2data(struct Fd *fd)
{
	return (char *)FILEDATA + fd2num(fd) * PGSIZE;
}

int fds_unlock(int r)
{
	mutex_unlock(&fds_lock);
	return r;
}

/* It is the caller's only once it is mapped: until then fds_lock keeps other threads from it. */
int fd_alloc(struct Fd **fd_store)
{
	for (int fdnum = 0; fdnum < MAXFD; fdnum++) {
		*fd_store = fd_page(fdnum);
		if (!is_mapped(*fd_store))
			return 0;
	}
	*fd_store = NULL;
	return -E_MAX_OPEN;
}

int fd_lookup(int fdnum, struct Fd **fd_store)
{
	if (fdnum < 0 || fdnum >= MAXFD || !is_mapped(fd_page(fdnum)))
		return -E_INVAL;
	*fd_store = fd_page(fdnum);
	return 0;
}

int dev_lookup(int devid, struct Dev **dev_store)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		if (devices[i] && devices[i]->dev_id == devid) {
			*dev_store = devices[i];
			return 0;
		}
	}
	*dev_store = NULL;
	return -E_INVAL;
}

static int lookup(int fdnum, struct Fd **fd_store, struct Dev **dev_store)
{
	int r = fd_lookup(fdnum, fd_store);

	return r < 0 ? r : dev_lookup((*fd_store)->fd_dev_id, dev_store);
}

/* With fds_lock. must_exist: closing what is not open is -E_INVAL; without, it is nothing. */
static int fd_close_locked(struct Fd *fd, bool must_exist)
{
	struct Fd *open_fd;
	struct Dev *dev;
	int r = 0;

	if (fd_lookup(fd2num(fd), &open_fd) < 0 || open_fd != fd)
		return must_exist ? -E_INVAL : 0;
	if (dev_lookup(fd->fd_dev_id, &dev) == 0 && dev->dev_close)
		r = dev->dev_close(fd);
	sys_page_unmap(0, fd);
	return r;
}

int fd_close(struct Fd *fd, bool must_exist)
{
	mutex_lock(&fds_lock);
	return fds_unlock(fd_close_locked(fd, must_exist));
}

int close(int fdnum)
{
	struct Fd *fd;
	int r = fd_lookup(fdnum, &fd);

	return r < 0 ? r : fd_close(fd, true);
}

void close_all(void)
{
	for (int fdnum = 0; fdnum < MAXFD; fdnum++)
		close(fdnum);
}

static int share_page(void *from, void *to)
{
	return sys_page_map(0, from, 0, to, uvpt[PGNUM(from)] & PTE_SYSCALL);
}

static int dup_locked(int oldfdnum, int newfdnum)
{
	struct Fd *old, *new;
	int r;

	if ((r = fd_lookup(oldfdnum, &old)) < 0)
		return r;
	if (newfdnum < 0 || newfdnum >= MAXFD)
		return -E_INVAL;
	if (newfdnum == oldfdnum)
		return newfdnum;

	new = fd_page(newfdnum);
	fd_close_locked(new, false);
	if (is_mapped(fd2data(old)) && (r = share_page(fd2data(old), fd2data(new))) < 0)
		return r;
	if ((r = share_page(old, new)) < 0) {
		sys_page_unmap(0, fd2data(new));
		return r;
	}
	return newfdnum;
}

int dup(int oldfdnum, int newfdnum)
{
	mutex_lock(&fds_lock);
	return fds_unlock(dup_locked(oldfdnum, newfdnum));
}

ssize_t read(int fdnum, void *buf, size_t n)
{
	struct Fd *fd;
	struct Dev *dev;
	int r = lookup(fdnum, &fd, &dev);

	if (r < 0)
		return r;
	if ((fd->fd_omode & O_ACCMODE) == O_WRONLY)
		return -E_INVAL;
	return dev->dev_read ? dev->dev_read(fd, buf, n) : -E_NOT_SUPP;
}

ssize_t write(int fdnum, const void *buf, size_t n)
{
	struct Fd *fd;
	struct Dev *dev;
	int r = lookup(fdnum, &fd, &dev);

	if (r < 0)
		return r;
	if ((fd->fd_omode & O_ACCMODE) == O_RDONLY)
		return -E_INVAL;
	return dev->dev_write ? dev->dev_write(fd, buf, n) : -E_NOT_SUPP;
}

ssize_t readn(int fdnum, void *buf, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = read(fdnum, (char *)buf + done, n - done);
		if (got < 0)
			return got;
		if (got == 0)
			break;
		done += got;
	}
	return done;
}

int seek(int fdnum, off_t offset)
{
	struct Fd *fd;
	int r = fd_lookup(fdnum, &fd);

	if (r < 0)
		return r;
	if (offset < 0)
		return -E_INVAL;
	fd->fd_offset = offset;
	return 0;
}

int ftruncate(int fdnum, off_t size)
{
	struct Fd *fd;
	struct Dev *dev;
	int r = lookup(fdnum, &fd, &dev);

	if (r < 0)
		return r;
	if ((fd->fd_omode & O_ACCMODE) == O_RDONLY)
		return -E_INVAL;
	return dev->dev_trunc ? dev->dev_trunc(fd, size) : -E_NOT_SUPP;
}

int fstat(int fdnum, struct Stat *stat)
{
	struct Fd *fd;
	struct Dev *dev;
	int r = lookup(fdnum, &fd, &dev);

	if (r < 0)
		return r;
	if (dev->dev_stat == NULL)
		return -E_NOT_SUPP;
	memset(stat, 0, sizeof(*stat));
	stat->st_dev = dev;
	return dev->dev_stat(fd, stat);
}

int stat(const char *path, struct Stat *stat)
{
	int fdnum = open(path, O_RDONLY);
	int r;

	if (fdnum < 0)
		return fdnum;
	r = fstat(fdnum, stat);
	close(fdnum);
	return r;
}
