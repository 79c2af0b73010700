"""Starting what is measured against: granian, Dash in an environment of its own, nginx; and the load on servers."""

import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "workbench-bench"
DASH = ("dash==4.4.1", "plotly-resampler==0.11.1")
MARKDOWN = ("cmarkgfm==2025.10.22", "nh3==0.3.8")
TANTIVY = ("tantivy==0.27.0",)
UPLOT = "uplot@1.6.32"
NGINX = """
daemon off; master_process on; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; types {{ application/json json; }}
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; root {folder}; gzip_static always; }}
}}
"""
PROXY = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  include workbench.conf;
}}
"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", seconds: float = 120.0) -> None:
    """Wait until the port answers; raise where the process ends or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}")


@contextlib.contextmanager
def running(command: Sequence[str | Path], port: int, environment: dict[str, str] | None = None) -> Iterator[int]:
    """Run a server while the block lasts; give its port."""
    process = subprocess.Popen(
        [str(part) for part in command],
        env={**os.environ, **(environment or {})},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def collect_static(files: Path) -> None:
    """Hash and compress the static files as `make up` does it, where `workbench` finds them."""
    environment = {**os.environ, "WORKBENCH_STATIC_ROOT": str(files / "static")}
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(command, env=environment, cwd=ROOT, check=True)


def workbench(database_url: str, files: Path) -> contextlib.AbstractContextManager[int]:
    """Run the workbench under granian, two workers of four threads, as `make up` does."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--no-ws", "--workers", "2", "--blocking-threads", "4", "--log-level", "warning"]
    environment = {
        "DATABASE_URL": database_url,
        "WORKBENCH_BENCH_FILES": str(files),
        "WORKBENCH_STATIC_ROOT": str(files / "static"),
        "WORKBENCH_TLS": "0",
        "PYTHONPATH": str(ROOT),
    }
    return running([*command, "benchmarks.overlay_peers.serving:application"], port, environment)


def _program(name: str) -> str:
    """Return a program's path; raise with what to install."""
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed, and this benchmark needs it.")
    return found


def uplot(files: Path) -> None:
    """Put uPlot's files beside the numbers, from the cache or by npm."""
    home = CACHE / "uplot"
    if not (home / "package").exists():
        home.mkdir(parents=True, exist_ok=True)
        subprocess.run([_program("npm"), "pack", "--silent", UPLOT], cwd=home, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([_program("tar"), "xzf", next(home.glob("uplot-*.tgz")).name], cwd=home, check=True)
    shutil.copy(home / "package/dist/uPlot.iife.min.js", files / "uplot.js")
    shutil.copy(home / "package/dist/uPlot.min.css", files / "uplot.css")


def dash_python() -> Path:
    """Return the Python of an environment that holds Dash and plotly-resampler."""
    return _python("dash", DASH)


def tantivy_python() -> Path:
    """Return the Python of an environment that holds tantivy."""
    return _python("tantivy", TANTIVY)


def _python(name: str, packages: Sequence[str]) -> Path:
    """Return the Python of an environment of its own, made at the first run."""
    home = CACHE / name
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([home / "bin/pip", "install", "--quiet", *packages], check=True)
        (home / "complete").touch()
    return home / "bin/python"


def markdown_seconds(text: str, rounds: int) -> float:
    """Return the median seconds that cmarkgfm with nh3 takes to render the text."""
    program = Path(__file__).with_name("markdown_app.py")
    command: list[str | Path] = [_python("markdown", MARKDOWN), program, str(rounds)]
    return float(subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout)


def dash(values: Path, told: Path) -> contextlib.AbstractContextManager[int]:
    """Run the Dash page."""
    port = free_port()
    program = Path(__file__).with_name("dash_app.py")
    return running([dash_python(), program, values, told, str(port)], port)


def nginx_program() -> str | None:
    """Return nginx's path; None where Debian's package is not installed (or named by WORKBENCH_NGINX)."""
    return os.environ.get("WORKBENCH_NGINX") or shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def nginx(program: str, folder: Path) -> contextlib.AbstractContextManager[int]:
    """Serve a folder's files, compressed ones as they are."""
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    # Started as root it would serve as nobody, who must pass through.
    folder.chmod(0o755)
    return running([program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"], port)


def workbench_nginx(program: str, folder: Path, *, site: Path, upstream: int) -> contextlib.AbstractContextManager[int]:
    """Run nginx with the configuration that is shipped, without TLS, on the site's files and before the workbench."""
    port = free_port()
    shutil.copytree(ROOT / "deploy" / "nginx", folder)
    text = "\n".join(
        line for line in (folder / "workbench.conf").read_text().splitlines() if "ssl_certificate" not in line
    )
    for shipped, here in (
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
        ("/srv/workbench/site", str(site)),
    ):
        if shipped not in text:
            raise RuntimeError(f"deploy/nginx/workbench.conf says nothing of {shipped!r} any more")
        text = text.replace(shipped, here)
    (folder / "workbench.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(PROXY.format(folder=folder, user=user))
    return running([program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"], port)


def requests_per_second(
    port: int, path: str, headers: dict[str, str], *, seconds: float, connections: int = 8
) -> float:
    """Return answers a second over so many connections: by wrk where it is installed, else by threads here."""
    program = os.environ.get("WORKBENCH_WRK") or shutil.which("wrk")
    if program:
        more = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        command = [program, "-t1", f"-c{connections}", f"-d{max(int(seconds), 1)}s", *more]
        done = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True)
        if "Non-2xx" in done.stdout:
            raise RuntimeError(done.stdout)
        return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))  # type: ignore[union-attr]
    return _by_threads(port, path, headers, seconds=seconds, connections=connections)


def _by_threads(port: int, path: str, headers: dict[str, str], *, seconds: float, connections: int) -> float:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    request = "\r\n".join([*lines, "", ""]).encode()
    counts = [0] * connections
    end = time.monotonic() + seconds

    def ask(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            while time.monotonic() < end:
                line.sendall(request)
                _read_answer(line)
                counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _read_answer(line: socket.socket) -> None:
    """Read one answer with a length to its end; raise where it is none."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = line.recv(1 << 18)
        if not piece:
            raise ConnectionError("closed before the end of an answer")
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if not head.startswith(b"HTTP/1.1 200") or length is None:
        raise RuntimeError(head.decode("latin-1"))
    missing = int(length.group(1)) - len(body)
    while missing > 0:
        missing -= len(line.recv(min(missing, 1 << 18)))


def spread(times: Sequence[float]) -> str:
    """Return "least / median" of some times."""
    return f"{min(times):.0f} / {statistics.median(times):.0f}"
