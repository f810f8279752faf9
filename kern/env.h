/* SPDX-License-Identifier: MIT */
/* Environments, from creation to death. The big kernel lock guards them. */
#ifndef JOS_KERN_ENV_H
#define JOS_KERN_ENV_H

#include <inc/env.h>
#include <kern/cpu.h>

extern struct Env *envs; /* NENV of them; programs see them at UENVS */

void env_init(void);
int env_alloc(struct Env **store, envid_t parent); /* 0, -E_NO_FREE_ENV or -E_NO_MEM */
void env_put(struct Env *e);                       /* for env_free: its place is free again */

/*
 * Threads. Each is an env; those of one program share all memory below UTHREAD (kern/space.c) and form a ring. The first
 * of them, the leader, stands for the program. Children, files and permissions belong to the program, registers, IPC and
 * a dataplane's CPU to the thread.
 */
int env_alloc_thread(struct Env **store, struct Env *of); /* one more in the program of `of`; errors as above */
struct Env *env_leader(const struct Env *e);              /* itself, in a program of one thread */
bool env_shares_space(const struct Env *a, const struct Env *b);
#define for_each_thread(t, e) /* of e's program, e first; none may end meanwhile */ \
	for (struct Env *t = (e), *t##_last = NULL; t != t##_last; t##_last = (e), t = t->env_next_thread)

/*
 * Make a runnable env from an ELF image in kernel memory, with `argv` words on its stack. NULL, after a message, when
 * the image is none or memory is out.
 */
struct Env *env_create(const uint8_t *binary, size_t size, enum EnvType type, int argc, const char *const *argv);
void env_free(struct Env *e);
/*
 * Ends e, and with the first thread of a program all of them. Does not return if the current env is among them; one that
 * runs elsewhere dies there, and the first thread only when the others are gone. env_reap is for the CPU that was told
 * so, or finds it: it frees e, or takes it off this CPU if it must wait; env_may_go tells which.
 */
void env_destroy(struct Env *e);
void env_reap(struct Env *e);
bool env_may_go(const struct Env *e);
void env_end_program(struct Env *e); /* for what e did wrong: its program ends, with all threads */
/*
 * Births and deaths are told when a program was named at boot, which is how tests run; at the shell's prompt they would
 * only disturb. The line begins with the id of the current env.
 */
void env_tell(const char *fmt, ...);
struct CpuInfo *env_elsewhere(const struct Env *e); /* the CPU that e is on now, if it is another than this one; else NULL */
int envid2env(envid_t id, struct Env **store, bool checkperm); /* 0 or -E_BAD_ENV */

void env_run(struct Env *e) __attribute__((noreturn));     /* with the big lock, which it gives up */
void env_pop_tf(struct Trapframe *tf) __attribute__((noreturn)); /* without it */

#endif
