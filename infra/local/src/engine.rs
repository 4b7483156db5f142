//! The embedded `DynamoDB`: two tables, in memory or in a file, served on loopback in the real protocol. The
//! template declares the tables.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use dynoxide::errors::DynoxideError;
use dynoxide::{Database, ImportOptions, Item};
use serde_json::{Value, json};

use crate::clock::LocalClock;
use crate::logical;
use crate::template::{Table, Template};

pub const TABLE: &str = "portico";

/// The table of audit events.
pub const AUDIT_TABLE: &str = "portico-audit";

/// How often expired items are deleted.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// Names whose items are copied in one transaction.
const COPIED_AT_ONCE: usize = 2_000;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file could not be read or written.
    #[error("the database file: {0}")]
    File(#[from] rusqlite::Error),
    /// The engine refused a request.
    #[error("the database: {0}")]
    Database(#[from] DynoxideError),
    /// The engine can't create the template's tables.
    #[error("the template's tables: {0}")]
    Table(#[from] serde_json::Error),
}

/// The engine's name of the table with this logical id in the template.
pub fn table_name(id: &str) -> &'static str {
    if id == logical::AUDIT_TABLE { AUDIT_TABLE } else { TABLE }
}

/// The template's tables, by their names here.
fn tables(template: &Template) -> [(&'static str, &Table); 2] {
    [(TABLE, &template.table), (AUDIT_TABLE, &template.audit_table)]
}

/// Opens a database in memory and creates the tables.
pub fn in_memory(template: &Template) -> Result<Database, EngineError> {
    let db = Database::memory()?;
    create_tables(&db, template)?;
    Ok(db)
}

/// Opens the database in the file `path` and creates the tables. `processed` holds a position by a table's
/// logical id: stream records before it are deleted first.
pub fn in_file(
    path: &Path,
    template: &Template,
    processed: &BTreeMap<String, String>,
) -> Result<Database, EngineError> {
    let db = Database::new(&path.to_string_lossy())?;
    tend_streams(path, processed)?;
    create_tables(&db, template)?;
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

/// Creates the template's tables at another endpoint, unless they exist: the first under this name, that of
/// audit events under the other one.
pub async fn create_tables_at(
    client: &aws_sdk_dynamodb::Client,
    name: &str,
    audit_name: &str,
    template: &Template,
) -> Result<(), Box<aws_sdk_dynamodb::Error>> {
    create_table_at(client, name, &template.table).await?;
    create_table_at(client, audit_name, &template.audit_table).await
}

/// Creates a table under this name at another endpoint, unless it exists. Deleting expired items
/// is up to that endpoint.
async fn create_table_at(
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

/// All items of both tables.
pub fn items(db: &Database) -> Result<Vec<Item>, EngineError> {
    let mut items = items_of(db, TABLE)?;
    items.extend(items_of(db, AUDIT_TABLE)?);
    Ok(items)
}

/// All items of the table of this name.
pub fn items_of(db: &Database, table: &str) -> Result<Vec<Item>, EngineError> {
    let mut items = Vec::new();
    let mut request = json!({"TableName": table});
    loop {
        let page = db.scan(serde_json::from_value(request.clone())?)?;
        items.extend(page.items.unwrap_or_default());
        let Some(next) = page.last_evaluated_key else { return Ok(items) };
        request["ExclusiveStartKey"] = serde_json::to_value(next)?;
    }
}

/// Copies of every item that names `model`, with another name in its place: for measurements with more patients than
/// can be written one by one. No stream tells of them. `model` should be a word that appears nowhere else.
pub fn copy_items(
    db: &Database,
    model: &str,
    names: impl Iterator<Item = String>,
) -> Result<(), EngineError> {
    let names: Vec<String> = names.collect();
    for table in [TABLE, AUDIT_TABLE] {
        let models: Vec<String> = items_of(db, table)?
            .iter()
            .map(serde_json::to_string)
            .filter(|item| item.as_ref().is_ok_and(|item| item.contains(model)))
            .collect::<Result<_, _>>()?;
        for some in names.chunks(COPIED_AT_ONCE) {
            let copies =
                some.iter().flat_map(|name| models.iter().map(move |item| item.replace(model, name)));
            let copies = copies.map(|item| serde_json::from_str(&item)).collect::<Result<_, _>>()?;
            db.import_items(table, copies, ImportOptions::default())?;
        }
    }
    Ok(())
}

fn create_tables(db: &Database, template: &Template) -> Result<(), EngineError> {
    tables(template).into_iter().try_for_each(|(name, table)| create_table(db, name, table))
}

fn create_table(db: &Database, name: &str, table: &Table) -> Result<(), EngineError> {
    match db.create_table(serde_json::from_value(create_table_request(name, table))?) {
        Ok(_) => {}
        Err(DynoxideError::ResourceInUseException(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    if let Some(expiry) = &table.time_to_live_specification {
        db.update_time_to_live(serde_json::from_value(json!({
            "TableName": name,
            "TimeToLiveSpecification": {"AttributeName": expiry.attribute_name, "Enabled": true},
        }))?)?;
    }
    Ok(())
}

/// dynoxide 3.2 never trims its streams and scans all of one at each write. So we delete the records that every
/// reader has handled, and add an index that finds the newest record.
fn tend_streams(path: &Path, processed: &BTreeMap<String, String>) -> Result<(), rusqlite::Error> {
    let file = rusqlite::Connection::open(path)?;
    file.execute_batch(
        "CREATE INDEX IF NOT EXISTS portico_stream_order
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
    )?;
    for (id, position) in processed {
        if let Some(number) = stored_number(position) {
            file.execute(
                "DELETE FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) < ?2",
                (table_name(id), number),
            )?;
        }
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

    fn put(db: &Database, key: &str) {
        let item = json!({"TableName": TABLE, "Item": {"pk": {"S": key}, "sk": {"S": key}}});
        db.put_item(serde_json::from_value(item).unwrap()).unwrap();
    }

    fn records(db: &Database) -> Vec<String> {
        let stream = crate::stream::TableStream::open(db, TABLE).unwrap();
        let records = stream.after(None, 100).unwrap();
        records.iter().map(|record| crate::stream::number(record).to_owned()).collect()
    }

    #[test]
    fn a_file_keeps_its_items_and_drops_what_was_processed() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let path = dir.join("portico.db");
        let template = Template::embedded().unwrap();
        let db = in_file(&path, &template, &BTreeMap::new()).unwrap();
        for key in ["a", "b", "c"] {
            put(&db, key);
        }
        let before = records(&db);
        drop(db);

        let processed = [("Table".to_owned(), before[1].clone())].into();
        let db = in_file(&path, &template, &processed).unwrap();
        assert_eq!(records(&db), before[1..]);
        let scan = db.scan(serde_json::from_value(json!({"TableName": TABLE})).unwrap()).unwrap();
        assert_eq!(scan.count, 3);
    }

    #[tokio::test]
    async fn the_tables_are_made_at_another_endpoint_too_and_once() {
        let (listener, url) = crate::faults::loopback().await.unwrap();
        let db = Database::memory().unwrap();
        let serving = tokio::spawn(dynoxide::server::serve_on(listener, db.clone()));
        let config = crate::service::Config { endpoint_url: Some(url), ..crate::service::Config::default() };
        crate::service::tests::start(config.clone()).await;
        crate::service::tests::start(config).await;
        let tables = db.list_tables(serde_json::from_value(json!({})).unwrap()).unwrap().table_names;
        assert_eq!(tables, [TABLE, AUDIT_TABLE]);
        serving.abort();
    }

    #[test]
    fn the_table_is_the_templates() {
        let template = Template::embedded().unwrap();
        let db = in_memory(&template).unwrap();
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
