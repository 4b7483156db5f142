"""The processor's time of whole requests in the release binaries, beside that of a bare password hash.

Plays the Lambda Runtime API and Secrets Manager; the table is the embedded database, in a process of its own. A function
has a core to itself, and what it needs of that core is read from the process's own clock each time it asks for work: so
waiting for the table costs nothing, and what a request leaves to be done after its answer counts."""

import contextlib
import json
import os
import pathlib
import queue
import signal
import socketserver
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Seconds between calls with a key: from the eleventh in a second on, one of them is counted in the table.
STAFF_PAUSE = 0.12


def used(process):
    """Nanoseconds that a process has had of its cores: the clock whose id clock_getcpuclockid(3) makes."""
    return time.clock_gettime_ns((~process << 3) | 2)


class Runtime(socketserver.ThreadingTCPServer):
    """The Runtime API for one function, and Secrets Manager with the keyring."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, keyring):
        super().__init__(("127.0.0.1", 0), Connection)
        self.keyring = keyring
        self.process = None
        self.asked, self.events, self.answers = queue.Queue(), queue.Queue(), queue.Queue()
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request, client_address):
        """A function that was ended while it waited for work is no news."""


class Connection(socketserver.StreamRequestHandler):
    """One connection, kept open."""

    def handle(self):
        while request := self.rfile.readline():
            if b" /2018-06-01/runtime/invocation/next " in request:
                self.server.asked.put(used(self.server.process))
                self.body()
                self.answer(200, json.dumps(self.server.events.get()).encode(), (
                    b"lambda-runtime-aws-request-id: measured\r\n"
                    b"lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:measured\r\n"
                    b"lambda-runtime-deadline-ms: %d\r\n" % (time.time() * 1000 + 10_000)))
            elif b" /2018-06-01/" in request:
                self.server.answers.put(self.body())
                self.answer(202, b"")
            else:
                self.body()
                secret = {"ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:keyring", "Name": "keyring",
                          "SecretString": self.server.keyring, "VersionId": "1", "CreatedDate": 0}
                self.answer(200, json.dumps(secret).encode(), b"content-type: application/x-amz-json-1.1\r\n")

    def body(self):
        """What comes after the first line: the head is of no interest, but for the body's length."""
        length, chunked = 0, False
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            chunked = chunked or (name.lower() == b"transfer-encoding" and b"chunked" in value)
        if not chunked:
            return self.rfile.read(length)
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self, status, body, head=b""):
        self.wfile.write(b"HTTP/1.1 %d OK\r\n%scontent-length: %d\r\n\r\n%s" % (status, head, len(body), body))
        self.wfile.flush()


class Function:
    """A release binary on a core of its own."""

    def __init__(self, binary, environment, told, core):
        self.runtime = Runtime(told["keyring"])
        here = {"AWS_LAMBDA_RUNTIME_API": self.runtime.address, "AWS_ENDPOINT_URL": f"http://{self.runtime.address}",
                "AWS_ENDPOINT_URL_DYNAMODB": told["url"], "PORTICO_TABLE": told["table"],
                "PORTICO_AUDIT_TABLE": told["audit_table"]}
        self.process = subprocess.Popen([binary], env={**environment, **here}, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.runtime.process = self.process.pid
        if core is not None:
            os.sched_setaffinity(self.process.pid, {core})
        self.before = self.next()

    def next(self):
        try:
            return self.runtime.asked.get(timeout=10)
        except queue.Empty:
            raise SystemExit(f"tests/measure: {self.process.args[0]} did not ask for work within 10 s") from None

    def call(self, event):
        """Nanoseconds, and the answer's body."""
        self.runtime.events.put(event)
        try:
            answer = json.loads(self.runtime.answers.get(timeout=10))
        except queue.Empty:
            raise SystemExit(f"tests/measure: {event['routeKey']} was not answered within 10 s") from None
        if answer.get("statusCode") != 200:
            raise SystemExit(f"tests/measure: {event['routeKey']} was answered with {answer}")
        before, self.before = self.before, self.next()
        return self.before - before, answer.get("body")

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.runtime.shutdown()
        self.runtime.server_close()


class Bare:
    """The hash and nothing else, on the same core."""

    def __init__(self, binary, core):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if core is not None:
            os.sched_setaffinity(self.process.pid, {core})
        self.call()

    def call(self):
        before = used(self.process.pid)
        self.process.stdin.write("plum trellis seven\n")
        self.process.stdin.flush()
        self.process.stdout.readline()
        return used(self.process.pid) - before

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def event_of(name):
    """The function that an event of events/ is for, and the event."""
    file = next((ROOT / "events").glob(f"*/{name}.json"))
    return file.parent.name, json.loads(file.read_text())


def with_json(event, body):
    """An event that carries this body, from an application instead of a browser."""
    kept = {name: value for name, value in event["headers"].items() if name not in ("origin", "sec-fetch-site")}
    headers = {**kept, "accept": "application/json", "content-type": "application/json"}
    return {**event, "headers": headers, "body": json.dumps(body), "isBase64Encoded": False}


def build_table():
    """Builds the program that serves the table, as for tests."""
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--package", "one-account"], cwd=ROOT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "one-account"


@contextlib.contextmanager
def table(binary):
    """Serves the table while it is needed: what `tests/baselines/one-account` tells of it."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([binary, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait()


@contextlib.contextmanager
def a_core_for_others():
    """Keeps this process, and what it starts, on all cores but the last: that one, or none where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        yield None
        return
    os.sched_setaffinity(0, cores[:-1])
    try:
        yield cores[-1]
    finally:
        os.sched_setaffinity(0, cores)


def cpu_of_requests(release, environment, count):
    """Milliseconds of the processor for each kind of request, `count` samples each; the bare hash is among them."""
    binary = build_table()
    with a_core_for_others() as core, table(binary) as told, contextlib.ExitStack() as ends:
        functions, bare = {}, Bare(release / "bare-argon2", core)
        ends.callback(bare.end)

        def call(name, change):
            folder, event = event_of(name)
            if folder not in functions:
                functions[folder] = Function(release / folder, environment, told, core)
                ends.callback(functions[folder].end)
            return functions[folder].call(change(event))

        def sign_in():
            enter = {name: told[name] for name in ("username", "password")}
            return call("sign-in", lambda event: with_json(event, enter))

        token = json.loads(sign_in()[1])["session_token"]

        def introspect():
            def change(event):
                event["headers"]["authorization"] = f"Bearer {told['portal_key']}"
                return with_json(event, {"session_token": token})

            time.sleep(STAFF_PAUSE)
            took, body = call("introspect-session", change)
            if not json.loads(body)["active"]:
                raise SystemExit(f"tests/measure: the session is not active: {body}")
            return took

        kinds = {
            "bare argon2id hash": bare.call,
            "sign-in": lambda: sign_in()[0],
            "introspection": introspect,
            "sign-in page": lambda: call("open-practice", lambda event: event)[0],
        }
        for kind in kinds.values():
            kind()  # once for connections and copies
        taken = {name: [] for name in kinds}
        for _ in range(count):
            for name, kind in kinds.items():
                taken[name].append(kind() / 1e6)
        return taken
