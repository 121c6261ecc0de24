//! The inventory of what a half has to do and to keep in mind, read off its syntax: the rules are those that
//! [`super::metrics`] prints.

use std::collections::BTreeSet;

use results::schema::Obligations;
use syn::{
    Expr, ExprAwait, ExprCall, ExprMethodCall, File, Ident, ItemEnum, ItemImpl, ItemStruct, Lit, Macro, Member, Path,
    visit::{self, Visit},
};

use super::{
    names::{self, Imports, is_constant, is_type, segments},
    syntax::{self, Inside},
};

/// Words in the name of a call that waits for a time, or has a library do so.
const TIMER_WORDS: [&str; 4] = ["sleep", "timeout", "interval", "pause"];
/// Types whose constants and variants say how something went, beside all whose name ends in one of the first two.
const STATUS_ENDINGS: [&str; 2] = ["Error", "Status"];
const STATUS_TYPES: [&str; 3] = ["Code", "StatusCode", "CloseCode"];
/// Beginnings of functions that turn one thing into another, and so name no kind.
const CONVERSIONS: [&str; 4] = ["new", "from", "with", "to"];
/// The crate of the messages that both ends share.
const CONTRACT: &str = "proto";
/// Endings of those of its constants that are messages by themselves.
const MESSAGE_CONSTANTS: [&str; 2] = ["_EVENT", "_COMMENT"];
/// Types of any origin whose variants are kinds of messages on the wire.
const FRAME_TYPES: [&str; 2] = ["Message", "Frame"];

/// Takes the inventory of all files of a half. `services` are the modules of generated clients and servers, whose names
/// are no messages.
pub(super) fn of(files: &[File], services: &[&str]) -> Obligations {
    let mut inventory = Inventory { errors: names::errors(files), ..Inventory::default() };
    for file in files {
        inventory.imports = names::imports(file);
        inventory.owner = None;
        inventory.visit_file(file);
        inventory.import_messages(services);
    }
    let Inventory { messages, by_variant, .. } = &mut inventory;
    messages.retain(|message| !by_variant.contains(message));
    Obligations {
        timers: inventory.timers,
        suspension_points: inventory.suspension_points,
        error_kinds: inventory.error_kinds.into_iter().collect(),
        knobs: inventory.knobs.into_iter().collect(),
        message_kinds: inventory.messages.into_iter().collect(),
        remembered: inventory.remembered.into_iter().collect(),
        states: inventory.states.into_iter().collect(),
    }
}

#[derive(Default)]
struct Inventory {
    errors: BTreeSet<String>,
    imports: Imports,
    /// What `Self` is.
    owner: Option<String>,
    /// Types of the contract of which a variant was named.
    by_variant: BTreeSet<String>,
    timers: u32,
    suspension_points: u32,
    error_kinds: BTreeSet<String>,
    knobs: BTreeSet<String>,
    messages: BTreeSet<String>,
    remembered: BTreeSet<String>,
    states: BTreeSet<String>,
}

impl Inventory {
    fn call(&mut self, name: &Ident) {
        let name = name.to_string();
        self.timers += u32::from(name.split('_').any(|word| TIMER_WORDS.contains(&word)));
    }

    /// The path behind a name of this file, without the crate, where it is one of the contract's.
    fn message(&self, name: &str) -> Option<String> {
        let path = self.imports.get(name)?;
        let (_, rest) = path.split_first().filter(|(first, _)| *first == CONTRACT)?;
        Some(rest.join("::"))
    }

    /// `Type::Kind`, with whatever may stand before it.
    fn kind(&mut self, owner: &str, kind: &str) {
        let own = self.owner.clone();
        let owner = if owner == "Self" { own.as_deref().unwrap_or(owner) } else { owner };
        let by_name = STATUS_ENDINGS.iter().any(|ending| owner.ends_with(ending)) || STATUS_TYPES.contains(&owner);
        let first_word = kind.split('_').next().unwrap_or_default();
        let is_kind = if is_type(kind) {
            by_name || self.errors.contains(owner)
        } else if is_constant(kind) {
            STATUS_TYPES.contains(&owner)
        } else {
            STATUS_ENDINGS.iter().any(|ending| owner.ends_with(ending)) && !CONVERSIONS.contains(&first_word)
        };
        if is_kind {
            self.error_kinds.insert(format!("{owner}::{kind}"));
        }
        if is_type(kind) && FRAME_TYPES.contains(&owner) {
            self.messages.insert(format!("{owner}::{kind}"));
        }
        if is_type(kind)
            && let Some(message) = self.message(owner)
        {
            self.messages.insert(format!("{message}::{kind}"));
            self.by_variant.insert(message);
        }
    }

    /// What is imported is used, or the compiler would warn.
    fn import_messages(&mut self, services: &[&str]) {
        for path in self.imports.values().filter(|path| path[0] == CONTRACT) {
            let last = path.last().expect("an import has a path");
            let is_message = is_type(last) && !last.ends_with("Error") && last != "Params";
            let is_constant = is_constant(last) && MESSAGE_CONSTANTS.iter().any(|ending| last.ends_with(ending));
            let is_service = path.iter().any(|segment| services.contains(&segment.as_str()));
            if (is_message || is_constant) && !is_service {
                self.messages.insert(path[1..].join("::"));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Inventory {
    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        self.owner = names::type_name(&block.self_ty);
        visit::visit_item_impl(self, block);
        self.owner = None;
    }

    fn visit_item_struct(&mut self, definition: &'ast ItemStruct) {
        for (place, field) in definition.fields.iter().enumerate() {
            let name = field.ident.as_ref().map_or_else(|| place.to_string(), Ident::to_string);
            self.remembered.insert(format!("{}.{name}", definition.ident));
        }
        visit::visit_item_struct(self, definition);
    }

    fn visit_item_enum(&mut self, definition: &'ast ItemEnum) {
        let variants = definition.variants.iter();
        self.states.extend(variants.map(|variant| format!("{}::{}", definition.ident, variant.ident)));
        visit::visit_item_enum(self, definition);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let names = segments(path);
        if let [.., owner, kind] = names.as_slice() {
            self.kind(owner, kind);
            if owner == CONTRACT && names.len() == 2 && is_type(kind) {
                self.messages.insert(kind.clone());
            }
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(function) = &*call.func
            && let Some(last) = function.path.segments.last()
        {
            self.call(&last.ident);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.call(&call.method);
        let of_params = match &*call.receiver {
            Expr::Field(field) => matches!(&field.member, Member::Named(name) if name == "params"),
            Expr::Path(path) => path.path.is_ident("params"),
            _ => false,
        };
        if of_params && (call.method == "text" || call.method == "duration") {
            self.knobs.extend(call.args.first().and_then(setting));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_await(&mut self, awaited: &'ast ExprAwait) {
        self.suspension_points += 1;
        visit::visit_expr_await(self, awaited);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        let Ok(inside) = syntax::inside(call) else { return };
        let waiting = match &inside {
            Inside::Branches(branches) => branches.iter().filter(|branch| branch.awaited.is_some()).count(),
            Inside::Futures(futures) => futures.len(),
            Inside::Expressions(_) => 0,
        };
        self.suspension_points += u32::try_from(waiting).expect("a macro has few branches");
        syntax::visit_inside(self, &inside);
    }
}

/// The name of a setting, as it is written.
fn setting(argument: &Expr) -> Option<String> {
    match argument {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        Expr::Path(path) => segments(&path.path).pop(),
        _ => None,
    }
}
