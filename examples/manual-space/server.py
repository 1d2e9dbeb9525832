"""The HTTP side of the space, the same in every variant: upload manuals, ask questions about them.

Only the standard library, Python 3.9 to 3.13.
"""

import http.server
import json
import os
import re
import signal
import socketserver
import sys
import urllib.parse
import uuid

# `docker stop` is quick only if pid 1 has a handler; installed before anything slow is imported.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

import answers  # noqa: E402
import document_loader  # noqa: E402

PORT = 7860
UPLOADS = "/data/uploads"
MAX_UPLOAD_BYTES = 10 * 1024 * 1024


def refuse_damaged_uploads():
    """Exits if the uploads cannot be read and written: users' data is not for a start script to repair."""
    try:
        os.makedirs(UPLOADS, exist_ok=True)
        os.listdir(UPLOADS)
    except OSError as error:
        sys.exit(f"refusing to start: {UPLOADS} cannot be used: {error}")
    if not os.access(UPLOADS, os.W_OK | os.X_OK):
        sys.exit(f"refusing to start: {UPLOADS} cannot be written by uid {os.getuid()}")


def upload_names():
    """Names of the manuals; what begins with a dot is an upload that is not whole yet."""
    return sorted(entry.name for entry in os.scandir(UPLOADS) if entry.is_file() and not entry.name.startswith("."))


def save_upload(name, content):
    """Keeps an upload whole or not at all: written beside its place, then renamed into it."""
    fresh = os.path.join(UPLOADS, f".{uuid.uuid4().hex}.part")
    with open(fresh, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, os.path.join(UPLOADS, name))


def ask(question):
    texts = {}
    for name in upload_names():
        with open(os.path.join(UPLOADS, name), "rb") as file:
            texts[name] = document_loader.load(file.read())
    return answers.best_answer(question, texts)


class Requests(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        elif self.path == "/uploads":
            self.answer(200, {"uploads": upload_names()})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            return self.answer(411, {"error": "Content-Length is required"})
        if int(length) > MAX_UPLOAD_BYTES:
            return self.answer(413, {"error": f"at most {MAX_UPLOAD_BYTES} bytes"})
        body = self.rfile.read(int(length))
        try:
            if url.path == "/upload":
                return self.upload(urllib.parse.parse_qs(url.query).get("name", [""])[0], body)
            if url.path == "/ask":
                return self.ask(body)
        except OSError as error:
            return self.answer(500, {"error": str(error)})
        return self.answer(404, {"error": "not found"})

    def upload(self, name, body):
        # One path segment that is no dot file: a name from outside never leaves the uploads.
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", name):
            return self.answer(400, {"error": "?name= takes letters, digits, dot, dash and underscore"})
        save_upload(name, body)
        return self.answer(201, {"uploaded": name})

    def ask(self, body):
        try:
            question = json.loads(body)["question"]
        except (ValueError, KeyError, TypeError):
            question = None
        if not isinstance(question, str):
            return self.answer(400, {"error": 'send {"question": "..."}'})
        return self.answer(200, ask(question))

    def answer(self, status, value):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Start-up is what this example is about: keep the log for it."""


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def server_bind(self):
        # HTTPServer.server_bind asks the resolver for the host's full name, which takes seconds without DNS.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "space", PORT

    def handle_error(self, request, client_address):
        # A client that hung up early is no reason for a traceback; everything else is.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


refuse_damaged_uploads()
with Server(("", PORT), Requests) as server:
    print(f"listening on port {PORT}, OCR cache at {document_loader.OCR_CACHE_DIR}", flush=True)
    server.serve_forever(poll_interval=0.1)
