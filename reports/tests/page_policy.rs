//! Tests that the page's content security policy lists every script and style on it.

mod support;

use std::{collections::BTreeSet, fs};

use base64::{Engine, engine::general_purpose::STANDARD};
use reports::page;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

#[test]
fn the_policy_lists_exactly_the_digests_of_the_pages_scripts_and_styles() {
    let folder = TempDir::new().unwrap();
    let written = page::write(&support::run(), folder.path()).unwrap();
    let page = fs::read_to_string(written.page).unwrap();
    let policy = page.split_once("Content-Security-Policy\" content=\"").unwrap().1.split_once('"').unwrap().0;
    let named = |directive: &str| -> BTreeSet<String> {
        let own = policy.split("; ").find_map(|one| one.strip_prefix(directive)).unwrap();
        own.split_whitespace().map(str::to_owned).collect()
    };
    let digests = |start: &str, end: &str| -> BTreeSet<String> {
        let texts = page.match_indices(start).map(|(place, _)| &page[place + start.len()..]);
        let texts = texts.map(|rest| rest.split_once(end).unwrap().0);
        texts.map(|text| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))).collect()
    };
    assert_eq!(named("style-src"), digests("<style>", "</style>"));
    assert_eq!(named("script-src"), digests("<script>", "</script>"));
    assert_eq!(page.matches("<script").count(), 1);
}
