/* SPDX-License-Identifier: MIT */
/*
 * Every name, prototype and constant that a program written for JOS may rely on. What breaks one of them breaks this
 * program: most when it is compiled, some when it is linked, and the error names when it runs.
 */
#include <inc/elf.h>
#include <inc/kbdreg.h>
#include <inc/lib.h>
#include <inc/partition.h>
#include <inc/stab.h>
#include <inc/x86.h>
#include <lwip/inet.h>
#include <lwip/sockets.h>

#define IS(name, value) static_assert((uint32_t)(name) == (uint32_t)(value))

/* System calls and errors: the numbers are in binaries and in graders. */
IS(SYS_cputs, 0); IS(SYS_cgetc, 1); IS(SYS_getenvid, 2); IS(SYS_env_destroy, 3); IS(SYS_page_alloc, 4);
IS(SYS_page_map, 5); IS(SYS_page_unmap, 6); IS(SYS_exofork, 7); IS(SYS_env_set_status, 8);
IS(SYS_env_set_trapframe, 9); IS(SYS_env_set_pgfault_upcall, 10); IS(SYS_yield, 11); IS(SYS_ipc_try_send, 12);
IS(SYS_ipc_recv, 13); IS(SYS_time_msec, 14); IS(T_SYSCALL, 48);

/* Address space. */
IS(KERNBASE, 0xF0000000); IS(KSTACKTOP, KERNBASE); IS(KSTKSIZE, 8 * PGSIZE); IS(KSTKGAP, 8 * PGSIZE);
IS(MMIOLIM, 0xEFC00000); IS(MMIOBASE, 0xEF800000); IS(ULIM, MMIOBASE); IS(UVPT, 0xEF400000); IS(UPAGES, 0xEF000000);
IS(UENVS, 0xEEC00000); IS(UTOP, UENVS); IS(UXSTACKTOP, UTOP); IS(USTACKTOP, 0xEEBFE000); IS(UTEXT, 0x00800000);
IS(MPENTRY_PADDR, 0x7000); IS(IOPHYSMEM, 0xA0000); IS(EXTPHYSMEM, 0x100000); IS(GD_KT, 8); IS(GD_KD, 0x10);
IS(GD_UT, 0x18); IS(GD_UD, 0x20); IS(GD_TSS0, 0x28); IS(PGSIZE, 4096); IS(PTSIZE, 4 << 20); IS(NPDENTRIES, 1024);
IS(NPTENTRIES, 1024); IS(PTE_SHARE, 0x400); IS(PTE_COW, 0x800); IS(PTE_AVAIL, 0xE00); IS(PTE_P | PTE_W | PTE_U, 7);
IS(PTE_SYSCALL, 0xE07); IS(PDX(0xF0000000), 960); IS(PTX(0x00801000), 1); IS(PGNUM(0x5000), 5); IS(PGOFF(0x5123), 0x123);
IS(PTE_ADDR(0x1234567), 0x1234000);

/* Environments, traps, interrupts. */
IS(NENV, 1024); IS(LOG2NENV, 10); IS(ENVX(0x1003), 3); IS(ENV_FREE, 0); IS(ENV_DYING, 1); IS(ENV_RUNNABLE, 2);
IS(ENV_RUNNING, 3); IS(ENV_NOT_RUNNABLE, 4); IS(ENV_TYPE_USER, 0); IS(ENV_TYPE_FS, 1); IS(ENV_TYPE_NS, 2);
IS(IRQ_OFFSET, 32); IS(IRQ_TIMER, 0); IS(IRQ_KBD, 1); IS(IRQ_SERIAL, 4); IS(IRQ_SPURIOUS, 7); IS(IRQ_IDE, 14);
IS(IRQ_ERROR, 19); IS(T_DIVIDE, 0); IS(T_BRKPT, 3); IS(T_GPFLT, 13); IS(T_PGFLT, 14); IS(FEC_PR, 1); IS(FEC_WR, 2);
IS(FEC_U, 4);

/* Files and the two servers' requests. */
IS(O_RDONLY, 0); IS(O_WRONLY, 1); IS(O_RDWR, 2); IS(O_ACCMODE, 3); IS(O_CREAT, 0x100); IS(O_TRUNC, 0x200);
IS(O_EXCL, 0x400); IS(O_MKDIR, 0x800); IS(MAXFD, 32); IS(BLKSIZE, 4096); IS(MAXNAMELEN, 128); IS(MAXPATHLEN, 1024);
IS(NDIRECT, 10); IS(FS_MAGIC, 0x4A0530AE); IS(sizeof(struct File), 256); IS(FTYPE_REG, 0); IS(FTYPE_DIR, 1);
IS(FSREQ_OPEN, 1); IS(FSREQ_SET_SIZE, 2); IS(FSREQ_READ, 3); IS(FSREQ_WRITE, 4); IS(FSREQ_STAT, 5); IS(FSREQ_FLUSH, 6);
IS(FSREQ_REMOVE, 7); IS(FSREQ_SYNC, 8); IS(NSREQ_ACCEPT, 1); IS(NSREQ_BIND, 2); IS(NSREQ_SHUTDOWN, 3);
IS(NSREQ_CLOSE, 4); IS(NSREQ_CONNECT, 5); IS(NSREQ_LISTEN, 6); IS(NSREQ_RECV, 7); IS(NSREQ_SEND, 8);
IS(NSREQ_SOCKET, 9); IS(NSREQ_INPUT, 10); IS(NSREQ_OUTPUT, 11); IS(NSREQ_TIMER, 12); IS(sizeof(union Fsipc), PGSIZE);
IS(sizeof(union Nsipc), PGSIZE); IS(offsetof(struct jif_pkt, jp_data), 4); IS(sizeof(struct sockaddr_in), 16);

/* Each line takes a function's address as what its prototype must be. */
#define FUNCTIONS(F)                                                                                              \
	F(void, umain, (int, char **)) F(void, exit, (void))                                                      \
	F(void, set_pgfault_handler, (void (*)(struct UTrapframe *))) F(char *, readline, (const char *))         \
	F(void, sys_cputs, (const char *, size_t)) F(int, sys_cgetc, (void)) F(envid_t, sys_getenvid, (void))     \
	F(int, sys_env_destroy, (envid_t)) F(void, sys_yield, (void)) F(envid_t, sys_exofork, (void))             \
	F(int, sys_page_alloc, (envid_t, void *, int)) F(int, sys_page_unmap, (envid_t, void *))                  \
	F(int, sys_page_map, (envid_t, void *, envid_t, void *, int)) F(int, sys_env_set_status, (envid_t, int))  \
	F(int, sys_env_set_trapframe, (envid_t, struct Trapframe *))                                              \
	F(int, sys_env_set_pgfault_upcall, (envid_t, void *)) F(unsigned int, sys_time_msec, (void))              \
	F(int, sys_ipc_try_send, (envid_t, uint32_t, void *, int)) F(int, sys_ipc_recv, (void *))                 \
	F(void, ipc_send, (envid_t, uint32_t, void *, int)) F(int32_t, ipc_recv, (envid_t *, void *, int *))      \
	F(envid_t, ipc_find_env, (enum EnvType)) F(envid_t, fork, (void)) F(envid_t, sfork, (void))               \
	F(int, close, (int)) F(ssize_t, read, (int, void *, size_t)) F(ssize_t, write, (int, const void *, size_t)) \
	F(int, seek, (int, off_t)) F(void, close_all, (void)) F(ssize_t, readn, (int, void *, size_t))            \
	F(int, dup, (int, int)) F(int, fstat, (int, struct Stat *)) F(int, stat, (const char *, struct Stat *))   \
	F(int, open, (const char *, int)) F(int, ftruncate, (int, off_t)) F(int, remove, (const char *))          \
	F(int, sync, (void)) F(int, pageref, (void *)) F(envid_t, spawn, (const char *, const char **))           \
	F(envid_t, spawnl, (const char *, const char *, ...)) F(void, cputchar, (int)) F(int, getchar, (void))    \
	F(int, iscons, (int)) F(int, opencons, (void)) F(int, pipe, (int *)) F(int, pipeisclosed, (int))          \
	F(void, wait, (envid_t)) F(void *, malloc, (size_t)) F(void, free, (void *))                              \
	F(void, printfmt, (void (*)(int, void *), void *, const char *, ...))                                     \
	F(void, vprintfmt, (void (*)(int, void *), void *, const char *, va_list))                                \
	F(int, snprintf, (char *, int, const char *, ...)) F(int, vsnprintf, (char *, int, const char *, va_list)) \
	F(int, cprintf, (const char *, ...)) F(int, vcprintf, (const char *, va_list)) F(int, printf, (const char *, ...)) \
	F(int, fprintf, (int, const char *, ...)) F(int, vfprintf, (int, const char *, va_list))                  \
	F(int, strlen, (const char *)) F(int, strnlen, (const char *, size_t)) F(char *, strcpy, (char *, const char *)) \
	F(char *, strncpy, (char *, const char *, size_t)) F(char *, strcat, (char *, const char *))              \
	F(size_t, strlcpy, (char *, const char *, size_t)) F(int, strcmp, (const char *, const char *))           \
	F(int, strncmp, (const char *, const char *, size_t)) F(char *, strchr, (const char *, char))             \
	F(char *, strfind, (const char *, char)) F(void *, memset, (void *, int, size_t))                         \
	F(void *, memcpy, (void *, const void *, size_t)) F(void *, memmove, (void *, const void *, size_t))      \
	F(int, memcmp, (const void *, const void *, size_t)) F(void *, memfind, (const void *, int, size_t))      \
	F(long, strtol, (const char *, char **, int)) F(void, argstart, (int *, char **, struct Argstate *))      \
	F(int, argnext, (struct Argstate *)) F(char *, argnextvalue, (struct Argstate *))                         \
	F(char *, argvalue, (struct Argstate *)) F(void, _panic, (const char *, int, const char *, ...))          \
	F(int, socket, (int, int, int)) F(int, bind, (int, struct sockaddr *, socklen_t)) F(int, listen, (int, int)) \
	F(int, accept, (int, struct sockaddr *, socklen_t *)) F(int, shutdown, (int, int))                        \
	F(int, connect, (int, const struct sockaddr *, socklen_t)) F(int, nsipc_socket, (int, int, int))          \
	F(int, nsipc_bind, (int, struct sockaddr *, socklen_t)) F(int, nsipc_listen, (int, int))                  \
	F(int, nsipc_accept, (int, struct sockaddr *, socklen_t *)) F(int, nsipc_shutdown, (int, int))            \
	F(int, nsipc_connect, (int, const struct sockaddr *, socklen_t)) F(int, nsipc_close, (int))               \
	F(int, nsipc_recv, (int, void *, int, unsigned int)) F(int, nsipc_send, (int, const void *, int, unsigned int))

#define TYPED_(result, name, parameters) static result (*const volatile name##_) parameters = name;
FUNCTIONS(TYPED_)

static bool all_linked(void)
{
#define LINKED_(result, name, parameters) &&name##_
	return true FUNCTIONS(LINKED_);
}

static const struct {
	int number;
	const char *name;
} errors[] = {
	{ E_UNSPECIFIED, "unspecified error" }, { E_BAD_ENV, "bad environment" }, { E_INVAL, "invalid parameter" },
	{ E_NO_MEM, "out of memory" }, { E_NO_FREE_ENV, "out of environments" }, { E_FAULT, "segmentation fault" },
	{ E_IPC_NOT_RECV, "env is not recving" }, { E_EOF, "unexpected end of file" },
	{ E_NO_DISK, "no free space on disk" }, { E_MAX_OPEN, "too many files are open" },
	{ E_NOT_FOUND, "file or block not found" }, { E_BAD_PATH, "invalid path" }, { E_FILE_EXISTS, "file already exists" },
	{ E_NOT_EXEC, "file is not a valid executable" }, { E_NOT_SUPP, "operation not supported" },
};

static void check_errors(void)
{
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		snprintf(text, sizeof(text), "%e", -errors[i].number);
		if (errors[i].number != (int)i + 1 || strcmp(text, errors[i].name) != 0)
			panic("error %d is \"%s\", not \"%s\"", errors[i].number, text, errors[i].name);
	}
}

/* Fields that JOS programs read. */
static void check_fields(void)
{
	const volatile struct Env *e = &envs[ENVX(sys_getenvid())];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(7) };

	to.sin_addr.s_addr = inet_addr("10.0.2.15");
	if (e != thisenv || e->env_id != sys_getenvid() || e->env_status != ENV_RUNNING || e->env_runs == 0 ||
	    e->env_type != ENV_TYPE_USER || e->env_parent_id != 0 || e->env_ipc_recving || e->env_pgfault_upcall)
		panic("thisenv is not this env");
	if (!(uvpd[PDX(UTEXT)] & PTE_P) || !(uvpt[PGNUM(UTEXT)] & PTE_U) || pages[PGNUM(uvpt[PGNUM(UTEXT)])].pp_ref != 1)
		panic("uvpd, uvpt and pages do not show this program's text");
	if (strcmp(inet_ntoa(to.sin_addr), "10.0.2.15") != 0 || to.sin_port != 0x0700)
		panic("lwIP's address functions are wrong");
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	if (!all_linked() || devfile.dev_id != 'f' || devcons.dev_id != 'c' || devpipe.dev_id != 'p' || devsock.dev_id != 's')
		panic("a function or a device is not there");
	check_errors();
	check_fields();
	cprintf("all of JOS's names are there\n");
}
