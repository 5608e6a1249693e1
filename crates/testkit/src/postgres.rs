//! A private PostgreSQL for one test binary.
//!
//! It listens only on a socket in a temporary folder. A shell watches over it
//! and waits on a pipe that the test binary holds open: however the binary ends,
//! also by `kill -9`, the pipe closes, the server stops and the folder goes.
//!
//! As root, PostgreSQL refuses to run, so it runs as `postgres` or `nobody`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use sea_orm::{ConnectionTrait, Database};
use store::Store;

/// A running private PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    user: String,
    made: AtomicU32,
    template: Mutex<bool>,
    /// Its open standard input keeps the server alive.
    _guard: Child,
}

/// Prepares a cluster, starts it, says so, and stops it when its input ends.
const GUARD: &str = r#"
set -e
cd "$1"
"$2/initdb" --pgdata=data --username=fenhe --auth=trust --encoding=UTF8 --locale=C \
    --no-sync >initdb.log 2>&1
"$2/postgres" -D data -k "$1" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c synchronous_commit=off -c max_connections=200 -c shared_buffers=64MB \
    </dev/null >server.log 2>&1 &
server=$!
tries=0
until [ -S "$1/.s.PGSQL.5432" ] && "$2/pg_isready" -q -h "$1"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$server"; then
        cat server.log
        exit 1
    fi
    sleep 0.05
done
echo ready
cat >/dev/null
kill -QUIT "$server"
wait "$server" || true
cd /
rm -rf "$1"
"#;

impl Postgres {
    /// The server of this test binary; the first call starts it.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is not installed or does not start.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    #[expect(
        clippy::zombie_processes,
        reason = "the guard lives as long as this process, and ends by itself after it"
    )]
    fn start() -> Self {
        let programs = programs().unwrap_or_else(|| {
            panic!("PostgreSQL is needed for this test: apt-get install postgresql")
        });
        let folder = tempfile::Builder::new()
            .prefix("fenhe-pg-")
            .tempdir()
            .expect("a temporary folder")
            .keep();
        let mut command = as_other_user(&folder);
        let mut guard = command
            .args(["sh", "-c", GUARD, "sh"])
            .arg(&folder)
            .arg(&programs)
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("a shell that starts PostgreSQL");
        let mut said = String::new();
        if let Some(output) = guard.stdout.take() {
            let mut lines = BufReader::new(output);
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|length| length > 0) {
                if line == "ready\n" {
                    return Self {
                        folder,
                        user: "fenhe".to_owned(),
                        made: AtomicU32::new(0),
                        template: Mutex::new(false),
                        _guard: guard,
                    };
                }
                said.push_str(&line);
                line.clear();
            }
        }
        panic!("PostgreSQL did not start: {said}");
    }

    /// Makes an empty database; returns its address.
    ///
    /// # Panics
    ///
    /// If the server does not make it.
    pub async fn database(&self) -> String {
        self.create("template0").await
    }

    /// Makes a database with all migrations applied; returns its address.
    ///
    /// The migrations run once; each database is a copy.
    ///
    /// # Panics
    ///
    /// If a migration fails or the server does not make the copy.
    pub async fn migrated(&self) -> String {
        self.template().await;
        self.create("fenhe_template").await
    }

    /// Makes the database that [`Postgres::migrated`] copies, if it is missing.
    async fn template(&self) {
        // Tests run on threads with a runtime each, so the lock may not be held
        // while waiting: the work is done on a thread of its own.
        let work = || {
            let mut made = self.template.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if *made {
                return;
            }
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                self.run("CREATE DATABASE fenhe_template TEMPLATE template0").await;
                let store = Store::open(&self.url("fenhe_template")).await.expect("the template");
                store.migrate().await.expect("the migrations on PostgreSQL");
                store.close().await;
            });
            *made = true;
        };
        std::thread::scope(|scope| {
            scope.spawn(work).join().expect("the template database");
        });
    }

    async fn create(&self, template: &str) -> String {
        let name = format!("test_{}", self.made.fetch_add(1, Ordering::SeqCst));
        self.run(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        self.url(&name)
    }

    async fn run(&self, sql: &str) {
        let connected = Box::pin(Database::connect(self.url("postgres")));
        let admin = connected.await.expect("the server");
        admin.execute_unprepared(sql).await.expect("a database");
        admin.close().await.expect("the connection to close");
    }

    fn url(&self, name: &str) -> String {
        format!("postgres://{}@localhost/{name}?host={}", self.user, self.folder.display())
    }
}

/// The folder with `initdb`, `postgres` and `pg_isready`.
fn programs() -> Option<PathBuf> {
    let complete = |folder: &Path| {
        ["initdb", "postgres", "pg_isready"].iter().all(|name| folder.join(name).is_file())
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = installed.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    versions.into_iter().rev().chain(std::env::split_paths(&path)).find(|folder| complete(folder))
}

/// A command that runs as a user PostgreSQL accepts, owning `folder`.
fn as_other_user(folder: &Path) -> Command {
    let me = Command::new("id").arg("-u").output().expect("the program `id`");
    if me.stdout != b"0\n" {
        return Command::new("env");
    }
    let user = ["postgres", "nobody"]
        .into_iter()
        .find(|user| {
            Command::new("chown").arg(user).arg(folder).status().is_ok_and(|done| done.success())
        })
        .unwrap_or_else(|| panic!("as root, PostgreSQL needs a user `postgres` or `nobody`"));
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid"]).arg(group(user)).args(["--clear-groups", "--"]);
    command
}

fn group(user: &str) -> String {
    let output = Command::new("id").args(["-g", user]).output().expect("the program `id`");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
