"""Makes the home's cache lead to the volume, whatever is in its place. Never raises OSError: a cache is a convenience."""

import os
import shutil
import stat
import uuid


def link_cache(link, volume):
    """Leaves a link or a mount that works alone; replaces anything else at `link` by a link to `volume`.

    Nothing on the volume is touched. What cannot be replaced is logged and left: the extractor finds itself another place.
    """
    try:
        os.makedirs(volume, exist_ok=True)
        # lstat, never exists(): exists() follows links and so is false for a dangling one and for a loop.
        mode = _lstat_mode(link)
        if mode is not None and stat.S_ISLNK(mode) and os.path.isdir(link):
            print(f"{link} already leads to {os.path.realpath(link)}")
            return
        if mode is not None and stat.S_ISDIR(mode):
            if _has_mounts(link):
                print(f"{link} is or holds a mount: left alone")
                return
            _move_away(link)
        _place(link, volume)
        print(f"linked {link} to {volume}")
    except OSError as error:
        print(f"cannot link {link} to {volume}: {error}")


def _lstat_mode(path):
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return None


def _place(link, volume):
    """Renames a new link over whatever is at `link`: atomic, so that there is never a moment without one.

    rename(2) replaces files and links of any kind, dangling or not, without following them, and refuses directories: if
    another process has made one meanwhile, that is an error and not a loss.
    """
    fresh = f"{link}.{uuid.uuid4().hex}"
    os.symlink(volume, fresh)
    try:
        os.replace(fresh, link)
    except OSError:
        os.unlink(fresh)
        raise


def _move_away(directory):
    """Gets a real directory out of the way: by one rename first, since deleting takes long and may stop half-way."""
    aside = f"{directory}.{uuid.uuid4().hex}"
    os.rename(directory, aside)
    # rmtree removes links instead of following them, so a link to the volume in there costs the volume nothing.
    shutil.rmtree(aside, ignore_errors=True)


def _has_mounts(directory):
    """A mount point cannot be unlinked (EBUSY), and rmtree would walk into a volume that is mounted below."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            points = [line.split()[4] for line in mounts]
    except OSError:
        return os.path.ismount(directory)
    return any(point == directory or point.startswith(directory + "/") for point in points)
