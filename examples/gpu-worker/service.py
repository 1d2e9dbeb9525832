"""The HTTP side of the worker, the same in every variant: what differs is how start-up treats its cache.

Only the standard library, Python 3.9 to 3.13 (so no `cgi`, which 3.13 removed).
"""

import hmac
import http.server
import json
import os
import re
import signal
import socketserver
import sys

PORT = 8000
MAX_UPLOAD_BYTES = 10 * 1024 * 1024
# A documented demo key, so that the example runs without set-up. A real worker would refuse to start without API_KEY.
DEMO_API_KEY = "demo-key"


def stop_on_sigterm():
    """Makes `docker stop` quick: the kernel ignores SIGTERM for pid 1 unless the process installs a handler."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def read_multipart_file(content_type, body):
    """Returns the bytes of the part named `file`, or None. Binary-safe: nothing is decoded or re-wrapped."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type or "")
    if not (content_type or "").startswith("multipart/form-data") or not boundary:
        return None
    for part in body.split(b"--" + boundary.group(1).encode()):
        head, separator, content = part.partition(b"\r\n\r\n")
        if separator and re.search(rb'name="file"', head):
            return content[:-2] if content.endswith(b"\r\n") else content
    return None


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    # A worker that was killed leaves connections in TIME_WAIT; they must not keep the next one from starting.
    allow_reuse_address = True

    def server_bind(self):
        # HTTPServer.server_bind asks the resolver for the host's full name, which takes seconds without DNS.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "worker", PORT

    def handle_error(self, request, client_address):
        # A client that hung up early is no reason for a traceback; everything else is.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def serve(extractor):
    """Answers GET /health and POST /extract until SIGTERM."""
    api_key = os.environ.get("API_KEY", DEMO_API_KEY)

    class Requests(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/health":
                self.answer(200, {"status": "ok"})
            else:
                self.answer(404, {"error": "not found"})

        def do_POST(self):
            length = self.headers.get("Content-Length", "")
            if self.path != "/extract":
                return self.answer(404, {"error": "not found"})
            if not hmac.compare_digest(self.headers.get("X-API-Key", "").encode(), api_key.encode()):
                return self.answer(401, {"error": "wrong or missing X-API-Key"})
            if not length.isdigit():
                return self.answer(411, {"error": "Content-Length is required"})
            if int(length) > MAX_UPLOAD_BYTES:
                return self.answer(413, {"error": f"at most {MAX_UPLOAD_BYTES} bytes"})
            document = read_multipart_file(self.headers.get("Content-Type"), self.rfile.read(int(length)))
            if document is None:
                return self.answer(400, {"error": "send multipart/form-data with a part named file"})
            try:
                return self.answer(200, extractor.extract(document))
            except Exception as error:
                return self.answer(500, {"error": str(error)})

        def answer(self, status, value):
            body = json.dumps(value).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Start-up is what this example is about: keep the log for it."""

    with Server(("", PORT), Requests) as server:
        print(f"listening on port {PORT}", flush=True)
        server.serve_forever(poll_interval=0.1)
