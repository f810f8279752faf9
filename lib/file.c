/* SPDX-License-Identifier: MIT */
/*
 * Files: every call is a message to the file server with the page fsipcbuf, which holds the request and then
 * the answer (inc/fs.h). Threads other than the first have such a page each. The descriptor's page is the server's too: it
 * moves the offset on.
 */
#include <lib/private.h>

static int devfile_close(struct Fd *fd);
static ssize_t devfile_read(struct Fd *fd, void *buf, size_t n);
static ssize_t devfile_write(struct Fd *fd, const void *buf, size_t n);
static int devfile_stat(struct Fd *fd, struct Stat *stat);
static int devfile_trunc(struct Fd *fd, off_t size);

struct Dev devfile = {
	.dev_id = 'f',
	.dev_name = "file",
	.dev_read = devfile_read,
	.dev_write = devfile_write,
	.dev_close = devfile_close,
	.dev_stat = devfile_stat,
	.dev_trunc = devfile_trunc,
};

/* In .data and not in .bss, so that a program's own arrays are the last thing in its memory. */
union Fsipc fsipcbuf __attribute__((aligned(PGSIZE), section(".data")));

static union Fsipc *ipcbuf(void) { return request_page(&fsipcbuf); }

static envid_t server(void)
{
	static envid_t found;

	if (found == 0)
		found = ipc_find_env(ENV_TYPE_FS);
	return found;
}

/* Send the request in ipcbuf(), and wait for the answer; a page that comes with it is mapped at `dstva`. */
static int request(unsigned type, void *dstva)
{
	volatile char *page = ipcbuf()->_pad;
	envid_t to = server(), from;
	int answer;

	if (to == 0)
		return -E_NOT_SUPP;
	*page = *page; /* after a fork it is copy-on-write, and could not be sent as writable */
	ipc_send(to, type, ipcbuf(), PTE_P | PTE_W | PTE_U);
	do
		answer = ipc_recv(&from, dstva, NULL);
	while (from != to && from != 0);
	return answer;
}

static int copy_path(char *dst, const char *path)
{
	if (strnlen(path, MAXPATHLEN) == MAXPATHLEN)
		return -E_BAD_PATH;
	strcpy(dst, path);
	return 0;
}

int open(const char *path, int mode)
{
	struct Fd *fd;
	int r;

	if ((r = copy_path(ipcbuf()->open.req_path, path)) < 0)
		return r;
	ipcbuf()->open.req_omode = mode;
	mutex_lock(&fds_lock);
	if ((r = fd_alloc(&fd)) >= 0)
		r = request(FSREQ_OPEN, fd);
	mutex_unlock(&fds_lock);
	return r < 0 ? r : fd2num(fd);
}

int remove(const char *path)
{
	int r = copy_path(ipcbuf()->remove.req_path, path);

	return r < 0 ? r : request(FSREQ_REMOVE, NULL);
}

int sync(void)
{
	return request(FSREQ_SYNC, NULL);
}

/* The server sees from the page's reference count, later, that the file is no longer open. */
static int devfile_close(struct Fd *fd)
{
	ipcbuf()->flush.req_fileid = fd->fd_file.id;
	return request(FSREQ_FLUSH, NULL);
}

/* Up to one page at a time: who wants all of it calls readn(). */
static ssize_t devfile_read(struct Fd *fd, void *buf, size_t n)
{
	int got;

	ipcbuf()->read.req_fileid = fd->fd_file.id;
	ipcbuf()->read.req_n = MIN(n, sizeof(ipcbuf()->readRet.ret_buf));
	if ((got = request(FSREQ_READ, NULL)) <= 0)
		return got;
	if ((size_t)got > n)
		return -E_INVAL;
	memcpy(buf, ipcbuf()->readRet.ret_buf, got);
	return got;
}

/* All of it, by as many requests as it takes. An error after the first of them shows as a short count. */
static ssize_t devfile_write(struct Fd *fd, const void *buf, size_t n)
{
	size_t done = 0;
	int r = 0;

	while (done < n) {
		size_t part = MIN(n - done, sizeof(ipcbuf()->write.req_buf));

		ipcbuf()->write.req_fileid = fd->fd_file.id;
		ipcbuf()->write.req_n = part;
		memcpy(ipcbuf()->write.req_buf, (const char *)buf + done, part);
		if ((r = request(FSREQ_WRITE, NULL)) <= 0)
			break;
		done += r;
	}
	return done > 0 ? (ssize_t)done : r;
}

static int devfile_stat(struct Fd *fd, struct Stat *stat)
{
	int r;

	ipcbuf()->stat.req_fileid = fd->fd_file.id;
	if ((r = request(FSREQ_STAT, NULL)) < 0)
		return r;
	strlcpy(stat->st_name, ipcbuf()->statRet.ret_name, sizeof(stat->st_name));
	stat->st_size = ipcbuf()->statRet.ret_size;
	stat->st_isdir = ipcbuf()->statRet.ret_isdir;
	return 0;
}

static int devfile_trunc(struct Fd *fd, off_t size)
{
	ipcbuf()->set_size.req_fileid = fd->fd_file.id;
	ipcbuf()->set_size.req_size = size;
	return request(FSREQ_SET_SIZE, NULL);
}
