//! A patient's browser: it keeps cookies, each for the paths that it was set for, and follows redirects.

use std::sync::{Mutex, PoisonError};

use reqwest::RequestBuilder;

use crate::{Answer, World};

/// A browser.
pub struct Browser<'a> {
    world: &'a World,
    cookies: Mutex<Vec<Cookie>>,
    address: Mutex<String>,
    keeps_cookies: bool,
}

#[derive(Clone)]
struct Cookie {
    name: String,
    value: String,
    path: String,
}

impl<'a> Browser<'a> {
    /// A browser that has never been here.
    pub fn new(world: &'a World) -> Self {
        Self { world, cookies: Mutex::default(), address: Mutex::default(), keeps_cookies: true }
    }

    /// A browser that blocks cookies.
    pub fn without_cookies(world: &'a World) -> Self {
        Self { keeps_cookies: false, ..Self::new(world) }
    }

    /// The service that it visits.
    pub const fn world(&self) -> &'a World {
        self.world
    }

    /// The address that it shows, without the host.
    pub fn address(&self) -> String {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens an address, and follows redirects.
    pub async fn open(&self, path: &str) -> Answer {
        let mut path = path.to_owned();
        for _ in 0..6 {
            self.address.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&path);
            let answer = self.exchange(&path, self.world.request("GET", &path)).await;
            if answer.status != 303 {
                return answer;
            }
            answer.header("location").clone_into(&mut path);
        }
        panic!("redirects in a circle at {path}");
    }

    /// Loads the page once more.
    pub async fn reload(&self) -> Answer {
        self.open(&self.address()).await
    }

    /// Sends a form without following the answer.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.world.request("POST", path).header("sec-fetch-site", "same-origin");
        self.exchange(path, request.form(fields)).await
    }

    /// Sends a form, and follows the answer to its page.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, fields).await;
        if answer.status == 303 { self.open(answer.header("location")).await } else { answer }
    }

    async fn exchange(&self, path: &str, request: RequestBuilder) -> Answer {
        let mut request = request.header("accept", "text/html");
        let cookies = self.cookies_for(path);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        let answer = self.world.send(request).await;
        if self.keeps_cookies {
            for (_, line) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
                self.keep(line);
            }
        }
        answer
    }

    /// What the browser sends to a path.
    pub fn cookies_for(&self, path: &str) -> String {
        let path = path.split('?').next().unwrap_or_default();
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = cookies.iter().filter(|cookie| {
            let rest = path.strip_prefix(&cookie.path);
            cookie.path == "/" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        sent.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let path = parts.find_map(|part| part.strip_prefix("Path=")).unwrap_or("/").to_owned();
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.retain(|known| known.name != name || known.path != path);
        if !value.is_empty() {
            cookies.push(Cookie { name: name.to_owned(), value: value.to_owned(), path });
        }
    }
}
