//! The embedded `DynamoDB`: one table, in memory or in a file, served on loopback in the real protocol. The
//! template declares the table.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use dynoxide::errors::DynoxideError;
use dynoxide::{Database, Item};
use serde_json::{Value, json};

use crate::clock::LocalClock;
use crate::template::Table;

pub const TABLE: &str = "portico";

/// How often expired items are deleted.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file could not be read or written.
    #[error("the database file: {0}")]
    File(#[from] rusqlite::Error),
    /// The engine refused a request.
    #[error("the database: {0}")]
    Database(#[from] DynoxideError),
    /// The engine can't create the template's table.
    #[error("the template's table: {0}")]
    Table(#[from] serde_json::Error),
}

/// Opens a database in memory and creates the table.
pub fn in_memory(table: &Table) -> Result<Database, EngineError> {
    let db = Database::memory()?;
    create_table(&db, table)?;
    Ok(db)
}

/// Opens the database in the file `path` and creates the table. Stream records before `processed` are
/// deleted first.
pub fn in_file(path: &Path, table: &Table, processed: Option<&str>) -> Result<Database, EngineError> {
    let db = Database::new(&path.to_string_lossy())?;
    tend_stream(path, processed)?;
    create_table(&db, table)?;
    Ok(db)
}

/// Deletes expired items every minute, as `DynamoDB` does at times of its own.
///
/// The engine uses the system's clock. While ours is behind it, nothing is deleted: an item that looks
/// expired to the engine may still be valid for us.
pub async fn sweep(db: Database, clock: Arc<LocalClock>) {
    let mut minutes = tokio::time::interval(SWEEP_EVERY);
    loop {
        minutes.tick().await;
        if clock.offset_ms() < 0 {
            continue;
        }
        let db = db.clone();
        match tokio::task::spawn_blocking(move || db.sweep_ttl()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "sweeping expired items"),
            Err(error) => tracing::error!(%error, "sweeping expired items"),
        }
    }
}

/// The `CreateTable` request for the template's table, under this name.
pub fn create_table_request(name: &str, table: &Table) -> Value {
    let mut request = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": table.attribute_definitions,
        "KeySchema": table.key_schema,
    });
    if !table.global_secondary_indexes.is_null() {
        request["GlobalSecondaryIndexes"] = table.global_secondary_indexes.clone();
    }
    if let Some(stream) = &table.stream_specification {
        request["StreamSpecification"] =
            json!({"StreamEnabled": true, "StreamViewType": stream.stream_view_type});
    }
    request
}

/// Creates the template's table under this name at another endpoint, unless it exists. Deleting expired items
/// is up to that endpoint.
pub async fn create_table_at(
    client: &aws_sdk_dynamodb::Client,
    name: &str,
    table: &Table,
) -> Result<(), Box<aws_sdk_dynamodb::Error>> {
    let body = create_table_request(name, table).to_string();
    // The template is already in `DynamoDB`'s JSON, so it is sent unchanged.
    let request = client.create_table().table_name(name).customize().mutate_request(move |request| {
        request.headers_mut().insert("content-length", body.len().to_string());
        *request.body_mut() = SdkBody::from(body.as_str());
    });
    match request.send().await.map_err(aws_sdk_dynamodb::Error::from) {
        Ok(_) | Err(aws_sdk_dynamodb::Error::ResourceInUseException(_)) => Ok(()),
        Err(error) => Err(Box::new(error)),
    }
}

/// All items of the table.
pub fn items(db: &Database) -> Result<Vec<Item>, EngineError> {
    let mut items = Vec::new();
    let mut request = json!({"TableName": TABLE});
    loop {
        let page = db.scan(serde_json::from_value(request.clone())?)?;
        items.extend(page.items.unwrap_or_default());
        let Some(next) = page.last_evaluated_key else { return Ok(items) };
        request["ExclusiveStartKey"] = serde_json::to_value(next)?;
    }
}

fn create_table(db: &Database, table: &Table) -> Result<(), EngineError> {
    match db.create_table(serde_json::from_value(create_table_request(TABLE, table))?) {
        Ok(_) => {}
        Err(DynoxideError::ResourceInUseException(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    if let Some(expiry) = &table.time_to_live_specification {
        db.update_time_to_live(serde_json::from_value(json!({
            "TableName": TABLE,
            "TimeToLiveSpecification": {"AttributeName": expiry.attribute_name, "Enabled": true},
        }))?)?;
    }
    Ok(())
}

/// dynoxide 3.2 never trims its stream and scans all of it at each write. So we delete the records that every
/// reader has handled, and add an index that finds the newest record.
fn tend_stream(path: &Path, processed: Option<&str>) -> Result<(), rusqlite::Error> {
    let file = rusqlite::Connection::open(path)?;
    file.execute_batch(
        "CREATE INDEX IF NOT EXISTS portico_stream_order
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
    )?;
    if let Some(number) = processed.and_then(stored_number) {
        file.execute("DELETE FROM _stream_records WHERE CAST(sequence_number AS INTEGER) < ?1", [number])?;
    }
    Ok(())
}

/// The number that dynoxide stores for a public sequence number: its digits without the leading `1`.
fn stored_number(public: &str) -> Option<i64> {
    public.strip_prefix('1')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    fn put(db: &Database, key: &str) {
        let item = json!({"TableName": TABLE, "Item": {"pk": {"S": key}, "sk": {"S": key}}});
        db.put_item(serde_json::from_value(item).unwrap()).unwrap();
    }

    fn records(db: &Database) -> Vec<String> {
        let stream = crate::stream::TableStream::open(db).unwrap();
        let records = stream.after(None, 100).unwrap();
        records.iter().map(|record| crate::stream::number(record).to_owned()).collect()
    }

    #[test]
    fn a_file_keeps_its_items_and_drops_what_was_processed() {
        let path = crate::service::scratch_dir("engine").join("portico.db");
        let table = Template::embedded().unwrap().table;
        let db = in_file(&path, &table, None).unwrap();
        for key in ["a", "b", "c"] {
            put(&db, key);
        }
        let before = records(&db);
        drop(db);

        let db = in_file(&path, &table, before.get(1).map(String::as_str)).unwrap();
        assert_eq!(records(&db), before[1..]);
        let scan = db.scan(serde_json::from_value(json!({"TableName": TABLE})).unwrap()).unwrap();
        assert_eq!(scan.count, 3);
    }

    #[tokio::test]
    async fn the_table_is_made_at_another_endpoint_too_and_once() {
        let (listener, url) = crate::faults::loopback().await.unwrap();
        let db = Database::memory().unwrap();
        let serving = tokio::spawn(dynoxide::server::serve_on(listener, db.clone()));
        let config = crate::service::Config { endpoint_url: Some(url), ..crate::service::Config::default() };
        crate::service::tests::start(config.clone()).await;
        crate::service::tests::start(config).await;
        let tables = db.list_tables(serde_json::from_value(json!({})).unwrap()).unwrap().table_names;
        assert_eq!(tables, [TABLE]);
        serving.abort();
    }

    #[test]
    fn the_table_is_the_templates() {
        let template = Template::embedded().unwrap();
        let db = in_memory(&template.table).unwrap();
        let described =
            db.describe_table(serde_json::from_value(json!({"TableName": TABLE})).unwrap()).unwrap();
        let described = serde_json::to_value(described).unwrap();
        assert_eq!(described["Table"]["KeySchema"], template.table.key_schema);
        let expiry =
            db.describe_time_to_live(serde_json::from_value(json!({"TableName": TABLE})).unwrap()).unwrap();
        let expiry = serde_json::to_value(expiry).unwrap();
        assert_eq!(expiry["TimeToLiveDescription"]["TimeToLiveStatus"], "ENABLED");
    }
}
