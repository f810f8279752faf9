/* SPDX-License-Identifier: MIT */
/*
 * VGA text, 80 columns by 25 rows, in 32 KB of display memory (IBM VGA technical reference, CRT controller).
 *
 * Display memory is slow, so scrolling does not move text: the picture starts one row further on. Only when
 * the memory ends, once in 180 rows, the rows in view are copied back to its beginning. The cursor follows
 * once a message.
 */
#include <inc/memlayout.h>
#include <inc/x86.h>

#include <kern/dev/consdev.h>

#define COLS 80
#define ROWS 25
#define CELLS (32 * 1024 / 2)
#define BLANK 0x0720 /* grey on black, a space */
#define TAB 8

#define CRT_INDEX 0x3D4
#define CRT_DATA 0x3D5
enum { CRT_START = 0x0C, CRT_CURSOR = 0x0E }; /* high byte here, low byte in the next register */

static volatile uint16_t *const cells = (volatile uint16_t *)(KERNBASE + 0xB8000);
static bool present;
static unsigned top;    /* cell in the upper left corner */
static unsigned cursor; /* cell where the next character goes: in [top, top + COLS * ROWS) */

static void crt_write(int reg, unsigned value)
{
	outb(CRT_INDEX, reg);
	outb(CRT_DATA, value >> 8);
	outb(CRT_INDEX, reg + 1);
	outb(CRT_DATA, value);
}

static unsigned crt_read(int reg)
{
	outb(CRT_INDEX, reg);
	unsigned high = inb(CRT_DATA);
	outb(CRT_INDEX, reg + 1);
	return high << 8 | inb(CRT_DATA);
}

/* Is there memory behind the window? */
static bool answers(void)
{
	uint16_t before = cells[0];

	cells[0] = 0xA55A;
	bool same = cells[0] == 0xA55A;
	cells[0] = before;
	return same;
}

/* Go on where the firmware stopped printing. */
void vga_init(void)
{
	present = answers();
	if (!present)
		return;
	crt_write(CRT_START, 0);
	cursor = crt_read(CRT_CURSOR);
	if (cursor >= COLS * ROWS)
		cursor = 0;
}

static void rewind_memory(void)
{
	for (unsigned i = 0; i < COLS * (ROWS - 1); i++)
		cells[i] = cells[top + COLS + i];
	cursor -= top + COLS;
	top = 0;
}

static void scroll(void)
{
	if (top + COLS * (ROWS + 1) > CELLS)
		rewind_memory();
	else
		top += COLS;
	for (unsigned i = 0; i < COLS; i++)
		cells[top + COLS * (ROWS - 1) + i] = BLANK;
}

static void put_char(uint8_t c)
{
	unsigned column = (cursor - top) % COLS;

	switch (c) {
	case '\n':
		cursor += COLS - column;
		break;
	case '\r':
		cursor -= column;
		break;
	case '\t':
		cursor += TAB - column % TAB;
		break;
	case '\b':
		if (cursor > top)
			cells[--cursor] = BLANK;
		break;
	default:
		cells[cursor++] = (BLANK & 0xFF00) | c;
	}
	if (cursor >= top + COLS * ROWS)
		scroll();
}

void vga_write(const char *s, size_t n)
{
	if (!present)
		return;
	while (n-- > 0)
		put_char(*s++);
	crt_write(CRT_START, top);
	crt_write(CRT_CURSOR, cursor);
}
