//! The committed generated code is what `market.proto` generates today.
//!
//! `UPDATE_GENERATED=1 cargo test -p proto --test generated` rewrites it. The compiler is a Rust one, so nobody needs
//! protoc.

use std::{env, fs, path::Path};

/// The file that the generator names after the empty package.
const GENERATED: &str = "_.rs";

#[test]
fn generated_code_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let descriptors = protox::compile([root.join("market.proto")], [root]).expect("market.proto compiles");
    tonic_prost_build::configure()
        .out_dir(out)
        .build_transport(false)
        .type_attribute(".", "#[derive(serde::Serialize, serde::Deserialize)]")
        .type_attribute(".", "#[serde(rename_all = \"snake_case\")]")
        .field_attribute("Quote.payload", "#[serde(default, skip_serializing_if = \"String::is_empty\")]")
        .field_attribute("SubscribeRequest.after", "#[serde(default, skip_serializing_if = \"Option::is_none\")]")
        .field_attribute("TradeOrder.client_order_id", "#[serde(default)]")
        .field_attribute("TradeConfirmation.reason", "#[serde(default, skip_serializing_if = \"String::is_empty\")]")
        .compile_fds(descriptors)
        .expect("code is generated");
    let fresh = fs::read_to_string(out.join(GENERATED)).expect("the generator wrote its file");
    let committed = root.join("src/generated/market_data.rs");
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&committed, &fresh).expect("generated code is written");
    }
    let recorded = fs::read_to_string(&committed).expect("generated code is committed");
    assert!(
        recorded == fresh,
        "proto/src/generated/market_data.rs is not what market.proto generates: \
         run UPDATE_GENERATED=1 cargo test -p proto --test generated"
    );
}
