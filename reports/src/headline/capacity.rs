//! The capacity of each variant of a sweep, in words.

use results::format::plain;

use super::listed;
use crate::slo::{SweepCapacity, VariantCapacity};

/// Maximum number of names before variants are only counted.
const NAMED: usize = 3;

/// Describes the capacity of the variants of a sweep. A large group is counted, and all others are named, so that the
/// reader knows of each.
pub(super) fn how_far(reach: &SweepCapacity) -> String {
    let groups = groups(reach);
    let largest = groups.iter().map(|(.., names)| names.len()).max().unwrap_or(0);
    let counted = groups.iter().position(|(.., names)| names.len() == largest && largest > NAMED);
    let all = reach.variants.len();
    let clauses: Vec<String> = groups
        .iter()
        .enumerate()
        .map(|(index, (_, to, names))| {
            let who = match names.len() {
                _ if Some(index) != counted => listed(names),
                count if count == all => format!("all {all} variants"),
                count => format!("{count} of {all} variants"),
            };
            let [meet, have] = if names.len() == 1 { ["meets", "has"] } else { ["meet", "have"] };
            match (to, index) {
                (None, _) => format!("{who} {have} too few events to be judged"),
                (Some(to), 0) => format!("{who} {meet} the objective {to}"),
                (Some(to), _) => format!("{who} {to}"),
            }
        })
        .collect();
    format!("With {}, {}.{}", reach.held, clauses.join("; "), limited(reach))
}

/// Variants of equal capacity: the load, below 0 if there is none; the load in words; and their names.
type Group<'a> = (f64, Option<String>, Vec<&'a str>);

/// Groups the variants, the largest capacity first, those without a known capacity last.
fn groups(reach: &SweepCapacity) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for variant in &reach.variants {
        let (order, to) = up_to(reach, variant);
        match groups.iter_mut().find(|(_, other, _)| *other == to) {
            Some((.., names)) => names.push(&variant.variant),
            None => groups.push((order, to, vec![&variant.variant])),
        }
    }
    groups.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
    groups
}

/// Returns the largest load that meets the objective, as a number and in words. The words are `None` if it is
/// unknown.
fn up_to(reach: &SweepCapacity, variant: &VariantCapacity) -> (f64, Option<String>) {
    match variant.met {
        Some((load, _)) => {
            let last = if variant.beyond.is_none() { ", the heaviest load that was tried" } else { "" };
            (load, Some(format!("up to {} {}{last}", plain(load), reach.axis)))
        }
        None if variant.unjudged > 0 => (-2.0, None),
        None => (-1.0, Some("under no load that was tried".to_owned())),
    }
}

/// Names the variants whose server may carry more, because the load generator was the limit. The text is empty
/// without one.
pub(crate) fn limited(reach: &SweepCapacity) -> String {
    let is_limited = |variant: &&VariantCapacity| variant.beyond.as_ref().is_some_and(|it| it.harness_was_the_limit);
    let names: Vec<&str> = reach.variants.iter().filter(is_limited).map(|variant| variant.variant.as_str()).collect();
    let who = match names.len() {
        0 => return String::new(),
        1 => format!("{} falls", names[0]),
        2..=NAMED => format!("{} fall", listed(&names)),
        count => format!("{count} fall"),
    };
    format!(" Where {who} short, the load generator was the limit, or one of two.")
}
