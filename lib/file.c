/* SPDX-License-Identifier: MIT */
/*
 * Files: every call is a message to the file server with the page fsipcbuf, which holds the request and then
 * the answer (inc/fs.h). The descriptor's page is the server's too: it moves the offset on.
 */
#include <inc/lib.h>

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

static envid_t server(void)
{
	static envid_t found;

	if (found == 0)
		found = ipc_find_env(ENV_TYPE_FS);
	return found;
}

/* Send the request in fsipcbuf, and wait for the answer; a page that comes with it is mapped at `dstva`. */
static int request(unsigned type, void *dstva)
{
	volatile char *page = fsipcbuf._pad;
	envid_t to = server(), from;
	int answer;

	if (to == 0)
		return -E_NOT_SUPP;
	*page = *page; /* after a fork it is copy-on-write, and could not be sent as writable */
	ipc_send(to, type, &fsipcbuf, PTE_P | PTE_W | PTE_U);
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

	if ((r = copy_path(fsipcbuf.open.req_path, path)) < 0)
		return r;
	if ((r = fd_alloc(&fd)) < 0)
		return r;
	fsipcbuf.open.req_omode = mode;
	r = request(FSREQ_OPEN, fd);
	return r < 0 ? r : fd2num(fd);
}

int remove(const char *path)
{
	int r = copy_path(fsipcbuf.remove.req_path, path);

	return r < 0 ? r : request(FSREQ_REMOVE, NULL);
}

int sync(void)
{
	return request(FSREQ_SYNC, NULL);
}

/* The server sees from the page's reference count, later, that the file is no longer open. */
static int devfile_close(struct Fd *fd)
{
	fsipcbuf.flush.req_fileid = fd->fd_file.id;
	return request(FSREQ_FLUSH, NULL);
}

/* Up to one page at a time: who wants all of it calls readn(). */
static ssize_t devfile_read(struct Fd *fd, void *buf, size_t n)
{
	int got;

	fsipcbuf.read.req_fileid = fd->fd_file.id;
	fsipcbuf.read.req_n = MIN(n, sizeof(fsipcbuf.readRet.ret_buf));
	if ((got = request(FSREQ_READ, NULL)) <= 0)
		return got;
	if ((size_t)got > n)
		return -E_INVAL;
	memcpy(buf, fsipcbuf.readRet.ret_buf, got);
	return got;
}

/* All of it, by as many requests as it takes. An error after the first of them shows as a short count. */
static ssize_t devfile_write(struct Fd *fd, const void *buf, size_t n)
{
	size_t done = 0;
	int r = 0;

	while (done < n) {
		size_t part = MIN(n - done, sizeof(fsipcbuf.write.req_buf));

		fsipcbuf.write.req_fileid = fd->fd_file.id;
		fsipcbuf.write.req_n = part;
		memcpy(fsipcbuf.write.req_buf, (const char *)buf + done, part);
		if ((r = request(FSREQ_WRITE, NULL)) <= 0)
			break;
		done += r;
	}
	return done > 0 ? (ssize_t)done : r;
}

static int devfile_stat(struct Fd *fd, struct Stat *stat)
{
	int r;

	fsipcbuf.stat.req_fileid = fd->fd_file.id;
	if ((r = request(FSREQ_STAT, NULL)) < 0)
		return r;
	strlcpy(stat->st_name, fsipcbuf.statRet.ret_name, sizeof(stat->st_name));
	stat->st_size = fsipcbuf.statRet.ret_size;
	stat->st_isdir = fsipcbuf.statRet.ret_isdir;
	return 0;
}

static int devfile_trunc(struct Fd *fd, off_t size)
{
	fsipcbuf.set_size.req_fileid = fd->fd_file.id;
	fsipcbuf.set_size.req_size = size;
	return request(FSREQ_SET_SIZE, NULL);
}
