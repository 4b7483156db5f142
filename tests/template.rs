//! The template matches the code: one resource for each function, the table's names, roles that allow what is
//! used and nothing else, an alarm for everything that can go wrong by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use portico_domain::keys::Keyring;
use portico_local::Template;
use portico_local::logical::without_condition;
use portico_local::roles::Deed;
use portico_local::template::as_json;
use portico_store::keys;
use serde_json::{Value, json};

use crate::architecture::{folders, root, sources};

fn text(file: &str) -> String {
    fs::read_to_string(root().join("infra").join(file)).unwrap()
}

fn document(file: &str) -> Value {
    as_json(&text(file)).unwrap()
}

/// Resources of a kind, by their logical ids.
fn resources(kind: &str) -> BTreeMap<String, Value> {
    let document = document("template.yaml");
    let all = document["Resources"].as_object().unwrap().clone().into_iter();
    all.filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, one)| (id, one["Properties"].clone()))
        .collect()
}

fn functions() -> BTreeMap<String, Value> {
    resources("AWS::Serverless::Function")
}

fn folder(function: &Value) -> String {
    function["CodeUri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// Every statement of a role or managed policy of the template, with the logical id of its owner.
fn statements() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut read = |id: &str, policy: &Value| {
        for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
            all.push((id.to_owned(), statement["Fn::If"].get(1).unwrap_or(statement).clone()));
        }
    };
    for (id, role) in resources("AWS::IAM::Role") {
        for policy in role["Policies"].as_array().unwrap() {
            read(&id, policy);
        }
        let mut managed = role["ManagedPolicyArns"].as_array().into_iter().flatten();
        assert!(managed.all(|arn| arn["Ref"] == "EveryFunctionPolicy"), "{id} has a policy of AWS's own");
    }
    for (id, policy) in resources("AWS::IAM::ManagedPolicy") {
        read(&id, &policy);
    }
    all
}

#[test]
fn each_function_folder_has_one_resource_and_each_resource_a_folder() {
    let deployed: Vec<String> = functions().values().map(folder).collect();
    assert_eq!(deployed.iter().cloned().collect::<BTreeSet<_>>(), folders("functions"));
    assert_eq!(deployed.len(), folders("functions").len());
}

#[test]
fn a_function_goes_by_one_name_everywhere() {
    let document = document("template.yaml");
    for (id, function) in functions() {
        let folder = folder(&function);
        let words: String = folder.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        assert_eq!(id, format!("{words}Function"));
        assert_eq!(function["FunctionName"]["Fn::Sub"], format!("${{AWS::StackName}}-{folder}"));
        assert_eq!(function["Role"]["Fn::GetAtt"], format!("{words}Role.Arn"), "a role of its own");
        assert_eq!(function["LoggingConfig"]["LogGroup"]["Ref"], format!("{words}Logs"));
        let binary = &document["Resources"][&id]["Metadata"]["BuildProperties"]["Binary"];
        assert_eq!(binary, &json!(folder));
        let logs = &document["Resources"][format!("{words}Logs")]["Properties"];
        assert_eq!(logs["LogGroupName"]["Fn::Sub"], format!("/aws/lambda/${{AWS::StackName}}-{folder}"));
        assert_eq!(logs["RetentionInDays"]["Ref"], "LogRetentionDays", "{folder} keeps its logs for ever");
        assert_eq!(logs["KmsKeyId"]["Fn::GetAtt"], "Key.Arn", "{folder}");
    }
}

#[test]
fn functions_that_hash_passwords_have_a_whole_core_and_no_others() {
    for function in functions().values() {
        let folder = folder(function);
        let hashes = ["register", "sign-in", "account", "reset", "manage-account"].contains(&folder.as_str());
        assert_eq!(function["MemorySize"].as_u64(), hashes.then_some(1769), "{folder}");
    }
}

#[test]
fn what_a_stranger_can_make_dear_and_what_a_portal_asks_have_throttles_of_their_own() {
    let throttles = [
        ("HashingConcurrency", "PasswordsPerSecond"),
        ("RequestConcurrency", "StrangersPerSecond"),
        ("IntrospectConcurrency", "IntrospectionsPerSecond"),
    ];
    let mut routes = 0;
    for (id, function) in functions() {
        let reserved = &function["ReservedConcurrentExecutions"]["Fn::If"][1]["Ref"];
        let Some((_, throttle)) = throttles.iter().find(|(concurrency, _)| reserved == concurrency) else {
            continue;
        };
        for (name, event) in function["Events"].as_object().unwrap() {
            let route = &event["Properties"];
            if event["Type"] != "HttpApi" || route["Method"] != "POST" {
                continue;
            }
            for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
                assert_eq!(route["RouteSettings"][limit]["Ref"], *throttle, "{id} {name}");
            }
            routes += 1;
        }
    }
    assert_eq!(routes, 24);
}

#[test]
fn staff_do_not_share_a_throttle_with_patients_pages() {
    let (mut staff, mut others) = (0, 0);
    for (id, function) in functions() {
        for (name, event) in function["Events"].as_object().into_iter().flatten() {
            let route = &event["Properties"];
            let Some(path) = route["Path"].as_str() else { continue };
            let is_staff = ["/v1", "/console"].iter().any(|root| path.starts_with(root));
            if is_staff && !path.starts_with("/v1/sessions/") {
                staff += 1;
                for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
                    assert_eq!(route["RouteSettings"][limit]["Ref"], "StaffPerSecond", "{id} {name}");
                }
            } else {
                others += 1;
                assert_ne!(
                    route["RouteSettings"]["ThrottlingRateLimit"]["Ref"], "StaffPerSecond",
                    "{id} {name}"
                );
            }
        }
    }
    assert!(staff > 140 && others > 70, "{staff} and {others}");
}

#[test]
fn every_variable_that_a_function_reads_is_in_its_environment() {
    let globals = document("template.yaml")["Globals"]["Function"]["Environment"]["Variables"].clone();
    let process = fs::read_to_string(root().join("shared/aws/src/process.rs")).unwrap();
    let named = |part: &str| -> BTreeSet<String> {
        let of = process.split(part).nth(1).unwrap().split("\n    }\n").next().unwrap();
        let quoted = of.split('"').filter(|word| word.starts_with("PORTICO_"));
        quoted.map(str::to_owned).collect()
    };
    for (id, function) in functions() {
        let main =
            fs::read_to_string(root().join("functions").join(folder(&function)).join("src/main.rs")).unwrap();
        let mut needed = named("fn from_environment");
        for (call, part) in [(".queue()", "fn queue"), (".couriers()", "fn couriers"), (".bus()", "fn bus")] {
            if main.contains(call) {
                needed.extend(named(part));
            }
        }
        let own = &function["Environment"]["Variables"];
        for name in needed {
            assert!(globals.get(&name).or_else(|| own.get(&name)).is_some(), "{id} has no {name}");
        }
    }
}

#[test]
fn the_templates_table_has_the_names_that_the_code_uses() {
    let template = Template::embedded().unwrap();
    let table = &template.table;
    assert_eq!(table.time_to_live_specification.as_ref().unwrap().attribute_name, keys::TTL);
    assert_eq!(table.stream_specification.as_ref().unwrap().stream_view_type, "NEW_AND_OLD_IMAGES");
    let names = |path: &str| -> Vec<String> {
        let list = table.key_schema.as_array().unwrap();
        list.iter().map(|key| key[path].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("AttributeName"), [keys::PK, keys::SK]);
    let index = |place: usize| {
        let index = &table.global_secondary_indexes[place];
        let key = |at: usize| index["KeySchema"][at]["AttributeName"].as_str().unwrap().to_owned();
        (index["IndexName"].as_str().unwrap().to_owned(), key(0), key(1))
    };
    let owned = |name: &str, pk: &str, sk: &str| (name.to_owned(), pk.to_owned(), sk.to_owned());
    assert_eq!(index(0), owned(keys::ROSTER, keys::ROSTER_PK, keys::ROSTER_SK));
    assert_eq!(index(1), owned(keys::AGENDA, keys::AGENDA_PK, keys::AGENDA_SK));
    assert_eq!(index(2), owned(keys::DUE, keys::DUE_PK, keys::DUE_AT));
}

#[test]
fn the_tables_survive_mistakes() {
    let document = document("template.yaml");
    for id in ["Table", "AuditTable"] {
        let table = &document["Resources"][id];
        assert_eq!(
            (&table["DeletionPolicy"], &table["UpdateReplacePolicy"]),
            (&json!("Retain"), &json!("Retain"))
        );
        let properties = &table["Properties"];
        assert_eq!(properties["DeletionProtectionEnabled"], true);
        assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
        assert_eq!(properties["SSESpecification"]["KMSMasterKeyId"]["Fn::GetAtt"], "Key.Arn");
    }
}

/// After a restore, one deployment makes everything use the other table. What still named the old one would read or
/// write data that nobody looks at any more.
#[test]
fn whatever_names_the_table_names_the_restored_one_where_there_is_one() {
    fn look(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(branches) = members.get("Fn::If").and_then(Value::as_array)
                    && branches[0] == "Restored"
                {
                    assert!(branches[1].to_string().contains("Restored"), "{path}: {value}");
                    return;
                }
                let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
                let names = text("Ref") == "Table"
                    || text("Fn::GetAtt").starts_with("Table.")
                    || text("Fn::Sub").contains("${Table");
                if names {
                    found.push(path.to_owned());
                }
                for (name, inner) in members {
                    look(inner, &format!("{path}/{name}"), found);
                }
            }
            Value::Array(all) => all.iter().for_each(|inner| look(inner, path, found)),
            _ => {}
        }
    }
    let document = document("template.yaml");
    let mut found = Vec::new();
    look(&document, "", &mut found);
    assert_eq!(found, [""; 0]);
    assert!(document.to_string().matches("[\"Restored\",").count() > 30);
}

#[test]
fn what_a_deleted_stack_leaves_is_what_cannot_be_had_again_and_a_failed_first_try_leaves_none_of_it() {
    let document = document("template.yaml");
    let kept =
        |resource: &Value| (resource["DeletionPolicy"].clone(), resource["UpdateReplacePolicy"].clone());
    let mut logs = 0;
    for (id, resource) in document["Resources"].as_object().unwrap() {
        // SNS gives these their names, so another stack must be able to make them.
        let theirs = resource["Condition"] == "Receipts";
        let is_log = resource["Type"] == "AWS::Logs::LogGroup" && !theirs;
        // Without its key the table is noise; a domain may take days to verify; logs are wanted after an incident.
        if is_log || ["Key", "Keyring", "MailIdentity", "LockedBucket"].contains(&id.as_str()) {
            assert_eq!(kept(resource), (json!("RetainExceptOnCreate"), json!("Retain")), "{id}");
        }
        logs += usize::from(is_log);
    }
    assert_eq!(logs, folders("functions").len() + 1);
}

/// The settings of `samconfig.toml`: section, name, value.
fn sam_settings() -> Vec<(String, String, String)> {
    let text = fs::read_to_string(root().join("samconfig.toml")).unwrap();
    let mut section = String::new();
    let mut settings = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        } else if let Some((name, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            settings.push((section.clone(), name.to_owned(), value.trim_matches('"').to_owned()));
        }
    }
    settings
}

#[test]
fn each_environment_has_every_parameter_that_is_needed_and_builds_for_what_it_deploys() {
    let parameters = document("template.yaml")["Parameters"].as_object().unwrap().clone();
    let needed: BTreeSet<String> = parameters
        .iter()
        .filter(|(_, parameter)| parameter.get("Default").is_none())
        .map(|(name, _)| name.clone())
        .collect();
    let all = sam_settings();
    let mut environments = 0;
    for (section, _, value) in all
        .iter()
        .filter(|(section, name, _)| section.ends_with(".deploy.parameters") && name == "parameter_overrides")
    {
        let given: BTreeMap<&str, &str> =
            value.split(' ').map(|pair| pair.split_once('=').unwrap()).collect();
        for name in &needed {
            assert!(given.contains_key(name.as_str()), "{section} has no {name}");
        }
        assert!(given.keys().all(|name| parameters.contains_key(*name)), "{section}: {value}");
        let environment = section.split('.').next().unwrap();
        let built = all.iter().find(|(section, name, _)| {
            *section == format!("{environment}.build.parameters") && name == "parameter_overrides"
        });
        let built = &built.unwrap().2;
        assert_eq!(*built, format!("Architecture={}", given["Architecture"]), "{environment}");
        // As long as these are the example's, CloudFormation must refuse them.
        let rule = document("template.yaml")["Rules"]["OwnValues"].to_string();
        for name in ["BaseUrl", "MailDomain", "FromAddress"] {
            let refused = json!([{"Ref": name}, given[name]]).to_string();
            assert!(rule.contains(&refused), "{name}={} would be deployed", given[name]);
        }
        environments += 1;
    }
    assert_eq!(environments, 3);
}

#[test]
fn nothing_that_a_new_account_may_lack_is_a_default() {
    let parameters = document("template.yaml")["Parameters"].clone();
    let default = |name: &str| parameters[name]["Default"].clone();
    // A new account has no concurrency to reserve; one where texts were logged has SNS's log groups already.
    assert_eq!([default("Reserves"), default("TakesTextReceipts")], [json!("no"), json!("no")]);
    let reserved: u64 = functions()
        .values()
        .filter_map(|function| function["ReservedConcurrentExecutions"]["Fn::If"][1]["Ref"].as_str())
        .map(|name| default(name).as_u64().unwrap())
        .sum();
    let runbook = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    assert!(runbook.contains(&format!("The template then reserves {reserved},")), "{reserved}");
    assert!(runbook.contains(&format!("| {} or more |", reserved + 100)), "{reserved}");
}

#[test]
fn the_secret_that_is_generated_is_a_keyring() {
    let generated = resources("AWS::SecretsManager::Secret")["Keyring"]["GenerateSecretString"].clone();
    let mut secret: Value =
        serde_json::from_str(generated["SecretStringTemplate"].as_str().unwrap()).unwrap();
    let length = usize::try_from(generated["PasswordLength"].as_u64().unwrap()).unwrap();
    secret[generated["GenerateStringKey"].as_str().unwrap()] = json!("a".repeat(length));
    Keyring::parse(&secret.to_string()).unwrap();
}

#[test]
fn a_page_that_may_be_looked_at_may_be_asked_for_its_head() {
    let template = Template::embedded().unwrap();
    for function in &template.functions {
        let has =
            |method: &str, path: &str| function.routes.iter().any(|r| r.method == method && r.path == path);
        for route in
            function.routes.iter().filter(|route| route.method == "GET" && !route.path.starts_with("/v1/"))
        {
            assert!(has("HEAD", &route.path), "HEAD {}", route.path);
        }
    }
}

#[test]
fn what_stops_an_address_is_ours_alone_and_nothing_rewrites_our_links() {
    let set = resources("AWS::SES::ConfigurationSet")["ConfigurationSet"].clone();
    // SES must not keep a list of its own: an address would stay on it after staff confirmed it.
    assert_eq!(set["SuppressionOptions"]["SuppressedReasons"], json!([]));
    assert_eq!(set["DeliveryOptions"]["TlsPolicy"], "REQUIRE");
    let feedback =
        resources("AWS::SES::ConfigurationSetEventDestination")["MailFeedback"]["EventDestination"].clone();
    for (kind, wanted) in
        [("BOUNCE", true), ("COMPLAINT", true), ("DELIVERY", true), ("OPEN", false), ("CLICK", false)]
    {
        assert_eq!(
            feedback["MatchingEventTypes"].as_array().unwrap().contains(&json!(kind)),
            wanted,
            "{kind}"
        );
    }
}

#[test]
fn no_log_of_the_api_has_a_path_an_address_or_a_query() {
    let format = resources("AWS::Serverless::HttpApi")["Api"]["AccessLogSettings"]["Format"]
        .as_str()
        .unwrap()
        .to_owned();
    serde_json::from_str::<Value>(&format).expect("one JSON object a line");
    for word in ["$context.path", "sourceIp", "querystring", "authorizer", "userAgent", "requestOverride"] {
        assert!(!format.contains(word), "{word}");
    }
}

#[test]
fn no_policy_has_a_wildcard_and_nothing_scans() {
    // AWS has no narrower resource for these actions.
    let known = [
        ("DeliverRole", json!(["ses:GetAccount"])),
        ("DeliverRole", json!(["ses:SendEmail"])),
        ("DeliverRole", json!(["dynamodb:ListStreams"])),
        ("PublishChangesRole", json!(["dynamodb:ListStreams"])),
    ];
    for (whose, statement) in statements() {
        let actions = statement["Action"].to_string();
        assert!(!actions.contains('*') && !actions.contains("Scan"), "{whose}: {actions}");
        if statement["Resource"].to_string().contains('*') {
            assert!(known.contains(&(whose.as_str(), statement["Action"].clone())), "{whose}: {statement}");
        }
        if actions.contains("ses:SendEmail") {
            let from = &statement["Condition"]["StringEqualsIgnoreCase"]["ses:FromAddress"];
            assert_eq!(from["Ref"], "FromAddress", "{whose} may send as anybody");
        }
        if statement.get("NotResource").is_some() {
            assert_eq!((whose.as_str(), &statement["Action"]), ("DeliverRole", &json!(["sns:Publish"])));
        }
    }
    for folder in ["functions", "shared/store/src", "shared/aws/src"] {
        for (file, text) in sources(folder) {
            assert!(!text.contains(".scan("), "{file} scans");
        }
    }
}

/// AWS doesn't say what its condition on partition keys sees of a transaction, so the guard is a table apart.
#[test]
fn nobody_may_change_an_audit_event() {
    let mut named = 0;
    for (whose, statement) in statements() {
        assert!(
            !statement.to_string().contains("AUDIT#"),
            "{whose}: a guard on keys holds in one reading only"
        );
        let resource = statement["Resource"].to_string();
        if !resource.contains("AuditTable") {
            continue;
        }
        named += 1;
        let actions = statement["Action"].as_array().unwrap();
        // With a whole change or not at all: DynamoDB's guide has this condition.
        if statement["Action"].to_string().contains("dynamodb:PutItem") {
            let within = &statement["Condition"]["ForAnyValue:StringEquals"]["dynamodb:EnclosingOperation"];
            assert_eq!(*within, json!(["TransactWriteItems"]), "{whose}");
        }
        for action in actions {
            let action = action.as_str().unwrap();
            let of_stream = resource.contains("Stream") || resource.contains("/stream/");
            assert!(
                of_stream || ["dynamodb:PutItem", "dynamodb:Query"].contains(&action),
                "{whose}: {action}"
            );
        }
    }
    assert!(named > 10, "{named}");
    // And no event goes anywhere else.
    for (file, text) in sources("shared/store/src") {
        for line in text.lines().filter(|line| line.contains("keys::chain(")) {
            let reads = text.contains("self.audit");
            assert!(reads, "{file}: {line}");
        }
    }
}

/// What Lambda itself does with a function's role: writing the log, reading queues and the stream, keeping
/// failed events, reading the keyring.
fn done_by_lambda(function: &Value) -> BTreeSet<Deed> {
    let deed =
        |action: &str, resource: &str| Deed { action: action.to_owned(), resource: resource.to_owned() };
    let logs = function["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap();
    let mut done = BTreeSet::from([
        deed("logs:CreateLogStream", logs),
        deed("logs:PutLogEvents", logs),
        // The process reads it at its start, before anything is measured. The tests of the release binaries
        // cover it.
        deed("secretsmanager:GetSecretValue", "Keyring"),
        deed("secretsmanager:GetSecretValue", "EdgeSecret"),
    ]);
    let id = |arn: &Value| arn["Fn::GetAtt"].as_str().unwrap().trim_end_matches(".Arn").to_owned();
    let lost = |properties: &Value| {
        let to = &properties["DestinationConfig"]["OnFailure"]["Destination"];
        to.is_object().then(|| deed("sqs:SendMessage", &id(to)))
    };
    done.extend(lost(&function["EventInvokeConfig"]));
    for event in function["Events"].as_object().into_iter().flatten().map(|(_, event)| event) {
        let properties = &event["Properties"];
        match event["Type"].as_str().unwrap() {
            "SQS" => {
                let queue = id(&properties["Queue"]);
                let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
                done.extend(actions.map(|action| deed(action, &queue)));
            }
            "DynamoDB" => {
                let stream = without_condition(&properties["Stream"])["Fn::GetAtt"].as_str().unwrap();
                let actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
                done.extend(actions.map(|action| deed(action, stream)));
                let streams = stream.replace(".StreamArn", "/stream/*");
                done.insert(deed("dynamodb:ListStreams", &streams));
                done.extend(lost(properties));
            }
            _ => {}
        }
    }
    done
}

/// What AWS's guides don't say that a service sends must not be asked of it: feedback would be lost in silence.
#[test]
fn what_reports_to_a_topic_may_use_its_key_and_what_it_cannot_hand_on_is_kept() {
    let key = resources("AWS::KMS::Key")["Key"]["KeyPolicy"]["Statement"].clone();
    let of = |service: &str| -> Vec<Value> {
        let all = key.as_array().unwrap().iter();
        all.filter(|one| one["Principal"]["Service"].to_string().contains(service)).cloned().collect()
    };
    for (service, condition) in [("ses.", false), ("sms-voice.", false), ("cloudwatch.", true)] {
        let [statement] = &of(service)[..] else { panic!("{service} has more than one statement") };
        assert_eq!(statement.get("Condition").is_some(), condition, "{service}");
        assert_eq!(statement["Action"], json!(["kms:Decrypt", "kms:GenerateDataKey"]));
    }
    // SNS and EventBridge send to queues under the key; what the account's own roles may do there, they may with it.
    let [hands_on] = &of("sns.")[..] else { panic!("SNS has another number of statements than one") };
    assert_eq!(hands_on["Principal"]["Service"], json!(["sns.amazonaws.com", "events.amazonaws.com"]));
    assert!(key.to_string().contains("sqs.${AWS::Region}"));
    // Whoever may use the table needs this, also without plain text (DynamoDB's own guide).
    assert!(key.to_string().contains("kms:GenerateDataKey*"));
    for (id, policy) in resources("AWS::SNS::TopicPolicy") {
        let condition = &policy["PolicyDocument"]["Statement"][0]["Condition"]["StringEquals"];
        assert_eq!(condition["aws:SourceAccount"]["Ref"], "AWS::AccountId", "{id}");
    }
    let subscriptions = resources("AWS::SNS::Subscription");
    let queued = subscriptions.values().filter(|one| one["Protocol"] == "sqs");
    let mut topics = BTreeSet::new();
    for one in queued {
        let kept = &one["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"];
        assert_eq!(kept, "FeedbackDeadLetterQueue.Arn");
        topics.insert(one["TopicArn"]["Ref"].as_str().unwrap().to_owned());
    }
    assert_eq!(topics, ["MailFeedbackTopic", "TextRepliesTopic"].map(str::to_owned).into());
}

#[test]
fn receipts_of_texts_are_kept_for_a_day_and_there_is_a_policy_that_hides_them() {
    for id in ["TextsSent", "TextsFailed"] {
        let group = &resources("AWS::Logs::LogGroup")[id];
        assert_eq!(
            (&group["RetentionInDays"], &group["KmsKeyId"]["Fn::GetAtt"]),
            (&json!(1), &json!("Key.Arn"))
        );
    }
    let policy = resources("AWS::IAM::ManagedPolicy")["ReadsNoReceipts"]["PolicyDocument"].clone();
    let denied = &policy["Statement"][0];
    assert_eq!(denied["Effect"], "Deny");
    for action in ["logs:GetLogEvents", "logs:FilterLogEvents", "logs:StartQuery"] {
        assert!(denied["Action"].as_array().unwrap().contains(&json!(action)));
    }
    for id in ["TextsSent", "TextsFailed"] {
        assert!(denied["Resource"].to_string().contains(id));
    }
}

#[test]
fn every_function_lets_lambda_do_what_its_events_need() {
    let template = Template::embedded().unwrap();
    for function in functions().values() {
        let folder = folder(function);
        let granted = template.functions.iter().find(|known| known.folder == folder).unwrap().role.grants();
        for deed in done_by_lambda(function) {
            assert!(granted.contains(&deed), "{folder} does not allow {deed}");
        }
    }
}

/// What a function's role lets it do with what it can name, in the words of the security page.
fn rights(role: &[Value]) -> [String; 3] {
    let mut of_table = BTreeSet::new();
    let mut of_audit = BTreeSet::new();
    let mut others = BTreeSet::new();
    for statement in role {
        let resource = without_condition(&statement["Resource"]).to_string();
        for action in statement["Action"].as_array().unwrap() {
            let action = action.as_str().unwrap();
            let word = match action {
                "dynamodb:GetItem" | "dynamodb:BatchGetItem" | "dynamodb:Query" => "1 read",
                "dynamodb:PutItem" => "2 put",
                "dynamodb:UpdateItem" => "3 update",
                "dynamodb:DeleteItem" => "4 delete",
                _ => "",
            };
            let only = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"][0].as_str();
            if action.starts_with("logs:") {
            } else if word.is_empty() {
                let queue = resource.split('"').find(|part| part.ends_with("Queue.Arn")).unwrap_or("");
                others.insert(format!("`{action}` {}", queue.trim_end_matches(".Arn")).trim().to_owned());
            } else if resource.contains("AuditTable") {
                of_audit.insert(word.to_owned());
            } else {
                of_table.insert(only.map_or(word.to_owned(), |keys| format!("{word} `{keys}`")));
            }
        }
    }
    let said = |words: BTreeSet<String>| {
        let plain =
            |word: &String| word.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').to_owned();
        words.iter().map(plain).collect::<Vec<_>>().join(", ")
    };
    [said(of_table), said(of_audit), others.into_iter().collect::<Vec<_>>().join(", ")]
}

#[test]
fn the_security_page_says_what_each_function_on_a_route_could_still_write() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let (_, section) = page.split_once("\n## What a broken function could still write\n").unwrap();
    let rows = section.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| `"));
    let mut said = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 5, "{row}");
        assert!(!cells[4].is_empty(), "{row}");
        for function in cells[0].split(", ") {
            let rights = [cells[1], cells[2], cells[3]].map(str::to_owned);
            said.insert(function.trim_matches('`').to_owned(), rights);
        }
    }
    let all = statements();
    let mut known = BTreeMap::new();
    for (id, function) in functions() {
        let on_routes = function["Events"].to_string().contains("\"HttpApi\"");
        if on_routes {
            let role = id.replace("Function", "Role");
            let own: Vec<Value> =
                all.iter().filter(|(owner, _)| *owner == role).map(|(_, one)| one.clone()).collect();
            known.insert(folder(&function), rights(&own));
        }
    }
    assert_eq!(said, known);
}

/// The local service checks every call of every test against the caller's policy. This test finds what a
/// policy grants beyond that, once all tests have run.
#[test]
#[ignore = "looks at what all other tests did: tests/run runs it last"]
fn no_role_grants_what_no_test_used() {
    let template = Template::embedded().unwrap();
    let mut unused = Vec::new();
    for function in functions().values() {
        let folder = folder(function);
        let by_lambda = done_by_lambda(function);
        let role = &template.functions.iter().find(|known| known.folder == folder).unwrap().role;
        for deed in role.grants().difference(&by_lambda) {
            let noted =
                Path::new(portico_testkit::USED).join(&folder).join(deed.to_string().replace('/', "|"));
            if !noted.exists() {
                unused.push(format!("{folder} {deed}"));
            }
        }
    }
    assert!(unused.is_empty(), "granted and used by nothing: {}", unused.join(", "));
}

#[test]
fn every_queue_has_a_way_out_and_every_way_out_an_alarm() {
    let queues = resources("AWS::SQS::Queue");
    let dead: BTreeSet<String> = queues
        .values()
        .filter_map(|queue| queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"].as_str())
        .map(|arn| arn.trim_end_matches(".Arn").to_owned())
        .collect();
    let watched = text("watch.yaml");
    let list = watched.split("- Queue\n    - [").nth(1).unwrap().split(']').next().unwrap();
    let watched: BTreeSet<&str> = list.split(", ").collect();
    let mut named = BTreeSet::new();
    for (id, queue) in &queues {
        let is_dead = id.ends_with("DeadLetterQueue");
        assert!(is_dead != queue.get("RedrivePolicy").is_some(), "{id} has no way out");
        assert!(is_dead || dead.iter().all(|one| one != id));
        if is_dead {
            let name = queue["QueueName"]["Fn::Sub"].as_str().unwrap();
            named.insert(
                name.trim_start_matches("${AWS::StackName}-").trim_end_matches("-dead-letters").to_owned(),
            );
        }
        assert_eq!(queue["KmsMasterKeyId"]["Ref"], "Key", "{id} is not under the stack's key");
    }
    assert_eq!(named.iter().map(String::as_str).collect::<BTreeSet<_>>(), watched);
}

#[test]
fn events_that_nobody_waits_for_are_retried_and_kept_if_they_fail() {
    for (id, function) in functions() {
        for (name, event) in function["Events"].as_object().into_iter().flatten() {
            let properties = &event["Properties"];
            let kept = match event["Type"].as_str().unwrap() {
                "ScheduleV2" => {
                    // SAM's own name for it is the same in every stack of the account.
                    assert_eq!(properties["OmitName"], true, "{id}, {name}");
                    // Runs that Lambda throttled must not come in a heap.
                    let rate = properties["ScheduleExpression"].as_str().unwrap();
                    let minutes: u64 = rate.split(['(', ' ']).nth(1).unwrap().parse().unwrap();
                    let age = &function["EventInvokeConfig"]["MaximumEventAgeInSeconds"];
                    assert_eq!(*age, minutes * 60, "{id}, {name}");
                    properties["RetryPolicy"].is_object() && properties["DeadLetterConfig"].is_object()
                }
                "DynamoDB" => {
                    properties["BisectBatchOnFunctionError"] == true
                        && properties["DestinationConfig"]["OnFailure"].is_object()
                        && properties["FunctionResponseTypes"] == json!(["ReportBatchItemFailures"])
                }
                // The queue itself has a dead-letter queue.
                "SQS" => properties["FunctionResponseTypes"] == json!(["ReportBatchItemFailures"]),
                _ => true,
            };
            assert!(kept, "{id}, {name}");
        }
    }
}

#[test]
fn every_function_is_watched_and_every_reader_of_the_stream() {
    let watch = document("watch.yaml");
    let list = |name: &str| -> BTreeSet<String> {
        let each = &watch["Resources"][format!("Fn::ForEach::{name}")][1];
        each.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let ids = |wanted: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        let all = functions().into_iter().filter(|(_, function)| wanted(function));
        all.map(|(id, _)| id.trim_end_matches("Function").to_owned()).collect()
    };
    assert_eq!(list("Functions"), ids(&|_| true));
    let reads = |function: &Value| function["Events"].to_string().contains("StreamArn");
    assert_eq!(list("Readers"), ids(&reads));
    let limits = watch["Mappings"]["Slowest"].as_object().unwrap();
    for (id, function) in functions() {
        let limit = &limits[id.trim_end_matches("Function")];
        assert_eq!(limit["operation"], folder(&function));
        let timeout = function["Timeout"].as_u64().unwrap_or(10) * 1000;
        assert!(limit["milliseconds"].as_u64().unwrap() < timeout, "{id} ends before its alarm speaks");
    }
}

#[test]
fn the_security_log_of_every_function_goes_where_nobody_can_change_it() {
    let delivery = document("security-log.yaml");
    let each = &delivery["Resources"]["Fn::ForEach::Filters"];
    let filtered: BTreeSet<String> =
        each[1].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect();
    assert_eq!(filtered, folders("functions"));
    let filter = &each[2]["&{Function}Filter"]["Properties"];
    let target = portico_domain::steps::security_log::TARGET;
    assert_eq!(filter["FilterPattern"], format!("{{ $.target = \"{target}\" }}"));
    assert_eq!(filter["LogGroupName"]["Fn::Sub"], "/aws/lambda/${Stack}-${Function}");
    // The log groups must be there first.
    let stack = document("template.yaml")["Resources"]["SecurityLogDelivery"].clone();
    let first: BTreeSet<&str> =
        stack["DependsOn"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    let functions = functions();
    let logs = functions.values().map(|function| function["LoggingConfig"]["LogGroup"]["Ref"].as_str());
    assert_eq!(first, logs.map(Option::unwrap).collect());

    let writer = delivery["Resources"]["WriterPolicy"]["Properties"]["PolicyDocument"].to_string();
    for right in ["Delete", "Retention", "LegalHold", "s3:*"] {
        assert!(!writer.contains(right), "{writer}");
    }
    let bucket = resources("AWS::S3::Bucket")["LockedBucket"].clone();
    assert_eq!(bucket["ObjectLockEnabled"], true);
    let kept = &bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"];
    assert_eq!((&kept["Years"], &kept["Mode"]["Ref"]), (&json!(6), &json!("LockMode")));
    // No function may touch what is kept there.
    for (whose, statement) in statements() {
        assert!(!statement.to_string().contains("security-log"), "{whose}: {statement}");
    }
}

#[test]
fn the_edge_shows_its_secret_says_whom_it_saw_and_is_the_only_way_in() {
    let edge = document("edge.yaml");
    let properties = |id: &str| edge["Resources"][id]["Properties"].clone();
    let distribution = properties("Distribution")["DistributionConfig"].clone();
    let shown = &distribution["Origins"][0]["OriginCustomHeaders"][0];
    assert_eq!(shown["HeaderName"], "x-portico-edge");
    assert_eq!(shown["HeaderValue"]["Fn::Sub"], "{{resolve:secretsmanager:${Secret}:SecretString:sent}}");
    // Without a change of its own, CloudFormation would not read the secret anew.
    assert!(distribution["Comment"].to_string().contains("${SecretVersion}"));
    let headers = &properties("RequestPolicy")["OriginRequestPolicyConfig"]["HeadersConfig"];
    assert_eq!(headers["Headers"], json!(["CloudFront-Viewer-Address"]));
    assert_eq!(distribution["DefaultCacheBehavior"]["ViewerProtocolPolicy"], "https-only");
    let firewall = properties("Firewall");
    // Samples of requests would have paths, and a link's path is its secret.
    assert!(!firewall.to_string().contains("\"SampledRequestsEnabled\":true"));
    let names: Vec<_> =
        firewall["Rules"].as_array().unwrap().iter().map(|rule| rule["Name"].clone()).collect();
    assert_eq!(names, ["requests-of-an-address", "long-bodies-of-pages", "common-rules"]);

    let api = resources("AWS::Serverless::HttpApi")["Api"].clone();
    assert_eq!(api["DisableExecuteApiEndpoint"]["Fn::If"], json!(["HasEdge", true, false]));
    let secret = resources("AWS::SecretsManager::Secret")["EdgeSecret"]["GenerateSecretString"].clone();
    assert_eq!((&secret["GenerateStringKey"], &secret["PasswordLength"]), (&json!("sent"), &json!(48)));
    let variables = &document("template.yaml")["Globals"]["Function"]["Environment"]["Variables"];
    assert_eq!(variables["PORTICO_EDGE_SECRET"]["Fn::If"][1]["Ref"], "EdgeSecret");
}

#[test]
fn every_alarm_says_where_its_cure_is_and_the_runbook_has_it() {
    let watch = text("watch.yaml");
    let runbook = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let mut alarms = 0;
    for line in watch.lines().filter(|line| line.contains("AlarmDescription:")) {
        let name = line.rsplit('"').nth(1).unwrap();
        assert!(line.contains("docs/operations.md"), "{line}");
        assert!(runbook.contains(&format!("### {name}")), "the runbook has no {name}");
        alarms += 1;
    }
    assert!(alarms >= 12, "{alarms} alarms");
}

#[test]
fn the_lines_that_alarms_look_for_are_lines_that_their_function_writes() {
    for (id, filter) in resources("AWS::Logs::MetricFilter") {
        let logs = filter["LogGroupName"]["Ref"].as_str().unwrap();
        let (_, function) = functions()
            .into_iter()
            .find(|(_, function)| function["LoggingConfig"]["LogGroup"]["Ref"] == logs)
            .unwrap();
        let lib = root().join("functions").join(folder(&function)).join("src/lib.rs");
        let written = fs::read_to_string(lib).unwrap();
        // Names of the security log's events are in one place.
        let security = fs::read_to_string(root().join("shared/domain/src/model/security.rs")).unwrap();
        let pattern = filter["FilterPattern"].as_str().unwrap();
        let message = pattern.split('"').nth(1).unwrap();
        let names = if pattern.contains("$.event") { &security } else { &written };
        assert!(names.contains(&format!("\"{message}\"")), "{id} looks for {message}");
        let value = filter["MetricTransformations"][0]["MetricValue"].as_str().unwrap();
        if let Some(field) = value.strip_prefix("$.") {
            assert!(written.contains(field), "{id} reads {field}");
        }
    }
}
