/* SPDX-License-Identifier: MIT */
/* Environments, from creation to death. The big kernel lock guards them. */
#ifndef JOS_KERN_ENV_H
#define JOS_KERN_ENV_H

#include <inc/env.h>
#include <kern/cpu.h>

extern struct Env *envs; /* NENV of them; programs see them at UENVS */

void env_init(void);
int env_alloc(struct Env **store, envid_t parent); /* 0, -E_NO_FREE_ENV or -E_NO_MEM */

/*
 * Make a runnable env from an ELF image in kernel memory, with `argv` words on its stack. NULL, after a message, when
 * the image is none or memory is out.
 */
struct Env *env_create(const uint8_t *binary, size_t size, enum EnvType type, int argc, const char *const *argv);
void env_free(struct Env *e);
void env_destroy(struct Env *e); /* does not return if e is the current env; an env that runs elsewhere dies there */
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
