/* SPDX-License-Identifier: MIT */
/*
 * The console: cputchar goes to it directly, getchar reads descriptor 0, whatever that is, and devcons makes
 * a descriptor of it.
 */
#include <lib/private.h>

#define CTRL_D 4

static ssize_t devcons_read(struct Fd *fd, void *buf, size_t len);
static ssize_t devcons_write(struct Fd *fd, const void *buf, size_t len);
static int devcons_close(struct Fd *fd);
static int devcons_stat(struct Fd *fd, struct Stat *stat);

struct Dev devcons = {
	.dev_id = 'c',
	.dev_name = "cons",
	.dev_read = devcons_read,
	.dev_write = devcons_write,
	.dev_close = devcons_close,
	.dev_stat = devcons_stat,
};

void cputchar(int c)
{
	char byte = c;

	sys_cputs(&byte, 1);
}

int getchar(void)
{
	unsigned char byte;
	ssize_t n = read(0, &byte, 1);

	if (n < 0)
		return n;
	return n == 0 ? -E_EOF : byte;
}

int iscons(int fdnum)
{
	struct Fd *fd;
	int r = fd_lookup(fdnum, &fd);

	return r < 0 ? r : fd->fd_dev_id == devcons.dev_id;
}

int opencons(void)
{
	struct Fd *fd;
	int r;

	mutex_lock(&fds_lock);
	if ((r = fd_alloc(&fd)) >= 0)
		r = sys_page_alloc(0, fd, PTE_P | PTE_U | PTE_W | PTE_SHARE);
	if (fds_unlock(r) < 0)
		return r;
	fd->fd_omode = O_RDWR;
	fd->fd_dev_id = devcons.dev_id;
	return fd2num(fd);
}

/* One character at a time; the environment sleeps until there is one. Ctrl-D is the end of input. */
static ssize_t devcons_read(struct Fd *fd, void *buf, size_t len)
{
	int c;

	USED(fd);
	if (len == 0)
		return 0;
	while ((c = sys_cgetc()) == 0)
		sys_cons_wait();
	if (c < 0)
		return c;
	if (c == CTRL_D)
		return 0;
	*(char *)buf = c;
	return 1;
}

static ssize_t devcons_write(struct Fd *fd, const void *buf, size_t len)
{
	USED(fd);
	sys_cputs(buf, len);
	return len;
}

static int devcons_close(struct Fd *fd)
{
	USED(fd);
	return 0;
}

static int devcons_stat(struct Fd *fd, struct Stat *stat)
{
	USED(fd);
	strcpy(stat->st_name, "<cons>");
	return 0;
}
