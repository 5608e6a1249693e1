//! Which rows a candidate leaves out so that no small group can be told apart (变动少的行
//! 不予发布).
//!
//! ```text
//! class of the earlier release      what becomes of it with the candidate
//!   A: 40 persons               ─┬─▶ A again: 35           stays
//!                                ├─▶ B: 4 (they moved)     left out: gone with the others
//!                                └─▶ gone: 1               4 + 1 < 20, so 15 more of A are left out
//! new persons in C: 3           ───────────────────────    left out: nobody ever saw them
//! ```
//!
//! Which of the class go is drawn at random: rows that are gone by themselves are hidden
//! among those that are left out. A class that does not suffice is left out whole.
//!
//! What comes out is held against the earlier releases anew, so that a mistake here leads
//! to a refusal and to no release.

use std::collections::HashMap;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::joined::{Forms, Group, Secret, Sight, Told, alone};

/// How many rows of a group are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Quota {
    /// Rows of the group that were not yet offered.
    of: u64,
    /// How many of them are still to be taken.
    take: u64,
}

/// Rows that are chosen while they pass by.
#[derive(Debug)]
pub(super) struct Choice {
    quotas: HashMap<Sight, Quota>,
    places: Vec<u64>,
    /// Seeded with a secret: who could draw again would know who is gone.
    rng: StdRng,
}

impl Choice {
    /// What must be left out of these groups, so that each has the rows that are required
    /// and tells no sensitive value; `None` if nothing must.
    pub(super) fn of(
        groups: &HashMap<Sight, Group>,
        sensitive: &[Secret],
        whole: &Group,
        required: u64,
        rng: StdRng,
    ) -> Option<Self> {
        let before = alone(groups, sensitive);
        let mut choice = Self { quotas: HashMap::new(), places: Vec::new(), rng };
        let mut classes: HashMap<&Forms, Class<'_>> = HashMap::new();
        for (sight, group) in groups {
            let alone = sight.0.as_ref().and_then(|then| before.get(then));
            let tells = tells(group, alone, whole);
            let was_small = alone.is_some_and(|alone| alone.rows < required);
            let is_bad = tells || group.rows < required && !was_small;
            match sight {
                (None, _) => {
                    if is_bad {
                        choice.leave_out(sight, group.rows, group.rows);
                    }
                }
                (Some(then), now) => {
                    let class = classes.entry(then).or_default();
                    class.was_small = was_small;
                    if now.is_none() {
                        class.gone.add(group.rows, group.values.iter().cloned());
                    } else if is_bad {
                        choice.leave_out(sight, group.rows, group.rows);
                        class.take_all(group, sensitive);
                    } else {
                        class.kept.push((sight, group));
                    }
                }
            }
        }
        for (then, mut class) in classes {
            // The largest first: of it the fewest are missed.
            class.kept.sort_by_key(|(sight, group)| (group.rows, *sight));
            while class.gone.rows > 0
                && (class.gone.rows < required && !class.was_small
                    || tells(&class.gone, before.get(then), whole))
            {
                let Some((sight, group)) = class.kept.pop() else { break };
                let short = required.saturating_sub(class.gone.rows).max(1);
                let spare = group.rows.saturating_sub(required);
                if short <= spare {
                    choice.leave_out(sight, short, group.rows);
                    class.gone.add(short, shown_then(group, sensitive));
                    break;
                }
                choice.leave_out(sight, group.rows, group.rows);
                class.take_all(group, sensitive);
            }
        }
        (!choice.quotas.is_empty()).then_some(choice)
    }

    fn leave_out(&mut self, sight: &Sight, take: u64, of: u64) {
        self.quotas.insert(sight.clone(), Quota { of, take });
    }

    /// Offers the next row, by its place; whether it is chosen is drawn.
    ///
    /// Source: selection sampling, Knuth, TAOCP 3.4.2, algorithm S.
    pub(super) fn offer(&mut self, sight: &Sight, place: u64) {
        let Some(quota) = self.quotas.get_mut(sight) else { return };
        if quota.take > 0 && self.rng.random_range(0..quota.of.max(1)) < quota.take {
            quota.take -= 1;
            self.places.push(place);
        }
        quota.of = quota.of.saturating_sub(1);
    }

    /// The places of the rows that were chosen.
    pub(super) fn into_places(self) -> Vec<u64> {
        self.places
    }
}

/// A class of the earlier release.
#[derive(Debug, Default)]
struct Class<'a> {
    /// It was too small already.
    was_small: bool,
    /// What the candidate does not show of it.
    gone: Group,
    /// What it shows of it, in groups.
    kept: Vec<(&'a Sight, &'a Group)>,
}

impl Class<'_> {
    fn take_all(&mut self, group: &Group, sensitive: &[Secret]) {
        self.gone.add(group.rows, shown_then(group, sensitive));
    }
}

/// What the earlier release alone shows of a group.
fn shown_then(group: &Group, sensitive: &[Secret]) -> impl Iterator<Item = Told> {
    let shown = sensitive.iter().zip(&group.values);
    let shown =
        shown.map(|(secret, told)| if secret.by_then { told.clone() } else { Told::Nothing });
    shown.collect::<Vec<_>>().into_iter()
}

/// Whether a group tells a sensitive value that the earlier release did not tell alone.
pub(super) fn tells(group: &Group, alone: Option<&Group>, whole: &Group) -> bool {
    (0..whole.values.len()).any(|place| tells_column(group, alone, whole, place))
}

/// As [`tells`], for one sensitive column.
pub(super) fn tells_column(
    group: &Group,
    alone: Option<&Group>,
    whole: &Group,
    place: usize,
) -> bool {
    let told = |of: &Group| matches!(of.values.get(place), Some(Told::One(_)));
    whole.values.get(place) == Some(&Told::Several) && told(group) && !alone.is_some_and(told)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;

    use super::*;

    fn dice() -> StdRng {
        StdRng::seed_from_u64(20_261_201)
    }

    fn sight(then: Option<u8>, now: Option<u8>) -> Sight {
        let forms = |class: u8| vec![Some(class.to_string())];
        (then.map(forms), now.map(forms))
    }

    /// What an observer can tell apart once the chosen rows are left out.
    fn after(groups: &HashMap<Sight, Group>, choice: &Choice) -> HashMap<Sight, u64> {
        let mut left: HashMap<Sight, u64> = HashMap::new();
        for (sight, group) in groups {
            let take = choice.quotas.get(sight).map_or(0, |quota| quota.take);
            *left.entry(sight.clone()).or_default() += group.rows - take;
            if sight.0.is_some() {
                *left.entry((sight.0.clone(), None)).or_default() += take;
            }
        }
        left.retain(|_, rows| *rows > 0);
        left
    }

    proptest! {
        #[test]
        fn every_group_is_large_enough_afterwards(
            rows in prop::collection::vec((prop::option::of(0..6_u8), prop::option::of(0..6_u8), 1..30_u64), 1..30),
            required in 1..12_u64,
        ) {
            let mut groups: HashMap<Sight, Group> = HashMap::new();
            for (then, now, rows) in rows.into_iter().filter(|row| row.0.is_some() || row.1.is_some()) {
                groups.entry(sight(then, now)).or_default().rows += rows;
            }
            let choice = Choice::of(&groups, &[], &Group::default(), required, dice());
            let none = Choice { quotas: HashMap::new(), places: Vec::new(), rng: dice() };
            let left = after(&groups, choice.as_ref().unwrap_or(&none));
            let before = alone(&groups, &[]);
            for (sight, rows) in left {
                let was_small = sight.0.as_ref().is_some_and(|then| before[then].rows < required);
                prop_assert!(rows >= required || was_small, "{sight:?} {rows}");
            }
        }

        #[test]
        fn as_many_rows_are_chosen_as_must_be(of in 1..200_u64, tenths in 0..11_u64) {
            let take = of * tenths / 10;
            let seen = sight(Some(1), Some(2));
            let quotas = HashMap::from([(seen.clone(), Quota { of, take })]);
            let mut choice = Choice { quotas, places: Vec::new(), rng: dice() };
            for place in 0..of {
                choice.offer(&seen, place);
                choice.offer(&sight(Some(1), Some(3)), place);
            }
            prop_assert_eq!(choice.into_places().len() as u64, take);
        }
    }
}
