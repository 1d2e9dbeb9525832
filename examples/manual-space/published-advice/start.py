"""The incident's advice as a start script: "delete persistent storage", on every start. Every upload goes with it."""

import os
import shutil
import sys

for entry in os.scandir("/data"):
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path, ignore_errors=True)
    else:
        os.unlink(entry.path)
print("deleted everything on /data", flush=True)
os.execv(sys.executable, [sys.executable, "server.py"])
