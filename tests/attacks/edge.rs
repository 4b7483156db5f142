//! Attacks on the caller's address: behind an edge, it is in a header, and anybody can send a header.

use portico_domain::keys::HashCost;
use portico_local::Config;
use portico_testkit::{Answer, World};
use serde_json::json;

const NOW: &str = "the secret that the edge shows at present";
const NEXT: &str = "the secret that the edge will show next";

/// A world behind an edge, at the beginning of the window in which failures are counted.
async fn behind_an_edge() -> World {
    let hash_cost = HashCost { memory_kib: 8, passes: 1, lanes: 1 };
    let edge_secrets = vec![NOW.to_owned(), NEXT.to_owned()];
    let world = World::with(Config { hash_cost, edge_secrets, ..Config::default() }).await;
    super::to_a_new_window(&world);
    world
}

/// A sign-in that fails, for another user name each time, with the headers of an edge.
async fn fails(world: &World, number: usize, secret: Option<&str>, address: &str) -> Answer {
    let request = world.request("POST", "/riverside/sign-in").header("cloudfront-viewer-address", address);
    let request = match secret {
        Some(secret) => request.header("x-portico-edge", secret),
        None => request,
    };
    let body = json!({"username": format!("nobody.{number}"), "password": "not the password"});
    world.send(request.json(&body)).await
}

#[tokio::test]
async fn behind_the_edge_each_caller_has_limits_of_its_own() {
    let world = behind_an_edge().await;
    for number in 0..60 {
        // The two secrets count for the same caller, so nobody gets twice as many tries while they change.
        let secret = [NOW, NEXT][number % 2];
        fails(&world, number, Some(secret), &format!("198.51.100.7:{}", 1024 + number)).await.expect(401);
    }
    fails(&world, 60, Some(NOW), "198.51.100.7:4000").await.expect(429);
    fails(&world, 61, Some(NOW), "198.51.100.8:4000").await.expect(401);
    fails(&world, 62, None, "198.51.100.8:4000").await.expect(401);
}

#[tokio::test]
async fn a_forged_address_without_the_edges_secret_counts_for_nothing() {
    for secret in [None, Some("a secret that somebody made up"), Some("")] {
        let world = behind_an_edge().await;
        for number in 0..60 {
            fails(&world, number, secret, &format!("203.0.113.{number}:4000")).await.expect(401);
        }
        fails(&world, 60, secret, "203.0.113.200:4000").await.expect(429);
    }
}

#[tokio::test]
async fn without_an_edge_no_header_says_where_a_request_comes_from() {
    let world = World::with_cheap_hashes().await;
    super::to_a_new_window(&world);
    for number in 0..60 {
        fails(&world, number, Some(NOW), &format!("203.0.113.{number}:4000")).await.expect(401);
    }
    fails(&world, 60, Some(""), "203.0.113.200:4000").await.expect(429);
}

#[tokio::test]
async fn a_host_with_a_whole_ipv6_network_is_one_caller_behind_the_edge_too() {
    let world = behind_an_edge().await;
    for number in 0..60 {
        fails(&world, number, Some(NOW), &format!("2001:db8:1:2::{number:x}:4000")).await.expect(401);
    }
    fails(&world, 60, Some(NOW), "[2001:db8:1:2:ffff::1]:4000").await.expect(429);
    fails(&world, 61, Some(NOW), "2001:db8:1:3::1:4000").await.expect(401);
}
