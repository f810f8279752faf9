# SPDX-License-Identifier: MIT
"""Lab 5: the file server, file descriptors, spawn, pipes. The file server is 00001000, the program tested 00001001."""
from grade import suite
from grade.programs import IDLE, NO_PANIC, prints

suite.part("lab5")

# The file server's own checks, all from one boot.
prints("fs-selftest", 10, "the file server starts, and its block layer is sound",
       ["FS is running", "FS can do I/O"] + [thing + " is good" for thing in (
           "superblock", "bitmap", "block cache", "alloc_block", "file_open", "file_get_block", "file_flush",
           "file_truncate", "file rewrite")], program="hello")

prints("testfile", 10, "testfile: files by IPC and by descriptors",
       [thing + " is good" for thing in (
           "serve_open", "file_stat", "file_read", "file_close", "stale fileid", "file_write",
           "file_read after file_write", "open", "large file")], limit=30)
prints("testfsmisuse", 5, "testfsmisuse: requests that libjos never sends get errors, and the file server goes on",
       ["%s: refused" % what for what in (
           "request 77", "request without a page", "read-only page", "path without an end", "writing to a directory",
           "unknown file id", "offset below 0", "write of more than fits", "size over the largest", "using it",
           "one file too many")] + ["the file server survived"], limit=30)
prints("spawnhello", 5, "spawnhello starts a program from the disk",
       ["i am parent environment 00001001", "hello, world", "i am environment 00001002"])
prints("spawninit", 5, "spawninit: a program from the disk gets data, bss and arguments as they should be",
       ["i am parent environment 00001001", "init: data seems okay", "init: bss seems okay", "init: args: 'init' 'one' 'two'"],
       until="init: running sh|panic")
prints("testpteshare", 5, "testpteshare: shared pages pass through fork and spawn",
       ["fork handles PTE_SHARE right", "spawn handles PTE_SHARE right"])
prints("testptelibrary", 5, "testptelibrary: the same under their old name",
       ["fork handles PTE_LIBRARY right", "spawn handles PTE_LIBRARY right"])
prints("testfdsharing", 5, "testfdsharing: a child shares its parent's descriptors",
       ["read in child succeeded", "read in parent succeeded"])

prints("josnames", 10, "every name, prototype and constant of JOS is there", ["all of JOS's names are there"])

# Only the file server may touch ports.
for _name, _title in (("faultio", "faultio may not touch the disk's ports"),
                      ("spawnfaultio", "spawnfaultio's child may not either")):
    prints(_name, 5, _title, ["  trap 0x0000000d General Protection"], never=["made it here", NO_PANIC])

# Pipes.
prints("testpipe", 5, "testpipe: data goes through, and a reader's end is noticed", ["pipe tests passed"], limit=30)
for _name in ("testpiperace", "testpiperace2"):
    for _cpus in (1, 2):
        prints("%s-%d" % (_name, _cpus), 5, "%s: a pipe never seems closed while it is open (%d CPU%s)" % (
            _name, _cpus, "s" if _cpus > 1 else ""), ["race didn't happen"], program=_name,
            never=["RACE", NO_PANIC], cpus=_cpus, limit=60)
prints("primespipe", 5, "primespipe sieves up to 1009 through pipes", ["2", "3", "5", "7", "11", "541", "997"],
       never=["^(4|9|15|25|49|1001)$", NO_PANIC], in_order=True, until="^1009$", limit=120)
prints("primespipe-20", 5, "primespipe ends after twenty primes, and so do all its environments",
       [str(p) for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71)] + [IDLE],
       program="primespipe", args=["20"], never=["^73$", NO_PANIC], in_order=True, limit=30)


prints("testmalloc", 5, "testmalloc: memory is given out, taken back, and ends without a panic",
       ["small blocks are good", "free is good", "exhaustion is good", "malloc tests passed"], limit=30)


@suite.test(5, "testkbd echoes lines from the serial line")
def testkbd(t):
    machine = t.boot("testkbd")
    for line in ("first", "the second line"):
        machine.expect("Type a line: ")
        machine.send(line + "\n")
        machine.expect("^%s$" % line)
