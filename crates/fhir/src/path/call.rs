//! Functions whose arguments are criteria, types or patterns: evaluated for each item, or not at
//! all. <http://hl7.org/fhirpath/N1/#filtering-and-projection>
use super::ast::{Literal, Node};
use super::collection::{collection, combined, extensions, index_of, is_type, of_type};
use super::eval::{Context, Items, MAX_TEXT, Scope};
use super::function::{Function, type_argument};
use super::item::Item;
use super::pattern::Pattern;
use super::{compare, convert, math, navigate, text};
use crate::xhtml;
use std::borrow::Cow;

impl<'a> Scope<'a, '_> {
    pub(super) fn call(
        &self,
        function: Function,
        input: Items<'a>,
        arguments: &'a [Node],
        context: Context<'a, '_>,
    ) -> Items<'a> {
        let named = || arguments.first().and_then(type_argument).unwrap_or_default();
        match function {
            Function::Where => self.filter(input, arguments),
            Function::Exists => vec![Item::boolean(self.any(&input, arguments))],
            Function::All => vec![Item::boolean(self.all(&input, arguments))],
            Function::Select => self.select(&input, arguments),
            Function::Repeat => self.repeat(&input, arguments),
            Function::Aggregate => self.aggregate(&input, arguments, context),
            Function::Iif => self.iif(&input, arguments, context),
            Function::As | Function::OfType => of_type(input, named()),
            Function::Is => is_type(&input, named()),
            Function::Resolve => self.resolve(&input),
            Function::Now => text::now(self.env.now),
            Function::Today => text::today(self.env.now),
            Function::TimeOfDay => text::time_of_day(self.env.now),
            // Where a trace would go, patient data would go.
            Function::Trace => input,
            Function::HtmlChecks => {
                let safe = |item: &Item| item.as_str().is_none_or(|text| xhtml::check(text).is_ok());
                vec![Item::boolean(input.iter().all(safe))]
            }
            Function::Matches | Function::MatchesFull | Function::ReplaceMatches => self
                .matching(function, &input, arguments, context)
                .into_iter()
                .collect(),
            _ => {
                let values = arguments.iter().map(|node| self.evaluate(node, context));
                self.with_values(function, input, values.collect())
            }
        }
    }

    fn resolve(&self, input: &[Item<'a>]) -> Items<'a> {
        let container = self.env.container.unwrap_or(self.resource);
        let contained = self.contained.get_or_init(|| navigate::contained(container));
        input
            .iter()
            .filter_map(|item| navigate::resolve(item, contained))
            .collect()
    }

    fn holds(&self, arguments: &'a [Node], item: &Item<'a>, index: usize) -> bool {
        arguments
            .first()
            .is_none_or(|criterion| self.condition(criterion, Context::item(item, index)) == Some(true))
    }

    /// The items for which the criterion holds.
    fn filter(&self, input: Items<'a>, arguments: &'a [Node]) -> Items<'a> {
        let each = input.into_iter().enumerate();
        each.filter(|(index, item)| self.holds(arguments, item, *index))
            .map(|(_, item)| item)
            .collect()
    }

    fn any(&self, input: &[Item<'a>], arguments: &'a [Node]) -> bool {
        let mut each = input.iter().enumerate();
        each.any(|(index, item)| self.holds(arguments, item, index))
    }

    fn all(&self, input: &[Item<'a>], arguments: &'a [Node]) -> bool {
        let mut each = input.iter().enumerate();
        each.all(|(index, item)| self.holds(arguments, item, index))
    }

    fn select(&self, input: &[Item<'a>], arguments: &'a [Node]) -> Items<'a> {
        let each = |(index, item)| self.evaluate(&arguments[0], Context::item(item, index));
        input.iter().enumerate().flat_map(each).collect()
    }

    /// The projection of the input, of that, and so on; each value once, so that cycles end.
    fn repeat(&self, input: &[Item<'a>], arguments: &'a [Node]) -> Items<'a> {
        let (mut found, mut seen): (Items<'a>, compare::Seen) = (Vec::new(), compare::Seen::default());
        let mut next = input.to_vec();
        while !next.is_empty() && self.spend(next.len() as u64) {
            next = self.select(&next, arguments);
            next.retain(|item| seen.insert(item));
            found.extend(next.iter().cloned());
        }
        found
    }

    /// <http://hl7.org/fhirpath/N1/#aggregateaggregator-expression-init-value-value>
    fn aggregate(&self, input: &[Item<'a>], arguments: &'a [Node], context: Context<'a, '_>) -> Items<'a> {
        let initial = arguments.get(1).map(|node| self.evaluate(node, context));
        let step = |total: Items<'a>, (index, item): (usize, &Item<'a>)| {
            let context = Context {
                total: &total,
                ..Context::item(item, index)
            };
            self.evaluate(&arguments[0], context)
        };
        input.iter().enumerate().fold(initial.unwrap_or_default(), step)
    }

    /// The criterion may use `$index` and `$total` of the function around.
    fn iif(&self, input: &[Item<'a>], arguments: &'a [Node], context: Context<'a, '_>) -> Items<'a> {
        let context = Context {
            this: input,
            ..context
        };
        let branch = match self.condition(&arguments[0], context) {
            Some(true) => arguments.get(1),
            _ => arguments.get(2),
        };
        branch.map_or_else(Vec::new, |branch| self.evaluate(branch, context))
    }

    fn matching(
        &self,
        function: Function,
        input: &[Item<'a>],
        arguments: &'a [Node],
        context: Context<'a, '_>,
    ) -> Option<Item<'a>> {
        let [item] = input else { return None };
        let text = item.as_str()?;
        let pattern = match arguments.first()? {
            Node::Literal(Literal::Pattern(pattern)) => Cow::Borrowed(pattern),
            node => {
                let written = self.evaluate(node, context);
                let whole = function == Function::MatchesFull;
                Cow::Owned(Pattern::new(written.first()?.as_str()?, whole).ok()?)
            }
        };
        if !self.spend(pattern.cost(text)) {
            return None;
        }
        let Some(replacement) = arguments.get(1) else {
            return Some(Item::boolean(pattern.matches(text)));
        };
        let replacement = self.evaluate(replacement, context);
        let with = replacement.first()?.as_str()?;
        let fits = (text.len() + 1).saturating_mul(with.len() + 1) <= 16 * MAX_TEXT;
        (fits || self.spend(u64::MAX)).then(|| Item::string(pattern.replace(text, with)))
    }

    /// Functions of the input and of argument values.
    fn with_values(&self, function: Function, input: Items<'a>, values: Vec<Items<'a>>) -> Items<'a> {
        let mut values = values.into_iter();
        let Some(first) = values.next() else {
            return collection(function, input);
        };
        match function {
            Function::Extension => extensions(&input, &first),
            Function::HasExtension => vec![Item::boolean(!extensions(&input, &first).is_empty())],
            Function::Union
            | Function::Combine
            | Function::Intersect
            | Function::Exclude
            | Function::SubsetOf
            | Function::SupersetOf => combined(function, input, first),
            Function::Skip => input.into_iter().skip(index_of(&first).unwrap_or(0)).collect(),
            Function::Take => input.into_iter().take(index_of(&first).unwrap_or(0)).collect(),
            Function::Join => text::join(&input, &first),
            Function::Comparable => math::comparable(&input, &first),
            Function::Log | Function::Power | Function::Round => math::call(function, &input, &first),
            Function::ToQuantity | Function::ConvertsToQuantity => convert::call(function, &input),
            Function::Replace if !text::replace_fits(&input, &first, values.as_slice()) => {
                self.spend(u64::MAX);
                Vec::new()
            }
            _ => text::call(function, &input, &first, &values.next().unwrap_or_default()),
        }
    }
}
