# SPDX-License-Identifier: MIT
"""Takes from a submission the files that exercises name, and nothing else. A submission is a tar file, compressed or not
(as `make handin` makes it), or a folder. Nothing is unpacked: names are compared, contents read."""
import os
import stat
import tarfile

from . import bounded

FILE_LIMIT = 1 << 18     # bytes of one source file
TOTAL_LIMIT = 64 << 20   # bytes of an archive, when unpacked
MEMBER_LIMIT = 20000
NO_MATTER = ("__MACOSX",)  # what a Mac puts beside the folder that was meant


class Refused(Exception):
    """The submission cannot be graded; the text says why."""


def take(path, names):
    """{name: content} of those of `names` that the submission has. Refused, when one is not what it should be, or none is there."""
    try:
        found = bounded.call(taken, path, names)
    except Refused:
        raise
    except bounded.Unbounded as e:
        raise Refused(str(e)) from None
    except Exception as e:  # there is no end to what an archive can be: whatever it breaks, it is refused
        raise Refused("it cannot be read: %s: %s" % (type(e).__name__, e)) from None
    if not found:
        raise Refused("none of the exercises' files is in it, neither at its top nor in the one folder there")
    return found


def taken(path, names):
    """Does as it says; what that may need is bounded by the caller."""
    try:
        file = open_plain(path)
    except OSError as e:
        raise Refused("it is a link, or cannot be opened: %s" % e.strerror) from None
    if file is None:
        return from_folder(path, names)
    try:
        with file, tarfile.open(fileobj=file, mode="r|*") as tar:
            return from_tar(tar, names)
    except (tarfile.TarError, EOFError, OSError, UnicodeError, ValueError) as e:
        raise Refused("it is no tar archive, or a damaged one: %s" % e) from None


def open_plain(path, folder=None):
    """A plain file, open, or None for a folder. All else is refused unread: a pipe would be waited for."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return open(fd, "rb")
    os.close(fd)
    if stat.S_ISDIR(mode):
        return None
    raise Refused("%s is no plain file" % os.path.basename(path))


def wanted_name(name, names):
    """Which of the names a path in an archive stands for: as it is, or below one folder. None for all others."""
    parts = [part for part in name.split("/") if part != "."]
    for skip in (0, 1):
        if "/".join(parts[skip:]) in names and ".." not in parts and parts[0] not in NO_MATTER:
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
    inner = [entry for entry in os.listdir(folder) if not entry.startswith(".") and entry not in NO_MATTER]
    tops = {name.split("/")[0] for name in names}
    if len(inner) == 1 and inner[0] not in tops and os.path.isdir(os.path.join(folder, inner[0])):
        folder = os.path.join(folder, inner[0])
    found = {}
    for name in names:
        try:
            found[name] = checked(name, read_beneath(folder, name.split("/")))
        except FileNotFoundError:
            pass
        except OSError:
            raise Refused("%s is no plain file in plain folders, but a link or a device" % name) from None
    return found


def read_beneath(folder, parts, outer=None):
    """A file's content, through no link on the way; an OSError if there is none."""
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=outer)
    try:
        if len(parts) > 1:
            return read_beneath(parts[0], parts[1:], here)
        file = open_plain(parts[0], here)
    finally:
        os.close(here)
    if file is None:
        raise Refused("%s is a folder" % parts[0])
    with file:
        return file.read(FILE_LIMIT + 1)


def checked(name, content):
    if len(content) > FILE_LIMIT:
        raise Refused("%s is longer than %d bytes" % (name, FILE_LIMIT))
    if b"\0" in content:
        raise Refused("%s is no text" % name)
    return content
