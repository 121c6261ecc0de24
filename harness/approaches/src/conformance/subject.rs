//! The subjects of the suite: every approach of the registry with its default settings, and once more with each other
//! choice.

use std::collections::BTreeMap;

use proto::Params;

use crate::registry::{APPROACHES, Approach, Exchange, Setting, Values};

/// A poll interval that keeps the suite short.
const QUICK_INTERVAL: &str = "20ms";
/// Every other duration: long enough for a loaded machine, and short enough for a test.
const QUICK_DURATION: &str = "150ms";

/// One variant of one approach.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The approach's name, with the choice that is not the default after a slash: `short-poll/new-connection`.
    pub name: String,
    /// The approach.
    pub approach: &'static Approach,
    /// Its settings, with quick durations.
    pub params: Params,
}

impl Subject {
    /// Returns whether the approach has a setting of this name.
    pub fn has_setting(&self, name: &str) -> bool {
        self.approach.settings.iter().any(|setting| setting.name == name)
    }
}

/// Returns a variant as a subject: its choices, with quick durations.
pub fn subject(approach: &'static Approach, variant: &str, params: &Params) -> Subject {
    let mut quick = quick_defaults(approach);
    let choices = approach.settings.iter().filter(|setting| matches!(setting.values, Values::Choice(_)));
    for (name, value) in choices.filter_map(|setting| params.0.get_key_value(setting.name)) {
        quick.0.insert(name.clone(), value.clone());
    }
    Subject { name: variant.to_owned(), approach, params: quick }
}

/// Returns all subjects, in the order of the registry.
pub fn subjects() -> Vec<Subject> {
    APPROACHES.iter().flat_map(variants).collect()
}

fn variants(approach: &'static Approach) -> Vec<Subject> {
    let default = quick_defaults(approach);
    let mut subjects = vec![Subject { name: approach.name.to_owned(), approach, params: default.clone() }];
    for setting in approach.settings {
        for choice in other_choices(setting) {
            let mut params = default.clone();
            params.0.insert(setting.name.to_owned(), (*choice).to_owned());
            subjects.push(Subject { name: format!("{}/{choice}", approach.name), approach, params });
        }
    }
    subjects
}

fn quick_defaults(approach: &Approach) -> Params {
    let value = |setting: &Setting| match setting.values {
        Values::Choice(choices) => choices[0],
        Values::Duration(_) if approach.facts.exchange == Exchange::Poll(setting.name) => QUICK_INTERVAL,
        Values::Duration(_) => QUICK_DURATION,
    };
    let entry = |setting: &Setting| (setting.name.to_owned(), value(setting).to_owned());
    Params(approach.settings.iter().map(entry).collect::<BTreeMap<_, _>>())
}

fn other_choices(setting: &Setting) -> &'static [&'static str] {
    match setting.values {
        Values::Choice(choices) => &choices[1..],
        Values::Duration(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_choice_but_the_default_is_its_own_subject() {
        const SETTINGS: &[Setting] = &[
            Setting::new("interval", Values::Duration("1s")),
            Setting::new("encoding", Values::Choice(&["text", "binary"])),
        ];
        let approach = Box::leak(Box::new(Approach { settings: SETTINGS, ..APPROACHES[0] }));
        let subjects = variants(approach);
        assert_eq!(subjects.len(), 2);
        assert_eq!(subjects[0].params.text("encoding"), Ok("text"));
        assert_eq!(subjects[1].name, format!("{}/binary", approach.name));
        assert_eq!(subjects[1].params.text("encoding"), Ok("binary"));
        assert_eq!(subjects[1].params.text("interval"), Ok(QUICK_INTERVAL));
    }
}
