//! Files of hierarchies and plans that are nearly right: nothing panics. The mutants are
//! the same every time; the fuzz targets in `fuzz/` go further.

use std::panic::{AssertUnwindSafe, catch_unwind};

use deident::Plan;

use crate::fuzzed;
use crate::transforms::every_transform;

/// Mutants of each seed.
const MUTANTS: usize = 400;

/// Pieces that files hold, and numbers at the ends of their ranges.
const PIECES: [&str; 24] = [
    ";",
    "\"",
    "\"\"",
    "*",
    "\n",
    "\r\n",
    "\u{feff}",
    "\u{0}",
    "34",
    "-1",
    "0",
    "1e308",
    "nan",
    "inf",
    "18446744073709551615",
    "9223372036854775807",
    "0.0000001",
    "true",
    "[]",
    "{}",
    "[[",
    "column",
    "é",
    "\u{301}",
];

/// Numbers that look random and are the same every time (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}

/// One to four changes: a piece put in or in place of another, a stretch left out, doubled
/// or brought from elsewhere, a number changed.
fn mutant(seed: &str, random: &mut Random) -> String {
    let mut text: Vec<char> = seed.chars().collect();
    for _ in 0..=random.below(4) {
        let start = random.below(text.len() + 1);
        let end = (start + random.below(9)).min(text.len());
        let piece: Vec<char> = PIECES[random.below(PIECES.len())].chars().collect();
        match random.below(6) {
            0 => drop(text.splice(start..start, piece)),
            1 => drop(text.splice(start..end, piece)),
            2 => drop(text.drain(start..end)),
            3 => {
                let stretch = text[start..end].to_vec();
                drop(text.splice(start..start, stretch));
            }
            4 => {
                let from = random.below(text.len() + 1);
                let stretch = text[from..(from + 12).min(text.len())].to_vec();
                drop(text.splice(start..end, stretch));
            }
            _ => {
                let digits: Vec<usize> =
                    (0..text.len()).filter(|place| text[*place].is_ascii_digit()).collect();
                if let Some(place) = digits.get(random.below(digits.len())) {
                    drop(text.splice(*place..=*place, piece));
                }
            }
        }
    }
    text.into_iter().collect()
}

fn try_mutants(seeds: &[String], read: fn(&str)) {
    let mut random = Random(0x853c_49e6_748f_ea9b);
    for seed in seeds {
        read(seed);
        for _ in 0..MUTANTS {
            let text = mutant(seed, &mut random);
            let tried = catch_unwind(AssertUnwindSafe(|| read(&text)));
            assert!(tried.is_ok(), "this file makes it panic:\n{text}");
        }
    }
}

#[test]
fn no_file_of_a_hierarchy_makes_it_panic() {
    let seeds = [
        "34;30-34;30-39;*\n37;35-39;30-39;*\n41;40-44;40-49;*\n",
        "太原;中;*\n大同;北;*\n长治;南;*\n",
        "\u{feff}\"a;b\";\"say \"\"x\"\"\";*\r\n\nc;d;*\n;;*\n",
        "a\nb\na\n",
    ];
    try_mutants(&seeds.map(str::to_owned), fuzzed::hierarchy);
}

#[test]
fn no_file_of_a_plan_makes_it_panic() {
    let mut seeds: Vec<String> = every_transform()
        .into_iter()
        .map(|transform| toml::to_string(&Plan::default().with("q", transform)).unwrap())
        .collect();
    seeds.push(crate::plans::BY_HAND.to_owned());
    let specs = [
        "{ interval = { widths = [5, 10], top = 90, bottom = 10, origin = 2 } }",
        "\"date\"",
        "\"division\"",
        "{ prefix = { steps = [4, 2] } }",
        "{ table = [[\"太原\", \"中\", \"*\"], [\"\", \"中\", \"*\"]] }",
        "\"flat\"",
    ];
    for spec in specs {
        seeds.push(format!(
            "k = 2\non_unseen = \"suppress\"\n[[criteria]]\ncolumn = \"s\"\nmodel = \"entropy_l\"\n\
             l = 1.5\n[[criteria]]\nmodel = \"sample_k_map\"\nk = 5\nfraction = 0.5\n\
             [[column]]\nname = \"q\"\ntransform = \"generalize\"\nspec = {spec}\nlevel = 1\n\
             [[column]]\nname = \"s\"\ntransform = \"keep\"\n"
        ));
    }
    try_mutants(&seeds, fuzzed::plan);
}
