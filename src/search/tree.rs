//! A search, understood: terms, and how they hang together. Its text is canonical: it reads back as the same tree.

use std::fmt;

use super::field::{Field, FieldShape};
use super::number::{NumberRange, number};
use super::when::When;
use super::{term, write};
use crate::model::List;

/// Terms and groups. Groups hold two parts or more, none of their own sort.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    All(Vec<Self>),
    Any(Vec<Self>),
    /// Must not fit; never of another one of these.
    Not(Box<Self>),
    Leaf(Leaf),
}

/// A term: what is looked for, and where; without a field in all that plain words look in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    pub field: Option<Field>,
    pub value: SoughtValue,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SoughtValue {
    /// These words, one after the other. Begins and ends with a word's letters.
    Words {
        text: String,
        is_quoted: bool,
        /// Whether the last word may go on: `*`.
        is_open: bool,
    },
    /// The whole value, but for case and accents.
    Whole {
        text: String,
        /// Whether it may go on: `*`.
        is_open: bool,
    },
    /// The whole value as it is.
    Exact(String),
    /// A hash of 16 hexadecimal digits.
    Hash(String),
    /// A word that the field knows.
    Choice(&'static str),
    Number(NumberRange),
    When(When),
}

impl Tree {
    /// `None` of no part; the part itself of one.
    pub fn all(parts: Vec<Self>) -> Option<Self> {
        let mut all = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All(parts) => all.extend(parts),
                part => all.push(part),
            }
        }
        if all.len() < 2 { all.pop() } else { Some(Self::All(all)) }
    }

    /// Either of the two.
    pub fn any(left: Self, right: Self) -> Self {
        let mut any = Vec::new();
        for part in [left, right] {
            match part {
                Self::Any(parts) => any.extend(parts),
                part => any.push(part),
            }
        }
        Self::Any(any)
    }

    pub fn not(part: Self) -> Self {
        match part {
            Self::Not(part) => *part,
            part => Self::Not(Box::new(part)),
        }
    }

    /// Its terms in order, and whether each is excluded.
    pub fn leaves<'t>(&'t self, each: &mut impl FnMut(&'t Leaf, bool)) {
        self.walk(false, each);
    }

    fn walk<'t>(&'t self, is_excluded: bool, each: &mut impl FnMut(&'t Leaf, bool)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.walk(is_excluded, each)),
            Self::Not(part) => part.walk(!is_excluded, each),
            Self::Leaf(leaf) => each(leaf, is_excluded),
        }
    }

    /// Its terms in order and for change, without the excluded ones.
    pub fn wanted_leaves_mut(&mut self) -> Vec<&mut Leaf> {
        let mut leaves = Vec::new();
        self.walk_mut(false, &mut leaves);
        leaves
    }

    fn walk_mut<'t>(&'t mut self, is_excluded: bool, leaves: &mut Vec<&'t mut Leaf>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter_mut().for_each(|part| part.walk_mut(is_excluded, leaves)),
            Self::Not(part) => part.walk_mut(!is_excluded, leaves),
            Self::Leaf(leaf) if !is_excluded => leaves.push(leaf),
            Self::Leaf(_) => {}
        }
    }
}

impl Leaf {
    /// The whole value that it asks for, and the list that has it.
    pub fn whole_value(&self) -> Option<(List, String)> {
        let field = self.field?;
        match &self.value {
            SoughtValue::Exact(text) | SoughtValue::Whole { text, is_open: false } => {
                Some((field.values()?, text.clone()))
            }
            SoughtValue::Hash(digits) => Some((field.hashes()?, digits.clone())),
            SoughtValue::Choice(word) => Some((field.choice_list()?, term::of_choice(field, word).to_owned())),
            SoughtValue::Number(NumberRange::Is(number)) => Some((field.values()?, number.to_string())),
            _ => None,
        }
    }

    /// The term that asks for this very value of a list. Of lists that no field knows, the words of the value.
    pub fn exact(list: List, value: &str) -> Self {
        let field = Field::ALL
            .iter()
            .copied()
            .find(|field| field.values() == Some(list) || field.hashes() == Some(list) || field.words() == Some(list));
        field.and_then(|field| Self::exact_of(field, list, value)).or_else(|| Self::chosen(list, value)).unwrap_or_else(
            || {
                let value = SoughtValue::Words { text: value.to_owned(), is_quoted: true, is_open: false };
                Self { field, value }
            },
        )
    }

    fn exact_of(field: Field, list: List, value: &str) -> Option<Self> {
        let text = value.to_owned();
        let value = match field.shape() {
            FieldShape::Words(..) if field.hashes() == Some(list) => SoughtValue::Hash(text),
            FieldShape::Words(_, values) if values == Some(list) => SoughtValue::Exact(text),
            FieldShape::Whole(_) => SoughtValue::Whole { text, is_open: false },
            FieldShape::Number(_) => SoughtValue::Number(NumberRange::Is(number(value)?)),
            _ => return None,
        };
        Some(Self { field: Some(field), value })
    }

    fn chosen(list: List, value: &str) -> Option<Self> {
        let fields = Field::ALL.iter().copied().filter(|field| field.choice_list() == Some(list));
        fields.into_iter().find_map(|field| {
            let word = field.choices().iter().find(|word| term::of_choice(field, word) == value)?;
            Some(Self { field: Some(field), value: SoughtValue::Choice(word) })
        })
    }
}

/// The canonical text of terms that must all fit.
pub(super) fn canonical(terms: &[Tree]) -> String {
    terms.iter().map(Tree::to_string).collect::<Vec<_>>().join(" ")
}

/// Terms with spaces between them: what must all fit.
pub(super) fn write_all(parts: &[Tree], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        write!(f, "{}{part}", if at == 0 { "" } else { " " })?;
    }
    Ok(())
}

impl fmt::Display for Tree {
    /// As it stands among others that must fit: `OR` binds closer than they do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => write_all(parts, f),
            Self::Any(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    write!(f, "{}{}", if at == 0 { "" } else { " OR " }, Inner(part))?;
                }
                Ok(())
            }
            Self::Not(part) if matches!(**part, Self::Any(_)) => write!(f, "-({part})"),
            Self::Not(part) => write!(f, "-{}", Inner(part)),
            Self::Leaf(leaf) => leaf.fmt(f),
        }
    }
}

/// As it stands beside `OR`, or behind a `-`.
struct Inner<'a>(&'a Tree);

impl fmt::Display for Inner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Tree::All(_) => write!(f, "({})", self.0),
            tree => tree.fmt(f),
        }
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = self.field {
            write!(f, "{field}:")?;
        }
        let star = |is_open: bool| if is_open { "*" } else { "" };
        match &self.value {
            SoughtValue::Words { text, is_quoted: true, is_open } => {
                write::quoted(text, f)?;
                f.write_str(star(*is_open))
            }
            SoughtValue::Words { text, is_quoted: false, is_open } => {
                write::bare(text, self.field.is_none(), f)?;
                f.write_str(star(*is_open))
            }
            SoughtValue::Whole { text, is_open } => {
                write::value(text, f)?;
                f.write_str(star(*is_open))
            }
            SoughtValue::Exact(text) => {
                f.write_str("=")?;
                write::value(text, f)
            }
            SoughtValue::Hash(digits) => write!(f, "#{digits}"),
            SoughtValue::Choice(word) => f.write_str(word),
            SoughtValue::Number(span) => span.fmt(f),
            SoughtValue::When(when) => when.fmt(f),
        }
    }
}
