//! Cognitive complexity of functions by the rules of SonarSource (G. Ann Campbell, "Cognitive Complexity", 2017 to 2023). It
//! measures how hard control flow is to follow, not how many paths there are.
//!
//! `if`, `match`, `while`, `for` and `loop` count one each, plus one per level of nesting. `else`, `else if`, each sequence of
//! equal logical operators and a jump to a label count one. The bodies of these, of closures, of `async` blocks and of inner
//! functions are levels.
//!
//! For Rust: `?` counts nothing, because the rules reward shorthands. `select!` counts as a `match` of its branches.
//! `let … else` counts as an `if`, and its block is a level. An `if` with a value is an `if` with an `else`. A guard belongs to
//! its arm and counts only its logical operators. Recursion counts nothing, because names are not resolved. Macros other than
//! `select!` are read if they contain a list of expressions.

use syn::{
    BinOp, Block, Expr, ExprAsync, ExprBinary, ExprBreak, ExprClosure, ExprContinue, ExprForLoop, ExprIf, ExprLoop,
    ExprMatch, ExprWhile, File, ImplItem, Item, ItemFn, LocalInit, Macro, TraitItem, Type,
    visit::{self, Visit},
};

use super::syntax::{self, Inside};

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    /// Its name, with its type if it has one.
    pub(super) name: String,
    pub(super) complexity: u32,
}

/// Returns the functions of a file, in order.
pub(super) fn functions(file: &File) -> Vec<Function> {
    let mut functions = Vec::new();
    collect(&file.items, &mut functions);
    functions
}

fn collect(items: &[Item], functions: &mut Vec<Function>) {
    for item in items {
        match item {
            Item::Fn(function) => functions.push(measure_function(function.sig.ident.to_string(), &function.block)),
            Item::Impl(block) => {
                let owner = name_of(&block.self_ty);
                functions.extend(block.items.iter().filter_map(|item| match item {
                    ImplItem::Fn(function) => {
                        Some(measure_function(format!("{owner}::{}", function.sig.ident), &function.block))
                    }
                    _ => None,
                }));
            }
            Item::Trait(definition) => functions.extend(definition.items.iter().filter_map(|item| match item {
                TraitItem::Fn(function) => Some(measure_function(
                    format!("{}::{}", definition.ident, function.sig.ident),
                    function.default.as_ref()?,
                )),
                _ => None,
            })),
            Item::Mod(module) => {
                if let Some((_, items)) = &module.content {
                    collect(items, functions);
                }
            }
            _ => {}
        }
    }
}

fn measure_function(name: String, body: &Block) -> Function {
    let mut walk = Walk { sum: 0, level: 0 };
    walk.visit_block(body);
    Function { name, complexity: walk.sum }
}

fn name_of(owner: &Type) -> String {
    let last = match owner {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    last.map_or_else(|| "_".to_owned(), |segment| segment.ident.to_string())
}

struct Walk {
    sum: u32,
    level: u32,
}

impl Walk {
    /// What breaks the flow costs more the deeper it stands.
    fn interrupt(&mut self) {
        self.sum += 1 + self.level;
    }

    fn nested(&mut self, visit: impl FnOnce(&mut Self)) {
        self.level += 1;
        visit(self);
        self.level -= 1;
    }

    /// Visits an `if` whose own cost is already counted.
    fn choice(&mut self, choice: &ExprIf) {
        self.visit_expr(&choice.cond);
        self.nested(|walk| walk.visit_block(&choice.then_branch));
        let Some((_, other)) = &choice.else_branch else { return };
        self.sum += 1;
        match &**other {
            Expr::If(next) => self.choice(next),
            other => self.nested(|walk| walk.visit_expr(other)),
        }
    }

    /// Collects the logical operators of one condition, in order, and visits their operands.
    fn operators(&mut self, side: &Expr, found: &mut Vec<bool>) {
        match side {
            Expr::Binary(binary) if is_logical(&binary.op) => {
                self.operators(&binary.left, found);
                found.push(matches!(binary.op, BinOp::And(_)));
                self.operators(&binary.right, found);
            }
            Expr::Paren(inner) => self.operators(&inner.expr, found),
            other => self.visit_expr(other),
        }
    }
}

fn is_logical(operator: &BinOp) -> bool {
    matches!(operator, BinOp::And(_) | BinOp::Or(_))
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_expr_if(&mut self, choice: &'ast ExprIf) {
        self.interrupt();
        self.choice(choice);
    }

    fn visit_expr_match(&mut self, choice: &'ast ExprMatch) {
        self.interrupt();
        self.visit_expr(&choice.expr);
        self.nested(|walk| choice.arms.iter().for_each(|arm| walk.visit_arm(arm)));
    }

    fn visit_expr_while(&mut self, repeated: &'ast ExprWhile) {
        self.interrupt();
        self.visit_expr(&repeated.cond);
        self.nested(|walk| walk.visit_block(&repeated.body));
    }

    fn visit_expr_for_loop(&mut self, repeated: &'ast ExprForLoop) {
        self.interrupt();
        self.visit_expr(&repeated.expr);
        self.nested(|walk| walk.visit_block(&repeated.body));
    }

    fn visit_expr_loop(&mut self, repeated: &'ast ExprLoop) {
        self.interrupt();
        self.nested(|walk| walk.visit_block(&repeated.body));
    }

    fn visit_local_init(&mut self, init: &'ast LocalInit) {
        self.visit_expr(&init.expr);
        if let Some((_, otherwise)) = &init.diverge {
            self.interrupt();
            self.nested(|walk| walk.visit_expr(otherwise));
        }
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.nested(|walk| walk.visit_expr(&closure.body));
    }

    fn visit_expr_async(&mut self, block: &'ast ExprAsync) {
        self.nested(|walk| walk.visit_block(&block.block));
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.nested(|walk| walk.visit_block(&function.block));
    }

    fn visit_expr_break(&mut self, jump: &'ast ExprBreak) {
        self.sum += u32::from(jump.label.is_some());
        visit::visit_expr_break(self, jump);
    }

    fn visit_expr_continue(&mut self, jump: &'ast ExprContinue) {
        self.sum += u32::from(jump.label.is_some());
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        if !is_logical(&binary.op) {
            return visit::visit_expr_binary(self, binary);
        }
        let mut found = Vec::new();
        self.operators(&binary.left, &mut found);
        found.push(matches!(binary.op, BinOp::And(_)));
        self.operators(&binary.right, &mut found);
        let changes = found.windows(2).filter(|pair| pair[0] != pair[1]).count();
        self.sum += 1 + u32::try_from(changes).expect("a condition is short");
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let Ok(inside) = syntax::inside(call) else { return };
        let Inside::Branches(branches) = inside else { return syntax::visit_inside(self, &inside) };
        self.interrupt();
        for branch in &branches {
            let awaited = branch.awaited.iter().map(|(_, future)| future);
            awaited.chain(&branch.condition).for_each(|expression| self.visit_expr(expression));
            self.nested(|walk| walk.visit_expr(&branch.handler));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complexity(body: &str) -> u32 {
        let file = syntax::read(&format!("fn x() {{ {body} }}")).unwrap();
        let functions = functions(&file);
        assert_eq!((functions.len(), functions[0].name.as_str()), (1, "x"));
        functions[0].complexity
    }

    /// The paper's own examples, with the values that it gives: `sumOfPrimes` 7, `getWords` 1, the nesting of a
    /// condition in loops and a lambda.
    #[test]
    fn the_published_examples_have_their_published_values() {
        let sum_of_primes = "'out: for i in 1..=max { for j in 2..i { if i % j == 0 { continue 'out; } } total += i; }";
        assert_eq!(complexity(sum_of_primes), 7);
        assert_eq!(complexity("match number { 1 => \"one\", 2 => \"a couple\", _ => \"lots\" }"), 1);
        assert_eq!(complexity("if condition1 { for i in 0..10 { while condition2 { } } }"), 6);
        assert_eq!(complexity("let r = || { if condition1 { } };"), 2);
        assert_eq!(complexity("if a && b && c || d || e && f { }"), 4);
        assert_eq!(complexity("if a && !(b && c) { }"), 3);
    }

    #[test]
    fn a_straight_line_costs_nothing() {
        assert_eq!(complexity("let a = f()?.g().await?; h(a, 1 + 2)?; return Ok(());"), 0);
    }

    #[test]
    fn each_else_costs_one_wherever_it_stands() {
        assert_eq!(complexity("if a { } else { }"), 2);
        assert_eq!(complexity("if a { } else if b { } else { }"), 3);
        assert_eq!(complexity("loop { if a { } else if b { } else { } }"), 1 + 2 + 1 + 1);
        assert_eq!(complexity("if a { } else { if b { } }"), 1 + 1 + 2);
        assert_eq!(complexity("let Some(a) = b else { return };"), 1);
    }

    #[test]
    fn closures_and_async_blocks_are_levels_and_cost_nothing() {
        assert_eq!(complexity("Box::pin(async { f().await })"), 0);
        assert_eq!(complexity("Box::pin(async { loop { match a { _ => { if b { } } } } })"), 2 + 3 + 4);
        assert_eq!(complexity("a.map(|b| async move { if b { } })"), 3);
        assert_eq!(complexity("fn inner() { if a { } }"), 2);
    }

    #[test]
    fn a_guard_costs_its_operators_alone() {
        assert_eq!(complexity("match a { b if b => 1, _ => 2 }"), 1);
        assert_eq!(complexity("match a { b if b && c => 1, _ => 2 }"), 2);
        assert_eq!(complexity("if let Some(a) = b && a && c { }"), 2);
    }

    #[test]
    fn select_counts_as_a_match() {
        let waiting = "tokio::select! { biased; a = f() => g(a)?, Some(b) = h(), if c && d => { if b { } } \
                       () = k() => break, else => return, }";
        assert_eq!(complexity(waiting), 1 + 1 + 2);
        assert_eq!(complexity(&format!("loop {{ {waiting} }}")), 1 + 2 + 1 + 3);
    }

    #[test]
    fn functions_are_named_after_their_types() {
        let text = "impl Trait for Thing<'_> { fn a(&self) { if b { } } } trait T { fn c() { loop { } } fn d(); } \
                    mod m { fn e() { } } #[cfg(test)] mod tests { fn f() { } }";
        let functions = functions(&syntax::read(text).unwrap());
        let found: Vec<_> = functions.iter().map(|function| (function.name.as_str(), function.complexity)).collect();
        assert_eq!(found, [("Thing::a", 1), ("T::c", 1), ("e", 0)]);
    }
}
