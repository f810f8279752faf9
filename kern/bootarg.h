/* SPDX-License-Identifier: MIT */
/*
 * Boot arguments: words `key=value` (or `key`, whose value is "") in one string, given with
 *   qemu ... -fw_cfg name=opt/jos/args,string='run=user_hello exit=1'
 * Files given with -fw_cfg name=opt/jos/bin/NAME,file=PATH are programs that can be run by name.
 */
#ifndef JOS_KERN_BOOTARG_H
#define JOS_KERN_BOOTARG_H

#include <inc/types.h>

void bootarg_init(void);               /* after cons_init; needs no memory allocator */
const char *bootarg(const char *key);  /* its value, or NULL; lasts for ever */
uint32_t bootarg_u32(const char *key, uint32_t otherwise); /* a decimal or 0x number; complains about others */

/* fw_cfg files (QEMU docs/specs/fw_cfg). fwcfg_find: size, or -E_NOT_FOUND; fwcfg_read copies up to `size` bytes. */
int fwcfg_find(const char *name, uint16_t *selector);
void fwcfg_read(uint16_t selector, void *dst, size_t size);

/* End QEMU at once with a status (isa-debug-exit at port 0xf4), where boot argument `exit` allows; else return. */
enum { EXIT_OK = 0x10, EXIT_PANIC = 0x11 }; /* QEMU's own status is 2 * n + 1: 33 and 35 */
void debug_exit(int code);

#endif
