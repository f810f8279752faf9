/* SPDX-License-Identifier: MIT */
/*
 * Error numbers: system calls and library functions return them negated; %e prints their names.
 * JOS_ERRORS is the one list; numbers up to 15 are JOS's and fixed.
 */
#ifndef JOS_INC_ERROR_H
#define JOS_INC_ERROR_H

#define JOS_ERRORS(X)                                   \
	X(1, UNSPECIFIED, "unspecified error")          \
	X(2, BAD_ENV, "bad environment")                \
	X(3, INVAL, "invalid parameter")                \
	X(4, NO_MEM, "out of memory")                   \
	X(5, NO_FREE_ENV, "out of environments")        \
	X(6, FAULT, "segmentation fault")               \
	X(7, IPC_NOT_RECV, "env is not recving")        \
	X(8, EOF, "unexpected end of file")             \
	X(9, NO_DISK, "no free space on disk")          \
	X(10, MAX_OPEN, "too many files are open")      \
	X(11, NOT_FOUND, "file or block not found")     \
	X(12, BAD_PATH, "invalid path")                 \
	X(13, FILE_EXISTS, "file already exists")       \
	X(14, NOT_EXEC, "file is not a valid executable") \
	X(15, NOT_SUPP, "operation not supported")      \
	X(16, NO_CPU, "no CPU can be reserved")         \
	X(17, NO_QUEUE, "no network queue is free")     \
	X(18, BAD_HANDLE, "no such flow")               \
	X(19, MOVED, "flow lives on another CPU")       \
	X(20, CLOSED, "flow is closing")                \
	X(21, AGAIN, "try again later")                 \
	X(22, IN_USE, "address already in use")         \
	X(23, REFUSED, "connection refused")            \
	X(24, RESET, "connection reset by peer")        \
	X(25, TIMED_OUT, "connection timed out")        \
	X(26, ABORTED, "connection aborted")            \
	X(27, PERM, "operation not permitted")

enum {
#define JOS_ERROR_ENUM_(number, name, text) E_##name = number,
	JOS_ERRORS(JOS_ERROR_ENUM_)
#undef JOS_ERROR_ENUM_
	MAXERROR
};

#endif
