# SPDX-License-Identifier: MIT
"""What submitted files have no honest use for, found in what the compiler made of them.

A kernel could print the words that tests wait for, end QEMU as if all were well, or, where it is tested as a program of
this host, end that program or pass for its judge. So: strings that print what trusted programs do (imitation.py); functions,
instructions and sections that the files of the exercises do not need; names of the test program's libraries (natives.py).
What the model solution has itself is no suspicion: learn() keeps that, when the trusted tree is made.
"""
import hashlib
import json
import os
import re
import subprocess

from . import imitation, natives

FORBIDDEN = re.compile(r"^(debug_exit|bootarg\w*|cons_putc|cputchar|panic_\w+|monitor|runcmd|sched_halt|_exit|exit|abort|write|syscall)$")
SECTIONS = re.compile(r"^\.(init|fini|ctors|dtors|init_array|fini_array|preinit_array)\b")
INSTRUCTIONS = re.compile(r"^(out[bwl]?|outs[bwl]?|syscall|sysenter|int)$")
MACHINE_ONLY = ("kern/dp/window.c", "kern/dp/ceiling.c", "kern/dp/ceiling_answer.c")
UNITED = "kern/lwip/united.c"  # no file: what the dataplane and lwIP are linked to (kern/Makefrag), inspected like one
REFERENCE = os.path.join("tests", "course", "reference.json")  # learn() makes it


def object_of(tree, name, *where):
    return os.path.join(tree, "obj", *where, os.path.splitext(name)[0] + ".o")


def objects(tree, name):
    """What was made of a source file: for the kernel, and for tests on this host."""
    return list(filter(is_there, (object_of(tree, name), object_of(tree, name, "tests"))))


def is_there(path):
    """The trusted tree has empty files where something is to be built anew (trusted.py)."""
    return os.path.exists(path) and os.path.getsize(path) > 0


def learned(tree):
    with open(os.path.join(tree, REFERENCE), encoding="utf-8") as f:
        return json.load(f)


def host_objects(tree):
    """What to build so that the submitted files can be looked at as programs of this host."""
    return host_objects_of(learned(tree)["files"])


def host_objects_of(names):
    """Of drivers and the dataplane, that is; the kernel's core does not compile for this host."""
    sources = [name for name in names if name.endswith(".c") and name.startswith(("kern/dev/", "kern/dp/"))]
    return [os.path.join("obj", "tests", os.path.splitext(name)[0] + ".o") for name in sources if name not in MACHINE_ONLY]


def traits(tree, name, names):
    """{kind: set of what is notable about the file}; `names` as natives.learn() has them"""
    found = {"string": set(), "function": set(), "section": set(), "instruction": set(), "global": set()}
    for path in objects(tree, name):
        found["string"] |= imitation.strings(path)
        found["function"] |= {symbol for kind, symbol in natives.names([path], "-u") if kind in "wv" or FORBIDDEN.match(symbol)}
        for line in output("objdump", "-h", path):
            words = line.split()
            if len(words) > 2 and SECTIONS.match(words[1]):
                found["section"].add("%s of %s bytes" % (words[1], words[2]))
        for line in output("objdump", "-d", "--no-show-raw-insn", path):
            words = line.split("\t")
            if len(words) > 1 and words[1].split() and INSTRUCTIONS.match(words[1].split()[0]):
                found["instruction"].add(words[1].split()[0])
    native = object_of(tree, name, "tests")
    if is_there(native):
        defines, uses = natives.odd(native, names)
        found["global"] |= defines
        found["function"] |= uses
    return found


def output(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return done.stdout.decode("utf-8", "replace").splitlines()


def learn(tree, files):
    """Of the solution, once: what is honest."""
    names = natives.learn(tree)
    told = {name: {kind: sorted(values) for kind, values in traits(tree, name, names).items()} for name in files}
    with open(os.path.join(tree, REFERENCE), "w", encoding="utf-8") as f:
        json.dump({"files": told, "names": names, "words": imitation.trusted_words(tree)}, f)


def find(tree):
    """Words about each suspicious thing, none if all is honest."""
    reference, found = learned(tree), []
    sanitizers = {section for honest in reference["files"].values() for section in honest["section"]}  # by what else is in a file
    for name, honest in sorted(reference["files"].items()):
        for kind, values in traits(tree, name, reference["names"]).items():
            new = values - set(honest[kind])
            if kind == "section":
                new -= sanitizers
            elif kind == "string":
                new = {text for text in new if imitation.imitates(text, reference["words"])}
            found += ["%s: %s %s" % (name, kind, text) for text in sorted(new)]
    return found


def fingerprints(tree):
    """{file: hashes of the object code that is now there of it}"""
    def digest(path):
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()
    return {name: [digest(path) for path in objects(tree, name)] for name in learned(tree)["files"]}


def unseen(before, after):
    """Words about each file of which something was made anew, or for the first time, after it had been looked at."""
    return ["%s: its object code is not what was inspected" % name for name in sorted(after) if not set(after[name]) <= set(before[name])]
