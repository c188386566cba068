"""Records what a Python SDK says to a server, and what the server answers.

    python record.py SERVER OUTPUT SCRIPT...
    python record.py http://127.0.0.1:8080 ../../testdata/zeroeval/python-0.10.4.json quickstart.py datasets.py

Runs each SCRIPT with the SDK of this interpreter against a proxy on loopback that passes everything on to SERVER, whose
store should be empty and need no key. Headers are left out, paths of this machine become `/app`, and source code of the SDK
itself, which it puts on spans, becomes null.
"""

import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import urllib.parse

server, output, *scripts = sys.argv[1:]
target = urllib.parse.urlsplit(server)
here = os.path.dirname(os.path.abspath(__file__))
exchanges = []
lock = threading.Lock()


def read(data):
    """JSON as it is meant, other texts as they are."""
    if not data:
        return None
    text = scrub(data.decode())
    try:
        return without_sdk_code(json.loads(text))
    except ValueError:
        return text


def without_sdk_code(value):
    if isinstance(value, list):
        return [without_sdk_code(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_sdk = "site-packages" in (value.get("code_filepath") or "")
    return {name: None if is_sdk and name == "code" else without_sdk_code(item) for name, item in value.items()}


def scrub(text):
    text = text.replace(os.environ.get("ZEROEVAL_SDK") or here, "/app/zeroeval.js").replace(here, "/app").replace(sys.prefix, "/app/python").replace(sys.base_prefix, "/app/python")
    return re.sub(r"http://127\.0\.0\.1:\d+", "http://server", text)


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {"content-type": self.headers.get("content-type") or "application/json"}
        with lock:
            connection = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            data = response.read()
            exchange = {"method": self.command, "path": self.path, "body": read(body)}
            exchanges.append({**exchange, "status": response.status, "answer": read(data)})
        self.send_response(response.status)
        self.send_header("content-type", response.headers.get("content-type") or "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
threading.Thread(target=proxy.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{proxy.server_address[1]}"
environment = {**os.environ, "ZEROEVAL_API_URL": url, "ZEROEVAL_API_KEY": "sk_ze_recorder"}
for script in scripts:
    interpreter = "node" if script.endswith(".mjs") else sys.executable
    subprocess.run([interpreter, script], env=environment, check=True)
with open(output, "w") as file:
    lines = [json.dumps(exchange, ensure_ascii=False) for exchange in exchanges]
    file.write("[\n" + ",\n".join(lines) + "\n]\n")
print(f"{len(exchanges)} requests in {output}")
