//! Reads the cells of a baseline from JSON: an exact count is a number, any other is a range.
//!
//! Stricter than a derived reader: duplicate names, as after a careless merge, empty objects, phases without units and
//! reversed ranges are errors.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

use super::{Agreed, Count};

/// Reads the phases of each cell.
pub(super) fn cells<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, BTreeMap<String, Agreed>>, D::Error> {
    let cells = Unique::<Unique<Agreed>>::deserialize(deserializer)?;
    Ok(cells.0.into_iter().map(|(cell, phases)| (cell, phases.0)).collect())
}

/// An object with at least one member, without duplicate or empty names.
struct Unique<T>(BTreeMap<String, T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Unique<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Unique<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with at least one member")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Unique<T>, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(name) = access.next_key::<String>()? {
            if name.is_empty() {
                return Err(de::Error::custom("a member without a name"));
            }
            if members.contains_key(&name) {
                return Err(de::Error::custom(format_args!("`{name}` stands twice")));
            }
            let value = access.next_value()?;
            members.insert(name, value);
        }
        if members.is_empty() {
            return Err(de::Error::custom("an empty object: nothing could be compared with it"));
        }
        Ok(Unique(members))
    }
}

/// A phase in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<C> {
    units: u64,
    unit: String,
    counts: C,
}

impl<'de> Deserialize<'de> for Agreed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { units, unit, counts } = Written::<Unique<Count>>::deserialize(deserializer)?;
        if units == 0 {
            return Err(de::Error::custom("a phase of 0 units: nothing happened in it"));
        }
        Ok(Agreed { units, unit_name: unit, counts: counts.0 })
    }
}

/// The range of a count that was not exact.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    low: u64,
    high: u64,
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number from 0, or { \"low\": …, \"high\": … }")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Count, E> {
        Ok(Count { low: value, high: value })
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Count, A::Error> {
        let Range { low, high } = Range::deserialize(de::value::MapAccessDeserializer::new(access))?;
        if low >= high {
            return Err(de::Error::custom(format_args!("low {low} is not below high {high}")));
        }
        Ok(Count { low, high })
    }
}
