/* SPDX-License-Identifier: MIT */
/*
 * Sockets as descriptors. The descriptor's page comes from the network server, which keeps a mapping of it: so it
 * sees when the last of those who share the descriptor is gone, even if that one could not close it.
 */
#include <lib/private.h>
#include <lib/nsipc.h>

#include "lwip/sockets.h"

static ssize_t devsock_read(struct Fd *fd, void *buf, size_t n);
static ssize_t devsock_write(struct Fd *fd, const void *buf, size_t n);
static int devsock_stat(struct Fd *fd, struct Stat *stat);
static int devsock_close(struct Fd *fd);

struct Dev devsock = {
	.dev_id = 's',
	.dev_name = "sock",
	.dev_read = devsock_read,
	.dev_write = devsock_write,
	.dev_close = devsock_close,
	.dev_stat = devsock_stat,
};

/* Complete the descriptor, whose page has just come with that socket. */
static int fill(struct Fd *fd, int sockid)
{
	if (sockid < 0)
		return sockid;
	fd->fd_dev_id = devsock.dev_id;
	fd->fd_omode = O_RDWR;
	fd->fd_offset = 0;
	fd->fd_sock.sockid = sockid;
	return fd2num(fd);
}

static int number_of(int fdnum)
{
	struct Fd *fd;
	int r = fd_lookup(fdnum, &fd);

	if (r < 0)
		return r;
	return fd->fd_dev_id == devsock.dev_id ? fd->fd_sock.sockid : -E_NOT_SUPP;
}

int socket(int domain, int type, int protocol)
{
	struct Fd *fd;

	mutex_lock(&fds_lock);
	int r = fd_alloc(&fd);
	return fds_unlock(r < 0 ? r : fill(fd, nsipc_socket_fd(domain, type, protocol, fd)));
}

/* A new socket's page, which has come to `page`: a descriptor of it, or none, and then the socket is closed. */
static int move_in(void *page, int sockid)
{
	struct Fd *fd;

	mutex_lock(&fds_lock);
	int r = fd_alloc(&fd);
	if (r >= 0)
		r = sys_page_map(0, page, 0, fd, PTE_P | PTE_U | PTE_W | PTE_SHARE);
	if (r >= 0)
		r = fill(fd, sockid);
	fds_unlock(0);
	sys_page_unmap(0, page);
	if (r < 0)
		nsipc_close(sockid);
	return r;
}

/* Which descriptor it gets is decided when a connection has come: other threads make descriptors meanwhile. */
int accept(int s, struct sockaddr *addr, socklen_t *addrlen)
{
	struct Fd *fd;
	int r;

	if ((s = number_of(s)) < 0)
		return s;
	if ((r = fd_alloc(&fd)) < 0)
		return r;
	r = nsipc_accept_fd(s, addr, addrlen, THREAD_SCRATCH);
	return r < 0 ? r : move_in(THREAD_SCRATCH, r);
}

int bind(int s, struct sockaddr *name, socklen_t namelen)
{
	return (s = number_of(s)) < 0 ? s : nsipc_bind(s, name, namelen);
}

int connect(int s, const struct sockaddr *name, socklen_t namelen)
{
	return (s = number_of(s)) < 0 ? s : nsipc_connect(s, name, namelen);
}

int listen(int s, int backlog)
{
	return (s = number_of(s)) < 0 ? s : nsipc_listen(s, backlog);
}

int shutdown(int s, int how)
{
	return (s = number_of(s)) < 0 ? s : nsipc_shutdown(s, how);
}

/*
 * Only the last one closes: whoever finds no mapping besides the server's. When two do it at the same time and
 * neither is the last, the server finds out by itself.
 */
static int devsock_close(struct Fd *fd)
{
	return pageref(fd) == 2 ? nsipc_close(fd->fd_sock.sockid) : 0;
}

static ssize_t devsock_read(struct Fd *fd, void *buf, size_t n)
{
	return nsipc_recv(fd->fd_sock.sockid, buf, MIN(n, (size_t)PGSIZE), 0);
}

/* All of it, by as many requests as it takes. An error after the first of them shows as a short count. */
static ssize_t devsock_write(struct Fd *fd, const void *buf, size_t n)
{
	size_t done = 0;
	int r = 0;

	while (done < n) {
		r = nsipc_send(fd->fd_sock.sockid, (const char *)buf + done, MIN(n - done, (size_t)PGSIZE), 0);
		if (r <= 0)
			break;
		done += r;
	}
	return done > 0 ? (ssize_t)done : r;
}

static int devsock_stat(struct Fd *fd, struct Stat *stat)
{
	(void)fd;
	strcpy(stat->st_name, "<sock>");
	return 0;
}
