//! Checks that the committed generated code is what `market.proto` generates today.
//!
//! `UPDATE_GENERATED=1 cargo test -p proto --test generated` rewrites it. The compiler is written in Rust, so protoc is
//! not needed.

use std::{env, fs, path::Path};

use prost::Message;
use tonic_prost_build::Builder;

/// Name that the generator gives its file, from the empty package.
const GENERATED: &str = "_.rs";

#[test]
fn messages_and_client_are_current() {
    let generator = generator()
        .build_server(false)
        .type_attribute(".", "#[derive(serde::Serialize, serde::Deserialize)]")
        .type_attribute(".", "#[serde(rename_all = \"snake_case\")]")
        .field_attribute("Quote.payload", "#[serde(default, skip_serializing_if = \"String::is_empty\")]")
        .field_attribute("SubscribeRequest.after", "#[serde(default, skip_serializing_if = \"Option::is_none\")]")
        .field_attribute("SubscribeRequest.epoch", "#[serde(default, skip_serializing_if = \"Option::is_none\")]")
        .field_attribute("TradeOrder.client_order_id", "#[serde(default)]")
        .field_attribute("TradeConfirmation.reason", "#[serde(default, skip_serializing_if = \"String::is_empty\")]");
    check("market_data.rs", generator, false);
}

/// The server's code has no messages of its own, and returns quotes that may already be encoded.
#[test]
fn server_is_current() {
    let generator = generator().build_client(false).extern_path(".Quote", "crate::OutgoingQuote");
    check("market_data_server.rs", generator, true);
}

/// The description that server reflection sends is the `.proto` file without its comments.
#[test]
fn description_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut descriptors = protox::compile([root.join("market.proto")], [root]).expect("market.proto compiles");
    descriptors.file.iter_mut().for_each(|file| file.source_code_info = None);
    compare("market.descriptors", &descriptors.encode_to_vec());
}

fn generator() -> Builder {
    tonic_prost_build::configure().build_transport(false).codec_path("crate::MarketCodec")
}

fn check(name: &str, generator: Builder, service_only: bool) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&out).expect("the folder for the fresh code exists");
    let mut descriptors = protox::compile([root.join("market.proto")], [root]).expect("market.proto compiles");
    if service_only {
        descriptors.file.iter_mut().for_each(|file| file.message_type.clear());
    }
    generator.out_dir(&out).compile_fds(descriptors).expect("code is generated");
    compare(name, &fs::read(out.join(GENERATED)).expect("the generator wrote its file"));
}

fn compare(name: &str, fresh: &[u8]) {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated").join(name);
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&committed, fresh).expect("generated code is written");
    }
    let recorded = fs::read(&committed).expect("generated code is committed");
    assert!(
        recorded == fresh,
        "proto/src/generated/{name} is not what market.proto generates: \
         run UPDATE_GENERATED=1 cargo test -p proto --test generated"
    );
}
