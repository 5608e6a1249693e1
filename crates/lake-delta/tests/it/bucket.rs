//! A private S3 server for one test, from a package of `PyPI`: `SeaweedFS`, which keeps
//! conditional writes, or `rclone serve s3`, which does not.
//!
//! A shell watches over it and waits on a pipe that the test holds open: however the test
//! ends, the pipe closes, the server stops and its folder goes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use lake_delta::Location;
use uuid::Uuid;

const KEY: &str = "fenhe";
const SECRET: &str = "buckets";
/// Who may do everything in the server.
const IDENTITIES: &str = r#"{"identities": [{"name": "fenhe",
    "credentials": [{"accessKey": "fenhe", "secretKey": "buckets"}],
    "actions": ["Admin", "Read", "Write", "List"]}]}"#;

/// Starts the server, says when it answers, and stops it when its input ends.
const GUARD: &str = r#"
folder=$1 python=$2 port=$3
shift 3
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
"$python" -c 'import socket, sys, time
for _ in range(600):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)
        print("ready", flush=True)
        break
    except OSError:
        time.sleep(0.1)
' "$port"
cat >/dev/null
kill -KILL "$server"
wait "$server" 2>/dev/null
rm -rf "$folder"
"#;

/// A running S3 server.
pub(crate) struct Bucket {
    endpoint: String,
    guard: Child,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ended = self.guard.wait();
    }
}

/// A program that `scripts/tools.sh` puts beside the tests' Python; `None`, with a word on
/// it, where it is not installed.
fn program(name: &str) -> Option<PathBuf> {
    let program = python().map(|python| python.with_file_name(name));
    let program = program.filter(|program| program.is_file());
    if program.is_none() {
        eprintln!("left out: {name} is not beside FENHE_PYTHON; scripts/tools.sh installs it");
    }
    program
}

fn python() -> Option<PathBuf> {
    std::env::var_os("FENHE_PYTHON").map(PathBuf::from)
}

/// Addresses that are free now.
fn free<const N: usize>() -> [SocketAddr; N] {
    let all = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    all.map(|listener| listener.local_addr().unwrap())
}

impl Bucket {
    /// A server that keeps conditional writes.
    pub(crate) fn start() -> Option<Self> {
        let program = program("weed")?;
        let addresses = free::<8>();
        let names = ["master", "volume", "filer", "s3"];
        let ports =
            names.iter().flat_map(|name| [format!("{name}.port"), format!("{name}.port.grpc")]);
        let ports =
            ports.zip(addresses).map(|(name, address)| format!("-{name}={}", address.port()));
        Some(Self::guarded(addresses[6], |folder| {
            let identities = folder.join("identities.json");
            std::fs::write(&identities, IDENTITIES).unwrap();
            let mut command = Command::new(program);
            command
                .args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3"])
                .args(["-s3.port.iceberg=0", "-s3.port.lance=0"])
                .args(["-volume.max=100", "-master.volumeSizeLimitMB=64"])
                .arg(format!("-dir={}", folder.display()))
                .arg(format!("-s3.config={}", identities.display()))
                .args(ports);
            command
        }))
    }

    /// A server that takes no notice of conditions.
    pub(crate) fn careless() -> Option<Self> {
        let program = program("rclone")?;
        let [address] = free();
        Some(Self::guarded(address, |folder| {
            std::fs::create_dir(folder.join("lake")).unwrap();
            let mut command = Command::new(program);
            command
                .args(["serve", "s3", "--config", "/dev/null", "--vfs-cache-mode", "off"])
                .args(["--addr", &address.to_string(), "--auth-key"])
                .arg(format!("{KEY},{SECRET}"))
                .arg(folder);
            command
        }))
    }

    fn guarded(address: SocketAddr, server: impl FnOnce(&Path) -> Command) -> Self {
        let folder = tempfile::Builder::new().prefix("fenhe-s3-").tempdir().unwrap().keep();
        let server = server(&folder);
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .arg(&folder)
            .arg(python().unwrap())
            .arg(address.port().to_string())
            .arg(server.get_program())
            .args(server.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(guard.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert_eq!(said, "ready\n", "no S3 server: {}", log());
        Self { endpoint: format!("http://{address}"), guard }
    }

    /// A new folder in a bucket.
    pub(crate) fn location(&self) -> Location {
        let options = [
            ("aws_endpoint", self.endpoint.as_str()),
            ("aws_allow_http", "true"),
            ("aws_region", "us-east-1"),
            ("aws_access_key_id", KEY),
            ("aws_secret_access_key", SECRET),
        ];
        let options: BTreeMap<String, String> =
            options.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Location::Url { url: format!("s3://lake/{}", Uuid::new_v4()).parse().unwrap(), options }
    }
}
