#!/bin/sh
# The incident's start command. startup.py sets variables in a process of its own, which are gone when it exits.
python3 startup.py && exec python3 server.py
