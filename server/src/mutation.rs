//! Damage for the property tests: what is one step away from a text that is good.

use proptest::prelude::*;
use proptest::sample::Index;

/// One step.
#[derive(Clone, Debug)]
pub enum Mutation {
    Replace(Index, char),
    Insert(Index, char),
    Remove(Index),
    Swap(Index, Index),
    Cut(Index),
    Double,
}

impl Mutation {
    /// Any of them. The characters are mostly those that mean something to one of our formats.
    pub fn any() -> impl Strategy<Value = Self> {
        let character = || prop_oneof![8 => "[A-Za-z0-9+/=_.:%\" ,;$-]".prop_map(|text| text.chars().next().unwrap()), 1 => any::<char>()];
        prop_oneof![
            6 => (any::<Index>(), character()).prop_map(|(at, new)| Self::Replace(at, new)),
            3 => (any::<Index>(), character()).prop_map(|(at, new)| Self::Insert(at, new)),
            3 => any::<Index>().prop_map(Self::Remove),
            3 => any::<(Index, Index)>().prop_map(|(one, other)| Self::Swap(one, other)),
            1 => any::<Index>().prop_map(Self::Cut),
            1 => Just(Self::Double),
        ]
    }

    /// The text after it; sometimes the same as before.
    pub fn of(&self, text: &str) -> String {
        let mut all: Vec<char> = text.chars().collect();
        match self {
            Self::Replace(at, new) => all[at.index(text.chars().count())] = *new,
            Self::Insert(at, new) => all.insert(at.index(text.chars().count() + 1), *new),
            Self::Remove(at) => drop(all.remove(at.index(text.chars().count()))),
            Self::Swap(one, other) => all.swap(one.index(text.chars().count()), other.index(text.chars().count())),
            Self::Cut(at) => all.truncate(at.index(text.chars().count())),
            Self::Double => all.extend_from_within(..),
        }
        all.into_iter().collect()
    }
}
