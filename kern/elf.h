/* SPDX-License-Identifier: MIT */
/* Loading programs from kernel memory (elf.c); at run time programs are loaded by user code (lib/spawn.c). */
#ifndef JOS_KERN_ELF_H
#define JOS_KERN_ELF_H

#include <inc/types.h>

struct Env;

/* Map every segment and set the entry point. 0, -E_NOT_EXEC or -E_NO_MEM; what was mapped stays with the env. */
int elf_load(struct Env *e, const uint8_t *image, size_t size);

/* Make [va, va + memsz) exist, user-writable, its first `filesz` bytes from `src`, new pages zeroed. 0 or -E_NO_MEM. */
int env_fill(struct Env *e, uintptr_t va, const void *src, size_t filesz, size_t memsz);

#endif
