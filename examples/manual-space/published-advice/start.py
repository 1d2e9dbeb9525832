"""The incident's advice as a start script: when the service cannot use its cache, "delete persistent storage".

It heals, and that is its trouble: every upload goes with the cache.
"""

import os
import shutil
import sys
import tempfile

CACHE = os.getenv("OCR_CACHE_DIR", "/data/manual_store/ocr_cache")


def is_usable(directory):
    try:
        os.makedirs(directory, exist_ok=True)
        # Under a name of its own: of two containers that probe one name, the slower would delete everything.
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError as error:
        print(f"cannot use {directory}: {error}", flush=True)
        return False


if not is_usable(CACHE):
    for entry in os.scandir("/data"):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)
    print("deleted everything on /data", flush=True)
os.execv(sys.executable, [sys.executable, "server.py"])
