"""A real Elasticsearch on loopback for tests: started from a folder, stopped by pid, killed and restarted at will."""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

START_SECONDS = 150
STOP_SECONDS = 30
OLDEST_JAVA = 17
ROOT = Path(__file__).resolve().parent.parent
HOW_TO_GET_ONE = (
    "set ELASTICSEARCH_URL to a running server, or ELASTICSEARCH_HOME to the folder of an unpacked one "
    "(https://www.elastic.co/downloads/elasticsearch)"
)


class ServerUnavailableError(RuntimeError):
    """No server can be started here; the message says what is missing."""


def server_home() -> Path:
    """The folder with bin/elasticsearch: `ELASTICSEARCH_HOME`, else the one that lies beside the checkout."""
    named = os.environ.get("ELASTICSEARCH_HOME")
    home = Path(named) if named else ROOT.parent / "shared" / "elasticsearch" / "server"
    if not (home / "bin" / "elasticsearch").is_file():
        where = f"{home} has no bin/elasticsearch" if named else "there is no Elasticsearch here"
        raise ServerUnavailableError(f"{where}: {HOW_TO_GET_ONE}")
    return home.resolve()


def java_home(home: Path) -> Path | None:
    """A Java for a server that brings none (None: it brings its own)."""
    if (home / "jdk" / "bin" / "java").exists():
        return None
    named = os.environ.get("ES_JAVA_HOME")
    found = str(Path(named) / "bin" / "java") if named else shutil.which("java")
    if found is None or not Path(found).exists():
        raise ServerUnavailableError("Elasticsearch needs Java 17: apt-get install openjdk-17-jre-headless")
    says = subprocess.run([found, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    version = re.search(r'version "(\d+)', says)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise ServerUnavailableError(f"Elasticsearch needs Java 17 or newer, {found} is {says.splitlines()[:1]}")
    return Path(found).resolve().parent.parent


class ElasticServer:
    """One node with its own data folder. `start` again after `kill`: the data is still there, on the same port.

    The server refuses to run as root, so root hands its folder to `nobody`. If the test process dies, the kernel
    ends the server too (where setpriv exists).
    """

    def __init__(self, *, heap: str = "512m", password: str | None = None, tls: bool = False) -> None:
        self.home = server_home()
        self.java = java_home(self.home)
        self.password = password
        self.heap = heap
        self.tls = tls
        self.port = 0
        # pytest's own temporary folders may be entered by their owner only, and the server may be another user.
        self.folder = Path(tempfile.mkdtemp(prefix="brandmelder-elastic-"))
        self._launcher: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            self.home = _readable_by_nobody(self.home)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        """The certificate of the authority that signed the server's, where it speaks TLS."""
        return self.folder / "config" / "ca.pem"

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def start(self) -> str:
        """Start and wait until it answers; returns the URL."""
        self._configure()
        command = [str(self.home / "bin" / "elasticsearch"), "--pidfile", str(self.folder / "pid")]
        with (self.folder / "logs" / "console.log").open("ab") as log:
            self._launcher = subprocess.Popen(
                [*_as_other_user(), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=self._environment(),
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._launcher.poll() is not None:
                raise ServerUnavailableError(f"Elasticsearch did not start:\n{self._console()}")
            if self._answers():
                return self.url
            time.sleep(0.25)
        self.kill()
        raise ServerUnavailableError(f"Elasticsearch did not answer within {START_SECONDS} s:\n{self._console()}")

    def stop(self) -> None:
        """End it in order and remove its folder."""
        self._end(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """End it as a power cut would (kill -9)."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        launcher, self._launcher = self._launcher, None
        if launcher is None:
            return
        try:
            os.kill(self.pid, how)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            launcher.kill()
        try:
            launcher.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            launcher.kill()
            launcher.wait(STOP_SECONDS)
        (self.folder / "pid").unlink(missing_ok=True)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        folders = {"ES_PATH_CONF": str(self.folder / "config"), "ES_TMPDIR": str(self.folder / "tmp")}
        java = {} if self.java is None else {"ES_JAVA_HOME": str(self.java)}
        return kept | folders | java | {"HOME": str(self.folder)}

    def _configure(self) -> None:
        config = self.folder / "config"
        fresh = not config.exists()
        for name in ("data", "logs", "tmp", "config/jvm.options.d"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "logs" / "http.ports").unlink(missing_ok=True)
        for name in ("jvm.options", "log4j2.properties"):
            shutil.copyfile(self.home / "config" / name, config / name)
        (config / "jvm.options.d" / "heap.options").write_text(
            f"-Xms{self.heap}\n-Xmx{self.heap}\n-XX:TieredStopAtLevel=1\n"
        )
        settings = {
            "cluster.name": "brandmelder-test",
            "node.name": "node-1",
            "node.portsfile": "true",
            "path.data": self.folder / "data",
            "path.logs": self.folder / "logs",
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": 0,
            "discovery.type": "single-node",
            "xpack.security.enabled": "false" if self.password is None else "true",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        if self.tls:
            if fresh:
                write_certificates(config)
            settings |= {
                "xpack.security.http.ssl.enabled": "true",
                "xpack.security.http.ssl.certificate": config / "server.pem",
                "xpack.security.http.ssl.key": config / "server.key",
            }
        text = "".join(f"{name}: {value}\n" for name, value in settings.items())
        (config / "elasticsearch.yml").write_text(text)
        if fresh and self.password is not None:
            self._keystore("create")
            self._keystore("add", "-x", "bootstrap.password", given=self.password)
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, "nobody", "nogroup")

    def _keystore(self, *arguments: str, given: str = "") -> None:
        tool = str(self.home / "bin" / "elasticsearch-keystore")
        environment = self._environment()
        subprocess.run([tool, *arguments], input=given.encode(), env=environment, check=True, capture_output=True)

    def _answers(self) -> bool:
        if self.port == 0:
            ports = self.folder / "logs" / "http.ports"
            found = re.search(r"127\.0\.0\.1:(\d+)", ports.read_text()) if ports.exists() else None
            if found is None:
                return False
            self.port = int(found[1])
        request = urllib.request.Request(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s")
        if self.password is not None:
            credentials = b64encode(f"elastic:{self.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {credentials}")
        try:
            context = ssl.create_default_context(cafile=str(self.ca)) if self.tls else None
            with urllib.request.urlopen(request, timeout=5, context=context) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _console(self) -> str:
        return "\n".join((self.folder / "logs" / "console.log").read_text(errors="replace").splitlines()[-20:])


def write_certificates(folder: Path) -> None:
    """`ca.pem`, and `server.pem` with `server.key` for 127.0.0.1, signed by it; for a day."""
    ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("Brandmelder-Test-Prüfstelle", ca_key.public_key(), ca_key, authority=True)
    server = _certificate("127.0.0.1", server_key.public_key(), ca_key, authority=False)
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePrivateKey, *, authority: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Brandmelder-Test-Prüfstelle")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if not authority:
        places = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        builder = builder.add_extension(places, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _as_other_user() -> list[str]:
    if shutil.which("setpriv") is None:
        return []
    user = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, "--pdeathsig=KILL"]


def _readable_by_nobody(home: Path) -> Path:
    """The folder itself, or a copy outside root's own folders where `nobody` may not read it."""
    test = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "test", "-r", str(home / "lib")]
    if subprocess.run(test, check=False).returncode == 0:
        return home
    jar = next(home.glob("lib/elasticsearch-[0-9]*.jar"))
    copy = Path(tempfile.gettempdir()) / f"brandmelder-elasticsearch-{jar.stem}-{jar.stat().st_mtime_ns}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix="brandmelder-elasticsearch-"))
        shutil.copytree(home, draft, dirs_exist_ok=True)
        subprocess.run(["chmod", "-R", "a+rX", str(draft)], check=True)
        try:
            draft.rename(copy)
        except OSError:  # another test run was faster
            shutil.rmtree(draft)
    return copy
