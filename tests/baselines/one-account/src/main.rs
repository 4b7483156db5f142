//! The embedded database in a folder of its own, with one practice and one registered patient, served on loopback until
//! the input ends. Says in one line of JSON where it is and what a function needs to use it: `tests/measure` gives release
//! binaries whole requests with it.
//!
//! `one-account FOLDER [DUE] [LISTED]`: besides, so many patients who are due for an automatic invitation, and so many
//! whom the list of patients shows.

use std::error::Error;
use std::path::PathBuf;

use portico_domain::time::Clock as _;
use portico_local::Config;
use portico_testkit::{PASSWORD, World};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// The user name.
const USERNAME: &str = "rosa.q";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().map(PathBuf::from).ok_or("which folder?")?;
    let mut number = || -> Result<usize, Box<dyn Error>> {
        let text = arguments.next().unwrap_or_else(|| "0".into());
        Ok(text.to_str().ok_or("a number, please")?.parse()?)
    };
    let (due, listed) = (number()?, number()?);
    let config = Config { data: Some(folder.clone()), ..Config::default() };
    let world = World::with(config).await;
    drop(world.registered("p1", USERNAME).await);
    if due > 0 {
        // Whatever the hour is.
        let hours = json!({"from": "00:00", "to": "00:00"});
        let auto_invite = json!({"enabled": true, "ramp": false, "daily_cap": 100_000, "quiet_hours": hours});
        world.settings(json!({"auto_invite": auto_invite})).await;
        let yesterday = world.service.clock.now().plus_hours(-24).to_string();
        let visits = json!([{"id": "v1", "date": &yesterday[..10], "signed_at": yesterday}]);
        let chart = json!({"birth_date": "1961-04-12", "email": "due@example.com", "visits": visits});
        world.patient("duemodel", World::chart_with(chart)).await;
        world.copies("duemodel", (1..due).map(|place| format!("due{place}"))).await;
    }
    if listed > 0 {
        let chart = json!({"given_name": "Rosario", "middle_name": "Maria", "email": "rosario.quillfeather@example.com"});
        world.patient("listmodel", World::chart_with(chart)).await;
        world.copies("listmodel", (1..listed).map(|place| format!("listed{place}"))).await;
    }
    let window = world.window(&world.keys.ehr).await;
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
        "username": USERNAME, "password": PASSWORD, "window": window.cookie,
    });
    println!("{told}");
    Ok(dynoxide::server::serve_with_shutdown(listener, table, ended).await?)
}
