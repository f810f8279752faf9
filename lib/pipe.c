/* SPDX-License-Identifier: MIT */
/*
 * Pipes: two descriptors, one to read and one to write, that share one data page with a ring of bytes.
 *
 * Whether the other end is closed shows in how often pages are mapped. Every descriptor page of the pipe
 * comes with a mapping of the data page, which is made before it and removed after it, so at every moment
 *
 *	pageref(data) >= pageref(this end) + pageref(other end)
 *
 * and once the first two are equal nobody holds the other end, nor ever will again. The trouble is to read
 * two counts at one moment: see pipeisclosed_by().
 */
#include <lib/private.h>

#define PIPEBUFSIZ 32 /* a power of two: positions run free and wrap */
#define LOOKS 4

static ssize_t devpipe_read(struct Fd *fd, void *buf, size_t n);
static ssize_t devpipe_write(struct Fd *fd, const void *buf, size_t n);
static int devpipe_stat(struct Fd *fd, struct Stat *stat);
static int devpipe_close(struct Fd *fd);

struct Dev devpipe = {
	.dev_id = 'p',
	.dev_name = "pipe",
	.dev_read = devpipe_read,
	.dev_write = devpipe_write,
	.dev_close = devpipe_close,
	.dev_stat = devpipe_stat,
};

struct Pipe {
	volatile uint32_t p_rpos; /* written by the reader */
	volatile uint32_t p_wpos; /* written by the writer */
	volatile uint8_t p_buf[PIPEBUFSIZ];
};

static struct Pipe *pipe_of(struct Fd *fd)
{
	return (struct Pipe *)fd2data(fd);
}

/* One end: a new descriptor's page at *fd_store. */
static int make_end(struct Fd **fd_store, int omode)
{
	int r;

	if ((r = fd_alloc(fd_store)) < 0)
		return r;
	if ((r = sys_page_alloc(0, *fd_store, PTE_P | PTE_W | PTE_U | PTE_SHARE)) < 0)
		return r;
	(*fd_store)->fd_dev_id = devpipe.dev_id;
	(*fd_store)->fd_omode = omode;
	return 0;
}

static int make_data(struct Fd *reader, struct Fd *writer)
{
	int perm = PTE_P | PTE_W | PTE_U | PTE_SHARE;
	int r;

	if ((r = sys_page_alloc(0, pipe_of(reader), perm)) < 0)
		return r;
	if ((r = sys_page_map(0, pipe_of(reader), 0, pipe_of(writer), perm)) < 0)
		sys_page_unmap(0, pipe_of(reader));
	return r;
}

static int make_pipe(int pipefds[2])
{
	struct Fd *reader, *writer;
	int r;

	if ((r = make_end(&reader, O_RDONLY)) < 0)
		return r;
	if ((r = make_end(&writer, O_WRONLY)) < 0)
		goto drop_reader;
	if ((r = make_data(reader, writer)) < 0)
		goto drop_writer;
	pipefds[0] = fd2num(reader);
	pipefds[1] = fd2num(writer);
	return 0;

drop_writer:
	sys_page_unmap(0, writer);
drop_reader:
	sys_page_unmap(0, reader);
	return r;
}

int pipe(int pipefds[2])
{
	mutex_lock(&fds_lock);
	return fds_unlock(make_pipe(pipefds));
}

/*
 * Do the counts say that the other end is closed? If this environment was off its CPU in between, they are of
 * different times: look again.
 */
static bool counts_are_equal(struct Fd *fd)
{
	uint32_t runs;
	bool equal;

	do {
		runs = thisenv->env_runs;
		int ours = pageref(fd);
		equal = pageref(pipe_of(fd)) == ours && pageref(fd) == ours;
	} while (thisenv->env_runs != runs);
	return equal;
}

/*
 * Others, on other CPUs, may close and duplicate descriptors of this pipe at the very same time, and so
 * feign equality for an instant. A closed pipe stays closed, so only this answer needs, and gets, several
 * looks with time between them.
 */
static bool pipeisclosed_by(struct Fd *fd)
{
	for (int look = 0; look < LOOKS; look++) {
		if (!counts_are_equal(fd))
			return false;
		sys_yield();
	}
	return true;
}

int pipeisclosed(int fdnum)
{
	struct Fd *fd;
	int r = fd_lookup(fdnum, &fd);

	if (r < 0)
		return r;
	return fd->fd_dev_id == devpipe.dev_id ? pipeisclosed_by(fd) : -E_INVAL;
}

/* Waits for the first byte, then takes what is there; 0 when the pipe is empty and closed. */
static ssize_t devpipe_read(struct Fd *fd, void *buf, size_t n)
{
	struct Pipe *p = pipe_of(fd);
	uint8_t *to = buf;
	size_t got;

	if (n == 0)
		return 0;
	while (p->p_rpos == p->p_wpos) {
		/* What was written just before the close is still to be read. */
		if (pipeisclosed_by(fd) && p->p_rpos == p->p_wpos)
			return 0;
		sys_yield();
	}
	for (got = 0; got < n && p->p_rpos != p->p_wpos; got++) {
		to[got] = p->p_buf[p->p_rpos % PIPEBUFSIZ];
		p->p_rpos++;
	}
	return got;
}

/* Waits until all is in the ring. When nobody can read it any more, the count of what went in before that. */
static ssize_t devpipe_write(struct Fd *fd, const void *buf, size_t n)
{
	struct Pipe *p = pipe_of(fd);
	const uint8_t *from = buf;
	size_t put;

	for (put = 0; put < n; put++) {
		while (p->p_wpos - p->p_rpos == PIPEBUFSIZ) {
			if (pipeisclosed_by(fd))
				return put;
			sys_yield();
		}
		p->p_buf[p->p_wpos % PIPEBUFSIZ] = from[put];
		p->p_wpos++;
	}
	return put;
}

static int devpipe_stat(struct Fd *fd, struct Stat *stat)
{
	struct Pipe *p = pipe_of(fd);

	strcpy(stat->st_name, "<pipe>");
	stat->st_size = p->p_wpos - p->p_rpos;
	return 0;
}

/* The descriptor goes first, then its data. */
static int devpipe_close(struct Fd *fd)
{
	void *data = pipe_of(fd);

	sys_page_unmap(0, fd);
	return sys_page_unmap(0, data);
}
