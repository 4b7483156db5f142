//! What `tests/accessibility` adds to the walks through all pages: axe-core looks at each page, on a desk and on a phone, in
//! light and in dark; and the pages are kept for its other tools.
#![expect(
    clippy::disallowed_methods,
    reason = "tests/accessibility says in the environment where axe-core is and where pages go"
)]

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::driver::Browser;

/// axe-core, and the folder for pages.
pub struct Audit {
    axe: String,
    folder: PathBuf,
}

impl Audit {
    /// The audit, if this run is one of `tests/accessibility`.
    pub fn asked() -> Option<Self> {
        let axe = fs::read_to_string(std::env::var("PORTICO_AXE").ok()?).expect("axe-core is there");
        let folder = PathBuf::from(std::env::var("PORTICO_PAGES").expect("a folder for pages"));
        Some(Self { axe, folder })
    }

    /// What axe-core finds on the page that the browser shows. `name` is that of the file in which the page is kept.
    pub async fn page(&self, browser: &Browser, name: &str) -> Vec<String> {
        let page = browser.run("return '<!DOCTYPE html>' + document.documentElement.outerHTML").await;
        let file = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        fs::write(self.folder.join(format!("{file}.html")), page.as_str().unwrap()).unwrap();
        let mut found = Vec::new();
        for (width, scheme) in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")] {
            let screen =
                json!({"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500});
            browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
            let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
            browser.devtools("Emulation.setEmulatedMedia", features).await;
            // A mail is a part of the mail program's page, which has the landmarks.
            let without = if name.starts_with("mail mail") { "'landmark-one-main', 'region'" } else { "" };
            let look = "return axe.run(document, {resultTypes: ['violations'], rules: Object.fromEntries([WITHOUT].map((rule) => [rule, {enabled: false}]))}).then((result) => result.violations.flatMap(\
                (rule) => rule.nodes.map((node) => rule.id + ': ' + node.html.slice(0, 200) + ' ' + (node.failureSummary || '').slice(0, 300))))";
            let look = look.replace("WITHOUT", without);
            // It stays in the page for the next look.
            let load = if width == 1280 && scheme == "light" { self.axe.as_str() } else { "" };
            let wrong = browser.run(&format!("{load};{look}")).await;
            for fault in wrong.as_array().expect("what axe-core found") {
                found.push(format!("{name}, {width}, {scheme}: {}", fault.as_str().unwrap_or_default()));
            }
        }
        found
    }
}
