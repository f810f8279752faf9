/* SPDX-License-Identifier: MIT */
/*
 * The first serial port: a 16550A (National Semiconductor PC16550D, section 8) at 115200 baud, 8N1, FIFOs on.
 *
 * The transmitter is asked for its state once in 16 bytes, not once a byte: when it says that its FIFO is
 * empty, it takes 16. Input interrupts at the first byte.
 */
#include <inc/x86.h>

#include <kern/dev/consdev.h>

#define COM1 0x3F8

enum { DATA = COM1, INT_ENABLE, FIFO_CONTROL, LINE_CONTROL, MODEM_CONTROL, LINE_STATUS, SCRATCH = COM1 + 7 };
enum { DIVISOR_LOW = DATA, DIVISOR_HIGH = INT_ENABLE };

enum { INT_RX = 0x01 };
enum { FIFO_ON_AND_CLEAR = 0x07 };
enum { LINE_8N1 = 0x03, LINE_DIVISOR = 0x80 };
enum { MODEM_DTR = 0x01, MODEM_RTS = 0x02, MODEM_OUT2 = 0x08 }; /* OUT2 lets interrupts out */
enum { STATUS_RX_READY = 0x01, STATUS_FIFO_EMPTY = 0x20, STATUS_ALL_SENT = 0x40 };

enum { FIFO_SIZE = 16, PATIENCE = 1000000 };

static bool present;
static int room; /* bytes that the FIFO takes for sure */

static bool answers(void)
{
	outb(SCRATCH, 0x5A);
	return inb(SCRATCH) == 0x5A;
}

void serial_init(void)
{
	present = answers();
	if (!present)
		return;
	outb(INT_ENABLE, 0);
	outb(LINE_CONTROL, LINE_DIVISOR);
	outb(DIVISOR_LOW, 1);
	outb(DIVISOR_HIGH, 0);
	outb(LINE_CONTROL, LINE_8N1);
	outb(FIFO_CONTROL, FIFO_ON_AND_CLEAR);
	outb(MODEM_CONTROL, MODEM_DTR | MODEM_RTS | MODEM_OUT2);
}

void serial_irq_enable(void)
{
	if (present)
		outb(INT_ENABLE, INT_RX);
}

/* A line that is stuck must not stop the kernel: after a while it is taken as free. */
static void wait_for(uint8_t status)
{
	for (int i = 0; i < PATIENCE && !(inb(LINE_STATUS) & status); i++)
		cpu_relax();
}

static void put_byte(uint8_t byte)
{
	if (room == 0) {
		wait_for(STATUS_FIFO_EMPTY);
		room = FIFO_SIZE;
	}
	room--;
	outb(DATA, byte);
}

void serial_write(const char *s, size_t n)
{
	if (!present)
		return;
	for (; n > 0; n--, s++) {
		put_byte(*s);
		if (*s == '\b') { /* a terminal only moves its cursor: erase as well */
			put_byte(' ');
			put_byte('\b');
		}
	}
}

void serial_drain(void)
{
	if (present)
		wait_for(STATUS_ALL_SENT);
}

int serial_getc(void)
{
	if (!present || !(inb(LINE_STATUS) & STATUS_RX_READY))
		return CONS_NONE;

	int c = inb(DATA);
	if (c == '\r')
		return '\n';
	return c == 0x7F ? '\b' : c; /* what terminals send for the backspace key */
}
