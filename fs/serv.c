/* SPDX-License-Identifier: MIT */
/*
 * The file server environment: takes requests by IPC, one page each, and answers them in turn.
 * Clients are not trusted. They can write to the request page while we read it, so each field is read
 * once, and checked after that; and a client that does not fetch its answer loses it.
 */
#include <inc/x86.h>
#include "fs.h"

#define READ_ONCE(field) (*(volatile __typeof__(field) *)&(field))

/* Where request pages are received. */
static union Fsipc *const fsreq = (union Fsipc *)0x0FFFF000;

/* The page that goes with an answer, if any. */
struct Answer {
	void *page;
	int perm;
};

static bool may_read(int omode)
{
	return (omode & O_ACCMODE) != O_WRONLY;
}

static bool may_write(int omode)
{
	return (omode & O_ACCMODE) != O_RDONLY;
}

/* The client's path, copied. -E_BAD_PATH if it has no end. */
static int copy_path(char *path, const char *from)
{
	for (int i = 0; i < MAXPATHLEN; i++)
		if ((path[i] = READ_ONCE(from[i])) == '\0')
			return 0;
	return -E_BAD_PATH;
}

/* O_MKDIR: a directory, found or made. O_CREAT: what is there, or else a new file. O_EXCL: only if made. */
static int find_or_create(const char *path, int omode, struct File **f)
{
	if (!(omode & (O_CREAT | O_MKDIR)))
		return file_open(path, f);
	int r = file_create(path, omode & O_MKDIR ? FTYPE_DIR : FTYPE_REG, f);
	if (r != -E_FILE_EXISTS || (omode & O_EXCL))
		return r;
	return omode & O_MKDIR && (*f)->f_type != FTYPE_DIR ? r : 0;
}

/* Directories are changed by creating and removing what is in them, and in no other way. */
static int open_file(const char *path, int omode, struct File **f)
{
	bool changes = may_write(omode) || (omode & O_TRUNC);

	if ((omode & O_ACCMODE) == O_ACCMODE || (omode & O_MKDIR && changes))
		return -E_INVAL;
	int r = find_or_create(path, omode, f);
	if (r < 0)
		return r;
	if ((*f)->f_type == FTYPE_DIR && changes)
		return -E_PERM;
	return omode & O_TRUNC ? file_set_size(*f, 0) : 0;
}

static int serve_open(union Fsipc *req, struct Answer *answer)
{
	char path[MAXPATHLEN];
	struct OpenFile *o;
	struct File *f;

	int omode = READ_ONCE(req->open.req_omode);
	int r = copy_path(path, req->open.req_path);
	if (r < 0 || (r = openfile_alloc(&o)) < 0 || (r = open_file(path, omode, &f)) < 0)
		return r;
	o->o_file = f;
	o->o_mode = omode;
	o->o_fd->fd_dev_id = devfile.dev_id;
	o->o_fd->fd_omode = omode & O_ACCMODE;
	o->o_fd->fd_file.id = o->o_fileid;
	answer->page = o->o_fd;
	answer->perm = PTE_P | PTE_U | PTE_W | PTE_SHARE;
	return 0;
}

static int serve_set_size(union Fsipc *req, struct Answer *answer __attribute__((unused)))
{
	struct OpenFile *o;
	int r = openfile_lookup(READ_ONCE(req->set_size.req_fileid), &o);
	if (r < 0)
		return r;
	return may_write(o->o_mode) ? file_set_size(o->o_file, READ_ONCE(req->set_size.req_size)) : -E_INVAL;
}

/* Read at the Fd's offset, at most what the answer's page holds; the offset moves on. */
static int serve_read(union Fsipc *req, struct Answer *answer __attribute__((unused)))
{
	struct OpenFile *o;
	size_t count = MIN(READ_ONCE(req->read.req_n), sizeof(req->readRet.ret_buf));
	int r = openfile_lookup(READ_ONCE(req->read.req_fileid), &o);
	if (r < 0)
		return r;
	if (!may_read(o->o_mode))
		return -E_INVAL;
	off_t offset = READ_ONCE(o->o_fd->fd_offset);
	r = file_read(o->o_file, req->readRet.ret_buf, count, offset);
	if (r > 0)
		o->o_fd->fd_offset = offset + r;
	return r;
}

static int serve_write(union Fsipc *req, struct Answer *answer __attribute__((unused)))
{
	struct OpenFile *o;
	size_t count = READ_ONCE(req->write.req_n);
	int r = openfile_lookup(READ_ONCE(req->write.req_fileid), &o);
	if (r < 0)
		return r;
	if (!may_write(o->o_mode) || count > sizeof(req->write.req_buf))
		return -E_INVAL;
	off_t offset = READ_ONCE(o->o_fd->fd_offset);
	r = file_write(o->o_file, req->write.req_buf, count, offset);
	if (r > 0)
		o->o_fd->fd_offset = offset + r;
	return r;
}

static int serve_stat(union Fsipc *req, struct Answer *answer __attribute__((unused)))
{
	struct OpenFile *o;
	int r = openfile_lookup(READ_ONCE(req->stat.req_fileid), &o);
	if (r < 0)
		return r;
	struct Fsret_stat *ret = &req->statRet;
	strlcpy(ret->ret_name, o->o_file->f_name, sizeof(ret->ret_name));
	ret->ret_size = o->o_file->f_size;
	ret->ret_isdir = o->o_file->f_type == FTYPE_DIR;
	return 0;
}

static int serve_flush(union Fsipc *req, struct Answer *answer __attribute__((unused)))
{
	struct OpenFile *o;
	int r = openfile_lookup(READ_ONCE(req->flush.req_fileid), &o);
	if (r == 0)
		file_flush(o->o_file);
	return r;
}

static int serve_remove(union Fsipc *req, struct Answer *answer __attribute__((unused)))
{
	char path[MAXPATHLEN];
	struct File *gone;
	int r = copy_path(path, req->remove.req_path);
	if (r < 0 || (r = file_remove(path, &gone)) < 0)
		return r;
	openfile_forget(gone);
	return 0;
}

static int serve_sync(union Fsipc *req __attribute__((unused)), struct Answer *answer __attribute__((unused)))
{
	bc_sync();
	return disk_sync();
}

static const struct {
	int (*serve)(union Fsipc *req, struct Answer *answer);
	int perm; /* what the request's page must allow us */
} requests[] = {
	[FSREQ_OPEN] = { serve_open, PTE_P },
	[FSREQ_SET_SIZE] = { serve_set_size, PTE_P },
	[FSREQ_READ] = { serve_read, PTE_P | PTE_W },
	[FSREQ_WRITE] = { serve_write, PTE_P },
	[FSREQ_STAT] = { serve_stat, PTE_P | PTE_W },
	[FSREQ_FLUSH] = { serve_flush, PTE_P },
	[FSREQ_REMOVE] = { serve_remove, PTE_P },
	[FSREQ_SYNC] = { serve_sync, 0 },
};

static int handle(uint32_t number, int perm, struct Answer *answer)
{
	if (number >= ARRAY_SIZE(requests) || requests[number].serve == NULL)
		return -E_INVAL;
	if ((perm & requests[number].perm) != requests[number].perm)
		return -E_INVAL;
	return requests[number].serve(fsreq, answer);
}

/*
 * Hand over the answer. The client asked and should be waiting, or be a few instructions short of it. Time
 * that it spends ready to run but without a CPU is not its fault; all other time uses up our patience.
 */
static void reply(envid_t client, int result, const struct Answer *answer)
{
	enum { PATIENCE = 20000, A_RUN_COSTS = 1000 };
	const volatile struct Env *e = &envs[ENVX(client)];
	void *page = answer->page ? answer->page : (void *)UTOP;
	uint32_t runs = e->env_runs;

	for (int patience = PATIENCE; patience > 0;) {
		if (sys_ipc_try_send(client, result, page, answer->perm) != -E_IPC_NOT_RECV)
			return;
		if (e->env_runs != runs)
			patience -= A_RUN_COSTS;
		else if (e->env_status != ENV_RUNNABLE)
			patience--;
		runs = e->env_runs;
		sys_yield();
	}
}

static void serve(int mount_error)
{
	for (;;) {
		envid_t client = 0;
		int perm = 0;
		struct Answer answer = { NULL, 0 };
		uint32_t number = ipc_recv(&client, fsreq, &perm);
		int r = mount_error < 0 ? mount_error : handle(number, perm, &answer);
		if (client != 0)
			reply(client, r, &answer);
		sys_page_unmap(0, fsreq);
	}
}

/* Find the disk and look whether it holds a file system that can be used. */
static int mount(void)
{
	uint32_t nsectors;
	int r = disk_init(&nsectors);
	if (r < 0)
		return r;
	bc_init(nsectors / BLKSECTS);
	fs_test_cache();
	if ((r = super_check()) < 0)
		return r;
	return bitmap_check();
}

void umain(int argc __attribute__((unused)), char **argv __attribute__((unused)))
{
	static_assert(sizeof(struct File) == 256);
	static_assert(sizeof(union Fsipc) == PGSIZE);

	binaryname = "fs";
	cprintf("FS is running\n");
	inb(0x84); /* a port that means nothing; without the privilege this is our end */
	cprintf("FS can do I/O\n");

	openfile_init();
	int r = mount();
	if (r < 0)
		cprintf("fs: no file system: every request gets the error '%e'\n", r);
	else
		fs_test();
	serve(r);
}
