# SPDX-License-Identifier: MIT
"""Which names a submitted file may define, and use, where it is part of a test program of this host.

Such a program is the student's code and its judge in one. What the judge takes from libraries, cmocka's functions first of
all, the program itself could define, and would be asked instead. And a file that calls what only this host has could end
the program as if all were well.
"""
import glob
import os
import re
import subprocess

JUDGES = re.compile(r"/lib(cmocka|asan|ubsan)\.so")
# What the compiler adds to a file.
COMPILERS = re.compile(r"^(_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__ubsan_handle_\w+|__asan_(init|version_mismatch_check_v\d+|"
                       r"(un)?register_(elf_)?globals|report_(load|store)\w+|(load|store)[N\d]\w*|handle_no_return|stack_(malloc|free)_\w+|"
                       r"alloca_poison|allocas_unpoison|set_shadow_\w+|option_\w+|mem(cpy|set|move)|(un)?poison_stack_memory))$")


def names(paths, *options):
    """{(kind, name)} as nm tells them, less versions."""
    done = subprocess.run(["nm", *options, *paths], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    rows = (line.split()[-2:] for line in done.stdout.decode("utf-8", "replace").splitlines())
    return {(row[0], row[1].split("@")[0]) for row in rows if len(row) == 2}


def undefined(paths, *options):
    return {name for _, name in names(paths, "-u", *options)}


def defined(paths, *options):
    return {name for _, name in names(paths, "-g", "--defined-only", *options)}


def judges(programs):
    """The libraries that test programs are judged by."""
    done = subprocess.run(["ldd", *programs], stdout=subprocess.PIPE, check=True)
    return sorted({path for path in re.findall(r"=> (/\S+)", done.stdout.decode()) if JUDGES.search(path)})


def taken(programs):
    """Names that these test programs and their libraries take from libraries. What cmocka has itself counts, too: by its own
    names it may find those of the program."""
    libraries = judges(programs)
    return undefined([*programs, *libraries], "-D") | defined([path for path in libraries if "cmocka" in path], "-D")


def objects(tree, *folder):
    return glob.glob(os.path.join(tree, "obj", *folder, "**", "*.o"), recursive=True)


def stand_ins(tree):
    """What the test programs have in place of the machine: macros and inline functions in the kernel's own headers."""
    found = set()
    for path in glob.glob(os.path.join(tree, "tests", "host", "**", "*.h"), recursive=True):
        with open(path, encoding="utf-8") as f:
            found |= set(re.findall(r"(\w+)\(", f.read()))
    return found


def learn(tree):
    """Of a tree that is built, with nobody's files but our own in it: which names are taken, and which may be used."""
    programs = [path for path in glob.glob(os.path.join(tree, "obj", "tests", "*_test")) if os.path.getsize(path)]
    native = objects(tree, "tests", "kern")
    theirs = defined(objects(tree, "kern") + native)
    return {"taken": sorted(taken(programs) - theirs if programs else ()),
            "known": sorted(theirs | undefined(native) | stand_ins(tree))}


def odd(path, learned):
    """(names taken that an object defines, names that are not for it)"""
    return (defined([path]) & set(learned["taken"]),
            {name for name in undefined([path]) - set(learned["known"]) if not COMPILERS.match(name)})
