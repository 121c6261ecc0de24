//! The picture of the first screen.

mod support;

use std::fs;

use reports::page;
use tempfile::TempDir;

#[test]
fn the_first_picture_has_a_strip_per_approach_beside_floor_and_machine() {
    let directory = TempDir::new().unwrap();
    let written = page::write(&support::decisive::run(), directory.path()).unwrap();
    let page = fs::read_to_string(written.page).unwrap();
    let picture = page.split("<section class=\"overview\">").nth(1).unwrap().split("</section>").next().unwrap();
    for approach in support::APPROACHES {
        // The name, and the strip.
        assert_eq!(picture.matches(&format!("<g data-v=\"{}\"", approach.name)).count(), 2, "{}", approach.name);
    }
    for said in ["floor</text>", "wake-up</text>", " wasted</text>", "Dashed: the median of the floor, "] {
        assert!(picture.contains(said), "{said}");
    }
    assert!(page.find(picture).unwrap() < page.find("id=\"table\"").unwrap(), "it is on the first screen");
}
