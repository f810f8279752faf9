/* SPDX-License-Identifier: MIT */
/*
 * libjos: the one header that a program includes. It starts in umain(); returning from there ends it.
 * Functions that return an int or an envid_t return a negated error (inc/error.h) when they fail, unless
 * they say otherwise. An environment id of 0 means the caller.
 */
#ifndef JOS_INC_LIB_H
#define JOS_INC_LIB_H

#include <inc/types.h>
#include <inc/stdio.h>
#include <inc/stdarg.h>
#include <inc/string.h>
#include <inc/error.h>
#include <inc/assert.h>
#include <inc/env.h>
#include <inc/memlayout.h>
#include <inc/syscall.h>
#include <inc/trap.h>
#include <inc/fs.h>
#include <inc/fd.h>
#include <inc/args.h>
#include <inc/malloc.h>
#include <inc/ns.h>
#include <inc/thread.h>

#define USED(x) (void)(x)

/* The program, and what libmain.c and entry.S prepare for it. */
void umain(int argc, char **argv);
extern const char *binaryname;
/*
 * The caller's own entry of envs[]. A variable to read, and to set in the child of sys_exofork; each thread has one.
 */
const volatile struct Env **_thisenv(void);
#define thisenv (*_thisenv())
extern const volatile struct Env envs[NENV];
extern const volatile struct PageInfo pages[];

/* exit.c: close every descriptor, then die, with all threads. */
void exit(void);

/*
 * pgfault.c: have `handler` run on this environment's page faults, on a stack of its own below UXSTACKTOP.
 * When it returns, the instruction that faulted is tried again. NULL: faults kill once more.
 * The handler is the program's; who has none takes part when it asks, or when it is created by one who does.
 */
void set_pgfault_handler(void (*handler)(struct UTrapframe *utf));

/* syscall.c. */
void sys_cputs(const char *string, size_t len);
int sys_cgetc(void); /* 0 if no character waits */
envid_t sys_getenvid(void);
int sys_env_destroy(envid_t envid);
int sys_page_alloc(envid_t envid, void *va, int perm);
int sys_page_map(envid_t srcenv, void *srcva, envid_t dstenv, void *dstva, int perm);
int sys_page_unmap(envid_t envid, void *va);
int sys_env_set_status(envid_t envid, int status);
int sys_env_set_trapframe(envid_t envid, struct Trapframe *tf);
int sys_env_set_pgfault_upcall(envid_t envid, void *upcall);
void sys_yield(void);
int sys_ipc_try_send(envid_t to, uint32_t value, void *page, int perm);
int sys_ipc_recv(void *dstva);
unsigned int sys_time_msec(void);
int sys_env_wait(envid_t envid); /* returns when that env is gone; -E_INVAL for the caller itself */
int sys_cons_wait(void); /* returns when a character can be read */
int sys_bootarg(const char *key, char *buf, size_t size);
int sys_ipc_send(envid_t to, uint32_t value, void *page, int perm); /* waits until the other receives */
int sys_ipc_call(envid_t to, uint32_t value, void *page, int perm, void *dstva);  /* the same, then sys_ipc_recv */
int sys_ipc_reply(envid_t to, uint32_t value, void *page, int perm, void *dstva); /* sys_ipc_try_send, then sys_ipc_recv */
int sys_sleep_until(unsigned int ms);             /* returns when sys_time_msec() is there */
int sys_net_mac(uint8_t *mac);                    /* of the network card */
int sys_net_send(const void *frame, size_t len);  /* -E_AGAIN: the card is behind; the frame may change after return */
int sys_net_recv(void *buf, size_t size);         /* waits for a frame; its length */
int sys_net_send_all(const void *page);           /* the packets of a page (inc/ns.h), all or none */
envid_t sys_thread_create(void (*entry)(void), uint32_t arg); /* not runnable yet; arg comes in eax; see thread_create */
int sys_page_own(void *va, int perm);             /* a copy of its own in place of a page that is mapped read-only */
int sys_net_recv_all(void *page);                 /* waits for a frame; how many were put on the page */

/*
 * A new environment with a copy of the caller's registers and no memory; it is not runnable yet. Its id, and
 * 0 in the child. Inline in every build: the child comes to life on a copy of the caller's stack, where the
 * frame of a function that has returned meanwhile would be overwritten.
 */
static inline __attribute__((always_inline)) envid_t sys_exofork(void)
{
	envid_t child;
	asm volatile("int %1" : "=a"(child) : "i"(T_SYSCALL), "a"(SYS_exofork) : "memory");
	return child;
}

/* ipc.c. A page is handed over if `pg` is not NULL. ipc_send waits until the receiver is ready. */
void ipc_send(envid_t to, uint32_t value, void *pg, int perm);
int32_t ipc_recv(envid_t *from_store, void *pg, int *perm_store);
envid_t ipc_find_env(enum EnvType type); /* the first of that type, or 0 */

/*
 * fork.c. Pages with PTE_SHARE stay shared with the child, all others are copied when one of the two
 * writes.
 */
#define PTE_SHARE 0x400
#define PTE_COW 0x800
envid_t fork(void);
envid_t sfork(void); /* not supported here: -E_NOT_SUPP */

/* fd.c. */
int close(int fdnum);
ssize_t read(int fdnum, void *buf, size_t n);
ssize_t write(int fdnum, const void *buf, size_t n);
int seek(int fdnum, off_t offset);
void close_all(void);
ssize_t readn(int fdnum, void *buf, size_t n); /* less than n only at the end */
int dup(int oldfdnum, int newfdnum);
int fstat(int fdnum, struct Stat *stat);
int stat(const char *path, struct Stat *stat);
int ftruncate(int fdnum, off_t size);

/* file.c. */
int open(const char *path, int mode);
int remove(const char *path);
int sync(void);

#define O_RDONLY 0x0000
#define O_WRONLY 0x0001
#define O_RDWR 0x0002
#define O_ACCMODE 0x0003
#define O_CREAT 0x0100
#define O_TRUNC 0x0200
#define O_EXCL 0x0400  /* with O_CREAT: it must not exist */
#define O_MKDIR 0x0800 /* with O_CREAT: a directory */

/* pageref.c: by how many page tables the page at `addr` is mapped; 0 if it is not mapped here. */
int pageref(void *addr);

/* spawn.c: run a program from the file server, with the caller's PTE_SHARE pages. argv ends with NULL. */
envid_t spawn(const char *program, const char **argv);
envid_t spawnl(const char *program, const char *arg0, ...);

/* console.c. */
int opencons(void);

/* pipe.c: pipefds[0] is for reading, pipefds[1] for writing. */
int pipe(int pipefds[2]);
int pipeisclosed(int pipefd);

/* wait.c: until that environment is gone. */
void wait(envid_t envid);

/* sockets.c and nsipc.c, with <lwip/sockets.h>. */
int socket(int domain, int type, int protocol);
int bind(int s, struct sockaddr *name, socklen_t namelen);
int listen(int s, int backlog);
int accept(int s, struct sockaddr *addr, socklen_t *addrlen);
int connect(int s, const struct sockaddr *name, socklen_t namelen);
int shutdown(int s, int how);

int nsipc_socket(int domain, int type, int protocol);
int nsipc_bind(int s, struct sockaddr *name, socklen_t namelen);
int nsipc_listen(int s, int backlog);
int nsipc_accept(int s, struct sockaddr *addr, socklen_t *addrlen);
int nsipc_connect(int s, const struct sockaddr *name, socklen_t namelen);
int nsipc_shutdown(int s, int how);
int nsipc_close(int s);
int nsipc_recv(int s, void *mem, int len, unsigned int flags);
int nsipc_send(int s, const void *buf, int size, unsigned int flags);

#endif
