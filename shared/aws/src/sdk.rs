//! What all clients share: region, credentials, timeouts, retries, one pool of connections.

use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
#[expect(deprecated, reason = "where they were moved to is no crate for direct use")]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::Builder as HttpClient;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};

use crate::environment::{StartError, optional, variable};

/// Where Lambda says at which address the credentials are, when they are not in variables.
const CONTAINER: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];

/// The one policy of timeouts: a call that takes longer than this is as good as lost, and a caller waits behind it.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(8))
        .build()
}

/// The authorities that AWS's endpoints have their certificates from (<https://www.amazontrust.com/repository/>). To
/// read and parse all those that the system trusts took half of a function's start.
const AMAZON: &str = include_str!("amazon-roots.pem");

/// One pool of connections for all clients, which trusts Amazon's authorities, or those in the file that
/// `SSL_CERT_FILE` names.
pub fn https() -> Result<SharedHttpClient, StartError> {
    trusting(keeping(usize::MAX))
}

/// The same without a pool: each call has a connection of its own. A connection that waits while Lambda has frozen
/// the process may be dead afterwards, which shows only when a request is sent, and a message must not be sent twice.
pub fn https_without_pool() -> Result<SharedHttpClient, StartError> {
    trusting(keeping(0))
}

/// A client that keeps so many idle connections to each host.
fn keeping(idle: usize) -> HttpClient {
    HttpClient::new().pool_max_idle_per_host(idle)
}

fn trusting(client: HttpClient) -> Result<SharedHttpClient, StartError> {
    let trusted = match optional("SSL_CERT_FILE") {
        Some(_) => TrustStore::default(),
        None => TrustStore::empty().with_pem_certificate(AMAZON),
    };
    let tls = TlsContext::builder().with_trust_store(trusted).build().map_err(|_| StartError::Trust)?;
    Ok(client.tls_provider(Provider::rustls(CryptoMode::Ring)).tls_context(tls).build_https())
}

/// An empty profile instead of files: a function has none, and one that lay in its image by mistake must not change
/// where it calls or who it is.
#[expect(deprecated, reason = "see where they are imported")]
fn no_files() -> ProfileFiles {
    ProfileFiles::builder().with_contents(ProfileFileKind::Config, "").build()
}

/// What Lambda says in the environment: the region (`AWS_REGION`), the credentials in variables, or the address
/// where a function gets them. Nothing else is asked, so there are no profiles, no metadata service and no roles to
/// assume. `AWS_ENDPOINT_URL` names another endpoint, `AWS_ENDPOINT_URL_DYNAMODB` one for the table alone, and so
/// for each service.
pub(crate) async fn shared() -> Result<SdkConfig, StartError> {
    let region = Region::new(variable("AWS_REGION")?);
    if CONTAINER.into_iter().all(|name| optional(name).is_none()) {
        // Found missing only at the first call, they would not be named.
        variable("AWS_ACCESS_KEY_ID")?;
        variable("AWS_SECRET_ACCESS_KEY")?;
    }
    let http = https()?;
    let own = ProviderConfig::without_region().with_http_client(http.clone());
    let credentials =
        CredentialsProviderChain::first_try("variables", EnvironmentVariableCredentialsProvider::new())
            .or_else("container", EcsCredentialsProvider::builder().configure(&own).build());
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(credentials)
        .profile_files(no_files())
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts())
        .http_client(http);
    Ok(loader.load().await)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::process::Command;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use super::*;
    use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
    use aws_sdk_dynamodb::config::{
        ConfigBag, Credentials, Intercept, ProvideCredentials, RuntimeComponents,
    };
    use aws_sdk_dynamodb::error::SdkError;
    use serde_json::{Value, json};

    /// Writes down where a request would go, and stops it there.
    #[derive(Clone, Debug, Default)]
    struct Stopped(Arc<Mutex<String>>);

    impl Intercept for Stopped {
        fn name(&self) -> &'static str {
            "Stopped"
        }

        fn read_before_transmit(
            &self,
            context: &BeforeTransmitInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            _: &mut ConfigBag,
        ) -> Result<(), aws_sdk_dynamodb::error::BoxError> {
            context.request().uri().clone_into(&mut self.0.lock().unwrap());
            Err("stopped".into())
        }
    }

    /// Run by `configured` in a process of its own, since a process has one environment: prints what the shared
    /// configuration came to.
    #[tokio::test]
    #[ignore = "the other tests start it, each with an environment of its own"]
    async fn tells_what_it_is_configured_to() {
        let told = match shared().await {
            Err(error) => json!({ "error": error.to_string() }),
            Ok(sdk) => {
                let stopped = Stopped::default();
                let config =
                    aws_sdk_dynamodb::config::Builder::from(&sdk).interceptor(stopped.clone()).build();
                let call = aws_sdk_dynamodb::Client::from_conf(config).list_tables().send().await;
                assert!(call.is_err());
                let endpoint = stopped.0.lock().unwrap().clone();
                let provider = sdk.credentials_provider().unwrap();
                let found = provider.provide_credentials().await.ok();
                json!({
                    "region": sdk.region().map(ToString::to_string),
                    "endpoint": endpoint,
                    "key": found.as_ref().map(Credentials::access_key_id),
                    "token": found.as_ref().and_then(Credentials::session_token),
                })
            }
        };
        println!("\n{told}");
    }

    /// Run by `what_keeps_a_function_from_starting_is_in_its_log`: starts as a function does.
    #[tokio::test]
    #[ignore = "the other tests start it, each with an environment of its own"]
    async fn starts_as_a_function_does() {
        println!();
        tracing_subscriber::fmt().json().flatten_event(true).init();
        assert!(crate::Process::from_environment().await.is_err());
    }

    /// The first line of JSON that a test prints in a process with these variables, and no others.
    fn told_by(test: &str, variables: &[(&str, &str)]) -> Value {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", &format!("sdk::tests::{test}"), "--ignored", "--nocapture"]);
        let output = child.env_clear().envs(variables.iter().copied()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let told = said.lines().find(|line| line.starts_with('{'));
        serde_json::from_str(told.unwrap_or_else(|| panic!("{said}"))).unwrap()
    }

    /// What a process with these variables, and no others, is configured to.
    fn configured(variables: &[(&str, &str)]) -> Value {
        told_by("tells_what_it_is_configured_to", variables)
    }

    /// An HTTP server that gives every call the same answer, and keeps the heads of the requests.
    struct Server {
        url: String,
        heads: Arc<Mutex<Vec<String>>>,
    }

    impl Server {
        fn new(status: &'static str, body: String) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}/credentials", listener.local_addr().unwrap());
            let heads = Arc::new(Mutex::new(Vec::new()));
            let kept = heads.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    let head: Vec<String> =
                        lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
                    kept.lock().unwrap().push(head.join("\n"));
                    let length = body.len();
                    let answer = format!(
                        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                    );
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            });
            Self { url, heads }
        }

        fn heads(&self) -> Vec<String> {
            self.heads.lock().unwrap().clone()
        }
    }

    const HERE: [(&str, &str); 3] =
        [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")];

    #[test]
    fn credentials_come_from_variables() {
        let told = configured(&[&HERE[..], &[("AWS_SESSION_TOKEN", "token")]].concat());
        let endpoint = "https://dynamodb.us-east-1.amazonaws.com/";
        assert_eq!(
            told,
            json!({ "region": "us-east-1", "endpoint": endpoint, "key": "id", "token": "token" })
        );
    }

    #[test]
    fn credentials_come_from_the_containers_address_where_there_are_none_in_variables() {
        let body = json!({
            "AccessKeyId": "from-address", "SecretAccessKey": "secret", "Token": "its-token",
            "Expiration": "2099-01-01T00:00:00Z",
        });
        let container = Server::new("200 OK", body.to_string());
        let told = configured(&[
            ("AWS_REGION", "us-east-1"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container.url),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "shown"),
        ]);
        assert_eq!((&told["key"], &told["token"]), (&json!("from-address"), &json!("its-token")), "{told}");
        let heads = container.heads();
        assert!(heads[0].starts_with("GET /credentials "), "{heads:?}");
        assert!(heads[0].contains("authorization: shown"), "{heads:?}");
    }

    #[test]
    fn what_is_missing_is_named() {
        for (name, others) in
            [("AWS_REGION", [1, 2]), ("AWS_ACCESS_KEY_ID", [0, 2]), ("AWS_SECRET_ACCESS_KEY", [0, 1])]
        {
            let told = configured(&others.map(|place| HERE[place]));
            assert_eq!(told, json!({ "error": format!("the environment variable {name} is missing") }));
        }
    }

    #[test]
    fn what_keeps_a_function_from_starting_is_in_its_log() {
        let table = [("PORTICO_TABLE", "t"), ("PORTICO_AUDIT_TABLE", "a"), ("PORTICO_BASE_URL", "https://h")];
        let secrets = Server::new("400 Bad Request", "{}".to_owned());
        let secret = [("PORTICO_KEYRING_SECRET", "s"), ("AWS_ENDPOINT_URL", &secrets.url)];
        for (variables, error) in [
            (&table[1..], "the environment variable PORTICO_TABLE is missing"),
            (&[&HERE[..], &table, &secret].concat(), "the keyring's secret can't be read"),
        ] {
            let line = told_by("starts_as_a_function_does", variables);
            assert_eq!(
                (&line["level"], &line["message"]),
                (&json!("ERROR"), &json!("can't start")),
                "{line}"
            );
            assert_eq!(line["error"], error);
        }
        assert!(!secrets.heads().is_empty(), "the secret was asked for");
    }

    #[test]
    fn other_partitions_have_their_own_endpoints() {
        for (region, endpoint) in [
            ("us-gov-west-1", "https://dynamodb.us-gov-west-1.amazonaws.com/"),
            ("cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn/"),
        ] {
            let told = configured(&[HERE[1], HERE[2], ("AWS_REGION", region)]);
            assert_eq!((&told["region"], &told["endpoint"]), (&json!(region), &json!(endpoint)));
        }
    }

    #[test]
    fn an_endpoint_can_be_named_for_all_services_and_for_one() {
        let (all, table) = ("http://127.0.0.1:1/", "http://127.0.0.1:2/");
        let told = configured(&[&HERE[..], &[("AWS_ENDPOINT_URL", all)]].concat());
        assert_eq!(told["endpoint"], all);
        let told = configured(
            &[&HERE[..], &[("AWS_ENDPOINT_URL", all), ("AWS_ENDPOINT_URL_DYNAMODB", table)]].concat(),
        );
        assert_eq!(told["endpoint"], table);
    }

    #[test]
    fn profile_files_are_not_read_and_the_metadata_service_is_not_asked() {
        let folder = std::env::temp_dir().join(format!("portico-aws-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (config, keys) = (folder.join("config"), folder.join("credentials"));
        let profile =
            "[default]\nregion = eu-west-1\nuse_fips_endpoint = true\nendpoint_url = http://127.0.0.1:1\n";
        std::fs::write(&config, profile).unwrap();
        std::fs::write(&keys, "[default]\naws_access_key_id = file\naws_secret_access_key = file\n").unwrap();
        let metadata = Server::new("404 Not Found", String::new());
        let beside = [
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_SHARED_CREDENTIALS_FILE", keys.to_str().unwrap()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url),
        ];

        let told = configured(&[&HERE[..], &beside].concat());
        let endpoint = "https://dynamodb.us-east-1.amazonaws.com/";
        assert_eq!(told, json!({ "region": "us-east-1", "endpoint": endpoint, "key": "id", "token": null }));

        // Where the credentials can't be had, nobody else is asked for them.
        let container = Server::new("404 Not Found", String::new());
        let refused = [HERE[0], ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container.url)];
        let blank = [HERE[0], ("AWS_ACCESS_KEY_ID", " "), ("AWS_SECRET_ACCESS_KEY", " ")];
        for without in [&refused[..], &blank] {
            let told = configured(&[without, &beside].concat());
            assert_eq!(told, json!({ "region": "us-east-1", "endpoint": "", "key": null, "token": null }));
        }
        assert!(!container.heads().is_empty());
        assert_eq!(metadata.heads(), Vec::<String>::new());
        std::fs::remove_dir_all(folder).unwrap();
    }

    /// An HTTP server that keeps its connections open. Returns its URL and the number of connections so far.
    fn lasting_server() -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut stream = stream.unwrap();
                std::thread::spawn(move || {
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                    // Each request ends with an empty line and has a body of two bytes, `{}`, without one.
                    while lines.by_ref().any(|line| line.is_empty()) {
                        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                        if stream.write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        (url, connections)
    }

    #[tokio::test]
    async fn couriers_take_a_new_connection_for_each_call() {
        for (idle, expected) in [(0, 3), (usize::MAX, 1)] {
            let (url, connections) = lasting_server();
            let config = aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("us-east-1"))
                .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
                .endpoint_url(url)
                .http_client(keeping(idle).build_http());
            let client = aws_sdk_dynamodb::Client::from_conf(config.build());
            for _ in 0..3 {
                client.list_tables().send().await.unwrap();
            }
            assert_eq!(connections.load(Ordering::SeqCst), expected);
        }
    }

    #[tokio::test]
    async fn amazons_authorities_can_be_read() {
        // They are parsed when the first connection is made; that nobody listens there is another matter.
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .endpoint_url("https://127.0.0.1:1")
            .retry_config(RetryConfig::disabled())
            .http_client(https().unwrap());
        let call = aws_sdk_dynamodb::Client::from_conf(config.build()).list_tables().send().await;
        assert!(matches!(call, Err(SdkError::DispatchFailure(_))), "{call:?}");
        assert_eq!(AMAZON.matches("BEGIN CERTIFICATE").count(), 5);
    }
}
