"""The processor's time of whole requests in the release binaries, beside that of a bare password hash; and the memory of a
sweep of automatic invitations.

Plays the Lambda Runtime API, Secrets Manager and SQS; the table is the embedded database, in a process of its own. A
function has a core to itself, and what it needs of that core is read from the process's own clock each time it asks for
work: so waiting for the table costs nothing, and what a request leaves to be done after its answer counts."""

import contextlib
import hashlib
import json
import os
import pathlib
import queue
import re
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
    """The Runtime API for one function, Secrets Manager with the keyring, and the queue that it sends to."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, keyring):
        super().__init__(("127.0.0.1", 0), Connection)
        self.keyring = keyring
        self.process = None
        self.asked, self.events, self.answers = queue.Queue(), queue.Queue(), queue.Queue()
        self.sent = []
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
                self.rest()
                self.answer(200, json.dumps(self.server.events.get()).encode(), (
                    b"lambda-runtime-aws-request-id: measured\r\n"
                    b"lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:measured\r\n"
                    b"lambda-runtime-deadline-ms: %d\r\n" % (time.time() * 1000 + 60_000)))
                continue
            if b" /2018-06-01/" in request:
                self.server.answers.put(self.rest()[1])
                self.answer(202, b"")
                continue
            target, body = self.rest()
            if target.startswith("AmazonSQS."):
                text = json.loads(body)["MessageBody"]
                self.server.sent.append(text)
                taken = {"MessageId": f"measured-{len(self.server.sent)}",
                         "MD5OfMessageBody": hashlib.md5(text.encode()).hexdigest()}
                self.answer(200, json.dumps(taken).encode(), b"content-type: application/x-amz-json-1.0\r\n")
            else:
                secret = {"ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:keyring", "Name": "keyring",
                          "SecretString": self.server.keyring, "VersionId": "1", "CreatedDate": 0}
                self.answer(200, json.dumps(secret).encode(), b"content-type: application/x-amz-json-1.1\r\n")

    def rest(self):
        """What comes after the first line: what an AWS service is asked for, and the body."""
        length, chunked, target = 0, False, ""
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            if name.lower() == b"x-amz-target":
                target = value.decode().strip()
            chunked = chunked or (name.lower() == b"transfer-encoding" and b"chunked" in value)
        if not chunked:
            return target, self.rfile.read(length)
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return target, body

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

    def call(self, event, seconds=10):
        """Nanoseconds, and the answer."""
        self.runtime.events.put(event)
        try:
            answer = json.loads(self.runtime.answers.get(timeout=seconds))
        except queue.Empty:
            raise SystemExit(f"tests/measure: {event} was not answered within {seconds} s") from None
        if answer.get("statusCode", 200) != 200 or answer.get("batchItemFailures"):
            raise SystemExit(f"tests/measure: {event} was answered with {answer}")
        before, self.before = self.before, self.next()
        return self.before - before, answer

    def most_resident(self):
        """The most memory that the process had so far, in MiB (VmHWM)."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

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


def of_the_tool(event, window, path, query):
    """An event of a browser that asks for a page of the Onboarding Tool."""
    headers = {name: value for name, value in event["headers"].items() if name != "authorization"}
    headers |= {"accept": "text/html", "accept-encoding": "identity", "sec-fetch-site": "same-origin"}
    asked = dict(pair.split("=") for pair in query.split("&")) if query else {}
    route = f"GET {path}"
    http = {**event["requestContext"]["http"], "path": path}
    context = {**event["requestContext"], "http": http, "routeKey": route}
    return {**event, "routeKey": route, "rawPath": path, "rawQueryString": query, "queryStringParameters": asked,
            "pathParameters": {}, "headers": headers, "cookies": [window], "requestContext": context}


def build_table():
    """Builds the program that serves the table, as for tests."""
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--package", "one-account"], cwd=ROOT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "one-account"


@contextlib.contextmanager
def table(binary, due=0, listed=0):
    """Serves the table while it is needed: what `tests/baselines/one-account` tells of it."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([binary, folder, str(due), str(listed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
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
    with a_core_for_others() as core, table(binary, listed=60) as told, contextlib.ExitStack() as ends:
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

        token = json.loads(sign_in()[1]["body"])["session_token"]

        def introspect():
            def change(event):
                event["headers"]["authorization"] = f"Bearer {told['portal_key']}"
                return with_json(event, {"session_token": token})

            time.sleep(STAFF_PAUSE)
            took, answer = call("introspect-session", change)
            if not json.loads(answer["body"])["active"]:
                raise SystemExit(f"tests/measure: the session is not active: {answer}")
            return took

        def list_of_fifty():
            time.sleep(STAFF_PAUSE)
            query = "status=uninvited&all=yes"
            took, answer = call("get-portal", lambda event: of_the_tool(event, told["window"], "/console/patients", query))
            rows = answer["body"].count('name="patient_ids"')
            if rows != 50:
                raise SystemExit(f"tests/measure: a page of the list has {rows} rows")
            return took

        kinds = {
            "bare argon2id hash": bare.call,
            "sign-in": lambda: sign_in()[0],
            "introspection": introspect,
            "sign-in page": lambda: call("open-practice", lambda event: event)[0],
            "page of 50 patients": list_of_fifty,
        }
        for kind in kinds.values():
            kind()  # once for connections and copies
        taken = {name: [] for name in kinds}
        for _ in range(count):
            for name, kind in kinds.items():
                taken[name].append(kind() / 1e6)
        return taken


def memory_of_a_sweep(release, environment, due):
    """Invites so many patients who are due, with one planner and one worker: the most memory that each had, in MiB, and
    how many messages the queue got."""
    binary = build_table()
    environment = {**environment, "PORTICO_SWEEP_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/sweep"}
    with table(binary, due=due) as told, contextlib.ExitStack() as ends:
        planner, worker = (Function(release / "auto-invite", environment, told, None) for _ in range(2))
        for function in (planner, worker):
            ends.callback(function.end)
        _, tick = event_of("planner")
        _, pages = event_of("pages")
        done = invited = 0
        while invited < due:
            planner.call(tick, 60)
            if done == len(planner.runtime.sent):
                raise SystemExit(f"tests/measure: the sweep stands still after {invited} of {due}")
            for text in planner.runtime.sent[done:]:
                record = {**pages["Records"][0], "body": text}
                worker.call({"Records": [record]}, 60)
            done = len(planner.runtime.sent)
            runs = planner.call(tick, 60)[1]["runs"]
            invited = sum(run["invited"] for run in runs)
        return planner.most_resident(), worker.most_resident(), done
