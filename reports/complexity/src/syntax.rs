//! The syntax tree of a source file, without documentation and unit tests, its lines with code, and the content of
//! macros.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Attribute, Block, Expr, File, Ident, ImplItem, Item, ItemImpl, ItemMod, Macro, Pat, Path, Stmt, Token,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    visit::Visit,
    visit_mut::{self, VisitMut},
};

/// Parses a source without documentation and unit tests.
pub(super) fn read(text: &str) -> syn::Result<File> {
    let mut file = syn::parse_file(text)?;
    Strip.visit_file_mut(&mut file);
    let mut check = Check(Ok(()));
    check.visit_file(&file);
    check.0.map(|()| file)
}

/// Refuses a `select!` that cannot be read, because its branches would be ignored silently.
struct Check(syn::Result<()>);

impl<'ast> Visit<'ast> for Check {
    fn visit_macro(&mut self, call: &'ast Macro) {
        match inside(call) {
            Ok(inside) => visit_inside(self, &inside),
            Err(error) => self.0 = Err(error),
        }
    }
}

/// Returns the lines with a token. A literal over several lines counts on all of them.
pub(super) fn lines(tokens: TokenStream) -> u32 {
    let mut lines = BTreeSet::new();
    collect(tokens, &mut lines);
    u32::try_from(lines.len()).expect("a file has fewer lines")
}

fn collect(tokens: TokenStream, lines: &mut BTreeSet<usize>) {
    let mut add = |span: Span| {
        // A token that the printer adds, such as a comma, has no line.
        if span.start() != span.end() {
            lines.extend(span.start().line..=span.end().line);
        }
    };
    let mut inner = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                add(group.span_open());
                add(group.span_close());
                inner.push(group.stream());
            }
            other => add(other.span()),
        }
    }
    for stream in inner {
        collect(stream, lines);
    }
}

struct Strip;

impl VisitMut for Strip {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    }

    fn visit_file_mut(&mut self, file: &mut File) {
        file.items.retain(|item| !is_for_tests(attributes(item)));
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut ItemMod) {
        if let Some((_, items)) = &mut module.content {
            items.retain(|item| !is_for_tests(attributes(item)));
        }
        visit_mut::visit_item_mod_mut(self, module);
    }

    fn visit_item_impl_mut(&mut self, block: &mut ItemImpl) {
        block.items.retain(|item| match item {
            ImplItem::Fn(function) => !is_for_tests(&function.attrs),
            ImplItem::Const(constant) => !is_for_tests(&constant.attrs),
            _ => true,
        });
        visit_mut::visit_item_impl_mut(self, block);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        block.stmts.retain(|statement| match statement {
            Stmt::Item(item) => !is_for_tests(attributes(item)),
            Stmt::Local(local) => !is_for_tests(&local.attrs),
            _ => true,
        });
        visit_mut::visit_block_mut(self, block);
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    let says_test = |attribute: &Attribute| attribute.parse_args::<Path>().is_ok_and(|path| path.is_ident("test"));
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") && says_test(attribute))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The content of a macro call, if it can be read as code.
pub(super) enum Inside {
    /// `select!`: its branches.
    Branches(Vec<Branch>),
    /// `join!`: its futures.
    Futures(Vec<Expr>),
    /// Another macro with a list of expressions, such as `format!` and `vec!`. Empty if it has another form.
    Expressions(Vec<Expr>),
}

/// One branch of `select!`.
pub(super) struct Branch {
    /// `None` for the last branch, which runs if all others are disabled.
    pub(super) awaited: Option<(Pat, Expr)>,
    pub(super) condition: Option<Expr>,
    pub(super) handler: Expr,
}

/// Reads the content of a macro call.
///
/// # Errors
/// A `select!` or `join!` has another form than tokio's.
pub(super) fn inside(call: &Macro) -> syn::Result<Inside> {
    let name = call.path.segments.last().map(|segment| segment.ident.to_string());
    let tokens = call.tokens.clone();
    let list = |tokens| {
        let list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens)?;
        Ok::<Vec<Expr>, syn::Error>(list.into_iter().collect())
    };
    Ok(match name.as_deref() {
        Some("select") => Inside::Branches(branches.parse2(tokens)?),
        Some("join" | "try_join") => Inside::Futures(list(tokens)?),
        _ => Inside::Expressions(list(tokens).unwrap_or_default()),
    })
}

/// Visits the code in a macro call, for a visitor that treats macros like other code.
pub(super) fn visit_inside<V: for<'ast> Visit<'ast>>(visitor: &mut V, inside: &Inside) {
    match inside {
        Inside::Branches(branches) => {
            for branch in branches {
                if let Some((pattern, future)) = &branch.awaited {
                    visitor.visit_pat(pattern);
                    visitor.visit_expr(future);
                }
                branch.condition.iter().for_each(|condition| visitor.visit_expr(condition));
                visitor.visit_expr(&branch.handler);
            }
        }
        Inside::Futures(all) | Inside::Expressions(all) => {
            all.iter().for_each(|expression| visitor.visit_expr(expression));
        }
    }
}

/// The grammar of tokio's `select!`.
fn branches(input: ParseStream<'_>) -> syn::Result<Vec<Branch>> {
    if input.peek(Ident) && input.peek2(Token![;]) {
        // Skips `biased`.
        input.parse::<Ident>()?;
        input.parse::<Token![;]>()?;
    }
    let mut branches = Vec::new();
    while !input.is_empty() {
        let (mut awaited, mut condition) = (None, None);
        if input.parse::<Option<Token![else]>>()?.is_none() {
            let pattern = Pat::parse_multi_with_leading_vert(input)?;
            input.parse::<Token![=]>()?;
            awaited = Some((pattern, input.parse()?));
        }
        if input.parse::<Option<Token![,]>>()?.is_some() {
            input.parse::<Token![if]>()?;
            condition = Some(input.parse()?);
        }
        input.parse::<Token![=>]>()?;
        let handler = Expr::parse_with_earlier_boundary_rule(input)?;
        input.parse::<Option<Token![,]>>()?;
        branches.push(Branch { awaited, condition, handler });
    }
    Ok(branches)
}
