//! The embedded database in a folder of its own, with one practice and one registered patient, served on loopback until
//! the input ends. Says in one line of JSON where it is and what a function needs to use it: `tests/measure` gives release
//! binaries whole requests with it.

use std::error::Error;
use std::path::PathBuf;

use portico_local::Config;
use portico_testkit::{PASSWORD, World};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// The user name.
const USERNAME: &str = "rosa.q";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("which folder?")?;
    let config = Config { data: Some(folder.clone()), ..Config::default() };
    let world = World::with(config).await;
    drop(world.registered("p1", USERNAME).await);
    let table = world.service.db.clone().ok_or("no database")?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let ended = async {
        tokio::io::stdin().read_to_end(&mut Vec::new()).await.ok();
    };
    let told = json!({
        "url": format!("http://{address}"), "table": world.service.cloud.table,
        "audit_table": world.service.cloud.audit_table,
        "keyring": std::fs::read_to_string(folder.join("keyring.json"))?,
        "practice": world.practice, "portal_key": world.keys.portal,
        "username": USERNAME, "password": PASSWORD,
    });
    println!("{told}");
    Ok(dynoxide::server::serve_with_shutdown(listener, table, ended).await?)
}
