# SPDX-License-Identifier: MIT
"""The trusted tree, which submitted files are put into: this tree with all exercises open, and built as far as none of them
goes. No line of a solution is in it, in source or in object files."""
import json
import os
import shutil
import subprocess
import sys

from harness import tools

from . import suspects

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Not for strangers to read: solutions, and faults that show what they look like.
LEFT_OUT = ("tests/mutants", "doc/instructors.md", ".git", ".github", ".ci")
GRADER = "conf/handout.d/tree/grade-lab-ix"  # students' own: the floor and the lab
# Of what is built here, what a submission needs. All else stays here: kernels with the solution in them, results of others.
BUILT = (".flags", "bench", "boot", "fs", "kern", "lib", "net", "strip", "tests", "user")
# Built from a solution, and to be built anew; and what is of no use.
STALE = ("obj/kern/kernel", "obj/kern/kernel.pass1", "obj/kern/kernel.img", "obj/strip/kern/kernel", "obj/kern/symtab.S",
         "obj/kern/symtab.o")
USELESS = ("obj/kern/kernel.asm", "obj/kern/kernel.sym")


def exercise_files():
    """Names of all files that exercises name."""
    from exercises import EXERCISES
    return sorted({name for exercise in EXERCISES for name in exercise.files})


def open_exercises(names):
    """{name: the file as students get it}"""
    import importlib.machinery
    import importlib.util
    loader = importlib.machinery.SourceFileLoader("handout", os.path.join(ROOT, "conf", "handout"))
    handout = importlib.util.module_from_spec(importlib.util.spec_from_loader("handout", loader))
    loader.exec_module(handout)
    return {name: handout.content(os.path.join(ROOT, name), set())[0] for name in names}


def make(tree, *words):
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-s"] + list(words), cwd=tree, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit("grade-all: the tree does not build:\n" + done.stdout.decode("utf-8", "replace"))


def copy_sources(tree):
    """What git knows, and nothing that merely lies here: that may be submissions, grades, or a key."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], stdout=subprocess.PIPE, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and os.path.lexists(os.path.join(ROOT, name)) and not name.startswith(LEFT_OUT):
            os.makedirs(os.path.dirname(os.path.join(tree, name)), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), os.path.join(tree, name), follow_symlinks=False)
    shutil.copy2(os.path.join(ROOT, GRADER), os.path.join(tree, "grade-lab-ix"))


def copy_built(tree):
    os.makedirs(os.path.join(tree, "obj"))
    places = [".deps"] + [os.path.join("obj", name) for name in BUILT]
    for place in places:
        if os.path.exists(os.path.join(ROOT, place)):
            subprocess.run(["cp", "-a", "--reflink=auto", os.path.join(ROOT, place), os.path.join(tree, place)], check=True)


def forget_solutions(tree, names):
    """Take away what was built from the solution, and lay the open exercises in its place."""
    for path in USELESS:
        if os.path.exists(os.path.join(tree, path)):
            os.remove(os.path.join(tree, path))
    stale = [os.path.join(tree, path) for path in STALE]
    for name in names + [suspects.UNITED]:
        stale += suspects.objects(tree, name)
    tests = os.path.join(tree, "obj", "tests")
    stale += [entry.path for entry in os.scandir(tests) if entry.is_file() and os.access(entry.path, os.X_OK)]
    for path in stale:
        make_old(path)
    for name, text in open_exercises(names).items():
        with open(os.path.join(tree, name), "wb") as f:
            f.write(text)


def make_old(path):
    """Empty, and older than all else: were the kernel not there at all, make would build every object again."""
    with open(path, "wb"):
        pass
    os.utime(path, (1, 1))


def list_tests(tree, patterns):
    """[(name, points)] of what will be run."""
    listed = subprocess.run([sys.executable, "./grade-lab-ix", "--list"] + patterns, cwd=tree, stdout=subprocess.PIPE, check=True)
    rows = [line.split() for line in listed.stdout.decode().splitlines()]
    return [(row[0], int(row[1])) for row in rows]


def build(folder, patterns):
    """Make FOLDER/trusted.tar, and FOLDER/trusted.json, which says which files and tests there are; the tests."""
    tree, names = os.path.join(folder, "trusted"), exercise_files()
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    make(ROOT, "all")
    if shutil.which("cc") and not tools.needs_header("cmocka.h")():
        make(ROOT, "host-tests")
    copy_sources(tree)
    copy_built(tree)
    make(tree, "all", *suspects.host_objects_of(names))
    suspects.learn(tree, names + [suspects.UNITED])
    tests = list_tests(tree, patterns)
    forget_solutions(tree, names)
    subprocess.run(["tar", "-C", tree, "-cf", os.path.join(folder, "trusted.tar"), "."], check=True)
    shutil.rmtree(tree)
    with open(os.path.join(folder, "trusted.json"), "w", encoding="utf-8") as f:
        json.dump({"files": names, "tests": tests, "patterns": patterns}, f)
    return tests
