/* SPDX-License-Identifier: MIT */
/*
 * The PS/2 keyboard controller's ports and status bits (IBM PS/2 Technical Reference), and codes for
 * special keys.
 */
#ifndef JOS_INC_KBDREG_H
#define JOS_INC_KBDREG_H

#define KBSTATP 0x64   /* read: status */
#define KBCMDP 0x64    /* write: command to the controller */
#define KBDATAP 0x60   /* data, to and from the keyboard */
#define KBOUTP 0x60    /* write: data */

#define KBS_DIB 0x01   /* a byte waits in the output buffer */
#define KBS_IBF 0x02   /* the controller has not read its input yet */
#define KBS_WARM 0x04
#define KBS_OCMD 0x08
#define KBS_NOSEC 0x10
#define KBS_TERR 0x20  /* the waiting byte is the mouse's */
#define KBS_RERR 0x40
#define KBS_PERR 0x80

/* What getchar() returns for keys without a character. */
#define KEY_HOME 0xE0
#define KEY_END 0xE1
#define KEY_UP 0xE2
#define KEY_DN 0xE3
#define KEY_LF 0xE4
#define KEY_RT 0xE5
#define KEY_PGUP 0xE6
#define KEY_PGDN 0xE7
#define KEY_INS 0xE8
#define KEY_DEL 0xE9

#endif
