//! From a search to look-ups in the index.

use super::clock::DayClock;
use super::field::{Field, FieldShape};
use super::number::NumberRange;
use super::script::{WordPart, part};
use super::term::{self, sortable};
use super::tree::{Leaf, SoughtValue, Tree};
use super::when::When;
use crate::model::{List, Timestamp, Want};

/// Where plain words are looked for.
pub(super) const PLAIN: [Field; 7] =
    [Field::Prompt, Field::Model, Field::Lora, Field::Workflow, Field::File, Field::Text, Field::Error];

/// The look-ups that find a search.
pub(super) fn want(terms: &[Tree], clock: &dyn DayClock) -> Want {
    all(opened(terms).iter().map(|term| of_tree(term, clock)).collect())
}

/// The terms as they are meant while someone types: the last plain word may be incomplete, unless it is in quotes or
/// excluded.
pub(super) fn opened(terms: &[Tree]) -> Vec<Tree> {
    let mut terms = terms.to_vec();
    let plain = terms.iter_mut().flat_map(Tree::wanted_leaves_mut).filter(|leaf| leaf.field.is_none());
    if let Some(Leaf { value: SoughtValue::Words { is_open, is_quoted: false, .. }, .. }) = plain.last() {
        *is_open = true;
    }
    terms
}

fn of_tree(tree: &Tree, clock: &dyn DayClock) -> Want {
    match tree {
        Tree::All(parts) => all(parts.iter().map(|part| of_tree(part, clock)).collect()),
        Tree::Any(parts) => any(parts.iter().map(|part| of_tree(part, clock)).collect()),
        Tree::Not(part) => Want::Not(Box::new(of_tree(part, clock))),
        Tree::Leaf(leaf) => of_leaf(leaf, clock),
    }
}

fn of_leaf(leaf: &Leaf, clock: &dyn DayClock) -> Want {
    let nothing = || Want::Any(Vec::new());
    let Some(field) = leaf.field else {
        let lists = PLAIN.iter().filter_map(|field| field.words());
        return any(lists.map(|list| of_words(list, leaf)).collect());
    };
    match (&leaf.value, field.shape()) {
        (SoughtValue::Words { .. }, FieldShape::Words(list, _)) => of_words(list, leaf),
        (SoughtValue::Exact(text), _) if field == Field::Workflow => any(vec![
            Want::Term(List::Workflow, term::of_value(text)),
            Want::Term(List::WorkflowId, term::of_code(text)),
        ]),
        (SoughtValue::Exact(text), _) => {
            field.values().map_or_else(nothing, |list| Want::Term(list, term::of_value(text)))
        }
        (SoughtValue::Whole { text, is_open }, FieldShape::Whole(List::Instance)) => {
            let name = term::of_code(&text.to_lowercase());
            if *is_open { Want::Prefix(List::Instance, name) } else { Want::Term(List::Instance, name) }
        }
        (SoughtValue::Whole { text, is_open }, FieldShape::Whole(list)) => {
            Want::Prefix(list, term::of_folded(text, !*is_open))
        }
        (SoughtValue::Hash(digits), _) => {
            field.hashes().map_or_else(nothing, |list| Want::Term(list, term::of_code(digits)))
        }
        (SoughtValue::Choice(word), _) => {
            let bytes = term::of_code(term::of_choice(field, word));
            field.choice_list().map_or_else(nothing, |list| Want::Term(list, bytes))
        }
        (SoughtValue::Number(span), FieldShape::Number(list)) => of_span(list, *span),
        (SoughtValue::When(when), _) => of_when(field, *when, clock),
        _ => nothing(),
    }
}

/// The words that are looked for, and whether the last one may go on. Behind a field it may, unless it is in quotes.
pub(super) fn sought(list: List, leaf: &Leaf) -> (Vec<String>, bool) {
    let SoughtValue::Words { text, is_quoted, is_open } = &leaf.value else { return (Vec::new(), false) };
    let name = match list {
        List::ModelWords | List::LoraWords => term::without_ending(text),
        _ => text,
    };
    let mut words = term::words(name);
    if words.is_empty() {
        words = term::words(text);
    }
    let goes_on = |word: &String| word.chars().next().is_some_and(|c| part(c) != WordPart::Lone);
    let is_open = (*is_open || (leaf.field.is_some() && !is_quoted)) && words.last().is_some_and(goes_on);
    (words, is_open)
}

fn of_words(list: List, leaf: &Leaf) -> Want {
    let (words, is_open) = sought(list, leaf);
    let mut words: Vec<Vec<u8>> = words.into_iter().map(String::into_bytes).collect();
    match words.pop() {
        Some(word) if words.is_empty() && is_open => Want::Prefix(list, word),
        Some(word) if words.is_empty() => Want::Term(list, word),
        last => {
            words.extend(last);
            Want::Phrase { list, words, is_open }
        }
    }
}

fn of_span(list: List, span: NumberRange) -> Want {
    let range =
        |from: f64, to: Option<f64>| Want::Range(list, sortable(from).to_vec(), to.map(|to| sortable(to).to_vec()));
    match span {
        // A page shows whole seconds, or tenths of short ones.
        NumberRange::Is(number) if list == List::Duration => {
            range(number, Some(number + if number.fract() == 0.0 { 1.0 } else { 0.1 }))
        }
        NumberRange::Is(number) => Want::Term(list, sortable(number).to_vec()),
        NumberRange::Over(number) => range(number.next_up(), None),
        NumberRange::AtLeast(number) => range(number, None),
        NumberRange::Under(number) => range(f64::NEG_INFINITY, Some(number)),
        NumberRange::AtMost(number) => range(f64::NEG_INFINITY, Some(number.next_up())),
        NumberRange::Between(from, to) => range(from, Some(to.next_up())),
    }
}

fn of_when(field: Field, when: When, clock: &dyn DayClock) -> Want {
    match field {
        Field::Before => Want::Created(Timestamp::from_millis(0), when.around(clock).0),
        Field::After => Want::Created(when.around(clock).1, Timestamp::bound(i64::MAX)),
        _ => {
            let (from, until) = when.during(clock);
            Want::Created(from, until)
        }
    }
}

fn all(wants: Vec<Want>) -> Want {
    let mut flat = Vec::with_capacity(wants.len());
    for want in wants {
        match want {
            Want::All(wants) => flat.extend(wants),
            want => flat.push(want),
        }
    }
    single(flat).unwrap_or_else(Want::All)
}

fn any(wants: Vec<Want>) -> Want {
    let mut flat = Vec::with_capacity(wants.len());
    for want in wants {
        match want {
            Want::Any(wants) => flat.extend(wants),
            want => flat.push(want),
        }
    }
    single(flat).unwrap_or_else(Want::Any)
}

/// The one want; all of them where it isn't one.
fn single(mut wants: Vec<Want>) -> Result<Want, Vec<Want>> {
    match wants.pop() {
        Some(want) if wants.is_empty() => Ok(want),
        last => {
            wants.extend(last);
            Err(wants)
        }
    }
}
