"""Asks the service for its health. Run with -I, so that it never reads bytecode from the volume and starts fast."""

import socket
import sys

with socket.create_connection(("127.0.0.1", 7860), timeout=2) as connection:
    connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
    sys.exit(0 if b" 200 " in connection.recv(64) else 1)
