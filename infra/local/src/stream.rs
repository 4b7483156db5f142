//! Reads a table's stream in-process: the records after a position, in the JSON that Lambda passes to
//! a function.

use dynoxide::Database;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::errors::DynoxideError;
use serde_json::{Value, json};

/// The engine's name for its region; no cloud has a region of this name.
const ENGINE_REGION: &str = "dynoxide";

/// The region in the events of functions.
pub const REGION: &str = "us-east-1";

/// The only shard of a table's stream.
#[derive(Clone)]
pub(crate) struct TableStream {
    db: Database,
    arn: String,
    shard: String,
}

impl TableStream {
    /// The stream of the table of this name.
    pub(crate) fn open(db: &Database, table: &str) -> Result<Self, DynoxideError> {
        let streams = db.list_streams(request(json!({"TableName": table}))?)?.streams;
        let missing = || DynoxideError::ResourceNotFoundException("the table has no stream".to_owned());
        let arn = streams.into_iter().next().ok_or_else(missing)?.stream_arn;
        let mut shards = db.describe_stream(request(json!({"StreamArn": arn}))?)?.stream_description.shards;
        let shard = shards.pop().ok_or_else(missing)?.shard_id;
        Ok(Self { db: db.clone(), arn, shard })
    }

    /// At most `limit` records after `position` (without one, from the start), in order and in Lambda's form.
    pub(crate) fn after(&self, position: Option<&str>, limit: usize) -> Result<Vec<Value>, DynoxideError> {
        let start = if position.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let iterator = self.db.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: self.arn.clone(),
            shard_id: self.shard.clone(),
            shard_iterator_type: start.to_owned(),
            sequence_number: position.map(str::to_owned),
        })?;
        let shard_iterator = iterator.shard_iterator.unwrap_or_default();
        let batch = self.db.get_records(GetRecordsRequest { shard_iterator, limit: Some(limit) })?;
        batch.records.into_iter().map(|record| self.lambda_record(record)).collect()
    }

    /// The sequence number of the last record written so far.
    pub(crate) fn last(&self) -> Result<Option<String>, DynoxideError> {
        let described = self.db.describe_stream(request(json!({"StreamArn": self.arn}))?)?;
        let last = described.stream_description.shards.into_iter().next_back();
        Ok(last.and_then(|shard| shard.sequence_number_range.ending_sequence_number))
    }

    fn lambda_record(&self, record: dynoxide::actions::get_records::Record) -> Result<Value, DynoxideError> {
        let mut record = serde_json::to_value(record).map_err(unreadable)?;
        record["awsRegion"] = json!(REGION);
        record["eventSourceARN"] =
            json!(self.arn.replace(&format!(":{ENGINE_REGION}:"), &format!(":{REGION}:")));
        Ok(record)
    }
}

/// A record's sequence number. All have the same length, so they compare as text.
pub(crate) fn number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
}

fn request<T: serde::de::DeserializeOwned>(json: Value) -> Result<T, DynoxideError> {
    serde_json::from_value(json).map_err(unreadable)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn unreadable(error: serde_json::Error) -> DynoxideError {
    DynoxideError::InternalServerError(error.to_string())
}
