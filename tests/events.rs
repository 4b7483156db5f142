//! Every file under `events/` is an event that its function accepts, so that it works with `cargo lambda
//! invoke` and `sam local invoke`.

use std::fs;
use std::path::Path;

use portico_testkit::World;
use serde_json::Value;

#[tokio::test]
async fn every_event_is_taken_by_its_function() {
    let world = World::new().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("events");
    let mut taken = 0;
    for folder in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        let function = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.display().to_string();
            let event: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).expect(&name);
            let answer = world.service.invoker.call(&function, "event", event).await.expect(&name);
            // Keys and links in the files are placeholders, so an HTTP function refuses them with a problem,
            // and never with an error of its own.
            if let Some(status) = answer.get("statusCode").and_then(Value::as_u64) {
                assert!(status < 500 && answer["body"].is_string() || status == 204, "{name}: {answer}");
            } else if let Some(failures) = answer.get("batchItemFailures") {
                assert_eq!(failures.as_array().map(Vec::len), Some(0), "{name}: {answer}");
            } else {
                assert!(answer.is_object(), "{name}: {answer}");
                let unread = answer["error"].as_str().is_some_and(|error| error.contains("can't be read"));
                assert!(!unread, "{name}: {answer}");
            }
            taken += 1;
        }
    }
    assert!(taken >= 12, "{taken} events");
}
