# SPDX-License-Identifier: MIT
"""Takes from a submission the files that exercises name, and nothing else. A submission is a tar file, compressed or not
(as `make handin` makes it), or a folder. Nothing is unpacked: names are compared, contents read."""
import os
import stat
import tarfile

FILE_LIMIT = 1 << 18     # bytes of one source file
TOTAL_LIMIT = 64 << 20   # bytes of an archive, when unpacked
MEMBER_LIMIT = 20000


class Refused(Exception):
    """The submission cannot be graded; the text says why."""


def take(path, names):
    """{name: content} of those of `names` that the submission has. Refused, when one is not what it should be."""
    if os.path.islink(path) or not os.path.exists(path):
        raise Refused("there is no file or folder of that name")
    if os.path.isdir(path):
        return from_folder(path, names)
    try:
        with open(path, "rb") as f, tarfile.open(fileobj=f, mode="r|*") as tar:
            return from_tar(tar, names)
    except (tarfile.TarError, EOFError, OSError, UnicodeError, ValueError) as e:
        raise Refused("it is no tar archive, or a damaged one: %s" % e) from None


def wanted_name(name, names):
    """Which of the names a path in an archive stands for: as it is, or below one folder. None for all others."""
    parts = [part for part in name.split("/") if part != "."]
    for skip in (0, 1):
        if "/".join(parts[skip:]) in names and ".." not in parts:
            return "/".join(parts[skip:])
    return None


def from_tar(tar, names):
    found, total = {}, 0
    for number, member in enumerate(tar):
        total += member.size
        if number >= MEMBER_LIMIT or total > TOTAL_LIMIT:
            raise Refused("the archive is too large")
        name = wanted_name(member.name, names)
        if not name:
            continue
        if not member.isreg():
            raise Refused("%s is no plain file, but a link or a device" % name)
        if name in found:
            raise Refused("%s is there twice" % name)
        found[name] = checked(name, tar.extractfile(member).read(FILE_LIMIT + 1))
    return found


def from_folder(folder, names):
    """Also of the one folder in it, if there is nothing else."""
    inner = [entry for entry in os.listdir(folder) if not entry.startswith(".")]
    tops = {name.split("/")[0] for name in names}
    if len(inner) == 1 and inner[0] not in tops and os.path.isdir(os.path.join(folder, inner[0])):
        folder = os.path.join(folder, inner[0])
    found = {}
    for name in names:
        content = read_beneath(folder, name)
        if content is not None:
            found[name] = checked(name, content)
    return found


def read_beneath(folder, name):
    """A file's content, through no link on the way; None if there is none."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        parts = name.split("/")
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    except FileNotFoundError:
        return None
    except OSError:
        raise Refused("%s is no plain file in plain folders, but a link or a device" % name) from None
    finally:
        os.close(at)
    with open(file, "rb") as f:
        if not stat.S_ISREG(os.fstat(f.fileno()).st_mode):
            raise Refused("%s is no plain file" % name)
        return f.read(FILE_LIMIT + 1)


def checked(name, content):
    if len(content) > FILE_LIMIT:
        raise Refused("%s is longer than %d bytes" % (name, FILE_LIMIT))
    if b"\0" in content:
        raise Refused("%s is no text" % name)
    return content
