//! Files of the data directory. They hold keys, links and personal data, so only their owner may read them: the directory
//! is 0700 and each file 0600, also if an older version made them otherwise.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// The files of the data directory. Another file in it is not ours, and keeps its rights.
const NAMES: [&str; 11] = [
    "clock",
    "keyring.json",
    "keys.json",
    "lock",
    "messages.ndjson",
    "portico.db",
    "portico.db-shm",
    "portico.db-wal",
    "positions.json",
    "queues.ndjson",
    SECURITY_LOG,
];

/// The security log, which in the cloud goes to a locked bucket.
const SECURITY_LOG: &str = "security-log.ndjson";

/// Opens the security log of a data directory, to add lines.
pub fn open_security_log(data: &Path) -> io::Result<File> {
    private_dir(data)?;
    open_private(&data.join(SECURITY_LOG), OpenOptions::new().create(true).append(true))
}

/// Makes the directory. If it is there, makes it and our files in it private.
pub(crate) fn private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    restrict(path, 0o700)?;
    let files = NAMES.iter().map(|name| path.join(name)).filter(|file| file.exists());
    files.into_iter().try_for_each(|file| restrict(&file, 0o600))
}

/// Opens a file with these options, and makes it private before anything is written.
pub(crate) fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let file = options.open(path)?;
    restrict(path, 0o600)?;
    Ok(file)
}

/// Makes an empty file, or empties the one that is there.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    open_private(path, OpenOptions::new().write(true).create(true).truncate(true))
}

/// Writes a whole file.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    create_private(path)?.write_all(content)
}

#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn restrict(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;
    use crate::service::Config;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn only_their_owner_may_read_the_data_directory_and_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        for id in ["p1", "p2"] {
            let config = Config { data: Some(data.to_path_buf()), ..Config::default() };
            let demo = crate::demo::start_demo(config).await.unwrap();
            let chart = json!({"given_name": "A", "family_name": "B", "birth_date": "1980-02-03", "email": "a@example.com"});
            let call = reqwest::Client::new().put(format!("{}/v1/patients/{id}", demo.running.base_url));
            let call = call.bearer_auth(&demo.guide.practices[0].keys.ehr).header("portico-actor", "me");
            assert_eq!(call.json(&chart).send().await.unwrap().status(), 201);
            demo.running.clock.advance(1).unwrap();
            demo.running.idle().await;
            assert_eq!(mode(data), 0o700);
            let files: Vec<_> = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert!(files.len() >= 7, "{files:?}");
            for file in &files {
                let name = file.file_name().unwrap().to_str().unwrap();
                assert!(NAMES.contains(&name), "{name}");
                assert_eq!(mode(file), 0o600, "{name}");
            }
            demo.running.stop().await;
            // As an older version left them.
            fs::set_permissions(data, fs::Permissions::from_mode(0o755)).unwrap();
            for file in files.iter().filter(|file| file.exists()) {
                fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
            }
        }
        fs::remove_dir_all(data).unwrap();
    }
}
