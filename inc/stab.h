/* SPDX-License-Identifier: MIT */
/*
 * Stabs debugging records, for sources written for JOS: this tree makes and reads none (see
 * kern/monitor.h).
 */
#ifndef JOS_INC_STAB_H
#define JOS_INC_STAB_H

#include <inc/types.h>

#define N_GSYM 0x20  /* global variable */
#define N_FNAME 0x22 /* function name */
#define N_FUN 0x24   /* function */
#define N_STSYM 0x26 /* static variable */
#define N_LCSYM 0x28 /* static variable in bss */
#define N_MAIN 0x2a
#define N_PC 0x30
#define N_RSYM 0x40  /* register variable */
#define N_SLINE 0x44 /* line of text */
#define N_DSLINE 0x46
#define N_BSLINE 0x48
#define N_SSYM 0x60  /* structure element */
#define N_SO 0x64    /* main source file */
#define N_LSYM 0x80  /* stack variable */
#define N_BINCL 0x82
#define N_SOL 0x84   /* included source file */
#define N_PSYM 0xa0  /* parameter */
#define N_EINCL 0xa2
#define N_ENTRY 0xa4
#define N_LBRAC 0xc0
#define N_EXCL 0xc2
#define N_RBRAC 0xe0
#define N_BCOMM 0xe2
#define N_ECOMM 0xe4
#define N_ECOML 0xe8
#define N_LENG 0xfe

struct Stab {
	uint32_t n_strx;
	uint8_t n_type;
	uint8_t n_other;
	uint16_t n_desc;
	uintptr_t n_value;
};

#endif
