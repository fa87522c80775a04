"""Servers, programs and questions that soak and failovers have in common. All on 127.0.0.1."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/credit-portfolio"
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="cp-bench-"))
PASSWORD = "a password to measure with"
AS_POSTGRES = {}
if os.getuid() == 0:
    # PostgreSQL refuses to run as root.
    shutil.chown(FOLDER, "postgres")
    AS_POSTGRES = {"user": "postgres", "group": "postgres", "extra_groups": []}
started = []


def start(*command, **options):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **options)
    started.append(process)
    return process


def stop_all():
    for process in reversed(started):
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
    shutil.rmtree(FOLDER, ignore_errors=True)


def until(what, is_so, seconds=60):
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain until {what}")
        time.sleep(0.1)


def children_of(process):
    path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return list(map(int, path.read_text().split()))


def postgres_programs():
    binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    return binaries[-1] if binaries else pathlib.Path(shutil.which("initdb")).parent


class Postgres:
    """A server in a folder of its own; `standby_of` another one, which it streams from."""

    def __init__(self, port, standby_of=None):
        self.port, self.programs, self.data = port, postgres_programs(), FOLDER / f"data{port}"
        if standby_of is None:
            command = [self.programs / "initdb", "-U", "postgres", "--auth=trust", "-D", self.data]
        else:
            command = [self.programs / "pg_basebackup", "-h", "127.0.0.1", "-p", str(standby_of.port), "-U", "postgres",
                       "-R", "-c", "fast", "-X", "stream", "-D", self.data]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **AS_POSTGRES)
        self.start()

    def start(self):
        self.process = start(self.programs / "postgres", "-D", self.data, "-p", str(self.port),
                             "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={FOLDER}",
                             "-c", "hot_standby_feedback=on", **AS_POSTGRES)
        until("PostgreSQL is ready", lambda: self.run("SELECT 1", "postgres").returncode == 0)

    def run(self, sql, database="portfolio"):
        command = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-Atc", sql, database]
        return subprocess.run(command, capture_output=True, text=True)

    def ask(self, sql, database="portfolio"):
        answer = self.run(sql, database)
        if answer.returncode != 0:
            raise SystemExit(f"{sql}: {answer.stderr}")
        return answer.stdout.strip()

    def restart(self, pause=2):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        time.sleep(pause)
        self.start()

    def kill(self):
        """As when its machine is lost: nothing more is written, no connection is closed properly."""
        for pid in [self.process.pid, *children_of(self.process)]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def freeze(self, seconds):
        pids = [self.process.pid, *children_of(self.process)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass

    def promote(self):
        self.ask("SELECT pg_promote()", "postgres")


def redis(port, *options):
    return start("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp", *options)


def settings(database_url, name, **more):
    """The environment of a program that imports a folder each minute; nothing of the caller's."""
    (FOLDER / "files").mkdir(exist_ok=True)
    file = FOLDER / "settings.toml"
    file.write_text(f"""[[import.sources]]
name = "{name}"
department = 8
folder = "{FOLDER}/files"
schedule = "* * * * *"
missing_rows = "deactivate"
missing_rows_max_percent = 50
""")
    return {
        "PATH": os.environ["PATH"], "DATABASE_URL": database_url, "RUST_LOG": "warn", "CONFIG_FILE": str(file),
        "SECRET_KEY": "only-for-measurements-on-loopback-0123456789", **more,
    }


class Instance:
    """A process that serves."""

    def __init__(self, port, environment, program=PROGRAM):
        self.port, self.environment, self.program = port, {**environment, "BIND": f"127.0.0.1:{port}"}, program
        self.start()

    def start(self):
        with open(FOLDER / f"log{self.port}", "ab") as log:
            self.process = subprocess.Popen([self.program, "serve"], env=self.environment, cwd=FOLDER, stdout=log, stderr=log)
        started.append(self.process)
        until("the program is ready", lambda: ask(self.port, "/readyz", "")[0] == 200)

    def stop(self):
        self.process.terminate()
        return self.process.wait(40)


def ask(port, path, token, timeout=40):
    """Status and body of an answer; status 0 when there was none."""
    status, _, body = ask_whole(port, path, token, timeout)
    return status, body


def ask_whole(port, path, token, timeout=40):
    """Status, headers and body of an answer."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body
    except (OSError, http.client.HTTPException) as error:
        return 0, {}, str(error).encode()


def prepare(environment):
    """Makes the schema and a user."""
    subprocess.run([PROGRAM, "migrate"], check=True, env=environment, cwd=FOLDER, stdout=subprocess.DEVNULL)
    subprocess.run([PROGRAM, "user", "create", "--username", "bench", "--role", "ADMIN"], check=True,
                   env=environment, cwd=FOLDER, input=PASSWORD.encode(), stdout=subprocess.DEVNULL)


def token_of(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/api/v1/auth/login", json.dumps({"username": "bench", "password": PASSWORD}),
                       {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())["access_token"]


def invent(rows, version, port):
    """Makes exports of so many rows, but for the one that is broken on purpose."""
    folder = FOLDER / f"demo{version}"
    demo = start(PROGRAM, "demo", "--rows", str(rows), "--dir", folder, "--bind", f"127.0.0.1:{port}",
                 env={"PATH": os.environ["PATH"]})
    until("the demo is ready", lambda: ask(port, "/readyz", "")[0] == 200, 120)
    demo.terminate()
    demo.wait()
    (FOLDER / f"version{version}").mkdir()
    for file in (folder / "ftp").glob("*.xlsx"):
        if "novoe" not in file.name:
            shutil.move(file, FOLDER / f"version{version}" / file.name)


def write_exports(version):
    """Has 1C write its exports again, in one of two versions."""
    for file in (FOLDER / f"version{version}").glob("*.xlsx"):
        target = FOLDER / "files" / file.name
        shutil.copyfile(file, target.with_suffix(".tmp"))
        target.with_suffix(".tmp").rename(target)


def received(path, body):
    """What an answer says was received in all, in kopecks; None of one that does not say it."""
    answer = json.loads(body)
    question = path.partition("?")[0]
    if question == "monthly-stats":
        return sum(round(row["receipts"] * 100) for row in answer)
    if question == "summary":
        return round(answer["total_receipts"] * 100)
    if question == "organization-stats":
        return sum(round(row["received"] * 100) for row in answer["data"])
    return None


def received_by_rows(postgres, since="0001-01-01"):
    """The same of the rows from a day on, in kopecks."""
    return int(postgres.ask("SELECT COALESCE(SUM(amount), 0) FROM receipts WHERE is_active AND currency = 'RUB' "
                            f"AND document_date >= '{since}'"))


def received_by_organization(postgres, since=None):
    """The same by organization."""
    rows = postgres.ask("SELECT organization_id, SUM(amount) FROM receipts WHERE is_active AND currency = 'RUB' "
                        f"AND document_date >= '{since or '0001-01-01'}' GROUP BY organization_id")
    return {int(organization): int(kopecks) for organization, kopecks in (row.split("|") for row in rows.splitlines())}
