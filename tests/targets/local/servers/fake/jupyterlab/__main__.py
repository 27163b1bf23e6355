"""A Jupyter server as the agent sees one, without the seconds that a real one takes to start.

`answers.json` in its folder says what it answers: by path, `"silent": true` for nothing at all,
`"exit": N` to end at the next question, `"memory": N` to start a process that takes N bytes.
"""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OPTIONS = dict(word.removeprefix("--ServerApp.").split("=", 1) for word in sys.argv[1:])
BASE = OPTIONS["base_url"]
TOKEN = Path(os.environ["JUPYTER_TOKEN_FILE"]).read_text()
ROOT = Path(OPTIONS["root_dir"])
EAT = "import sys, time; block = bytearray(int(sys.argv[1])); time.sleep(600)"


def said():
    try:
        return json.loads((ROOT / "answers.json").read_text())
    except (OSError, ValueError):
        return {}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        answers = said()
        if answers.get("silent"):
            return
        if "exit" in answers:
            sys.stderr.write("the end is near\n")
            os._exit(answers["exit"])
        if "memory" in answers:
            (ROOT / "answers.json").unlink()
            subprocess.Popen([sys.executable, "-S", "-c", EAT, str(answers["memory"])])
        path = self.path.partition("?")[0].removeprefix(BASE)
        if self.headers["Authorization"] != f"token {TOKEN}" or not self.path.startswith(BASE):
            self.send_error(403)
            return
        known = {"api/status": {}, "api/kernels": [], "api/terminals": []}
        known["api/env"] = dict(os.environ)
        known["api/options"] = OPTIONS
        known["api/cpus"] = sorted(os.sched_getaffinity(0))
        body = json.dumps({**known, **answers}[path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


print("listening", flush=True)
if "broken" in said():
    sys.exit("it is broken")
server = ThreadingHTTPServer(("127.0.0.1", int(OPTIONS["port"])), Handler)
threading.Thread(target=server.serve_forever).start()
