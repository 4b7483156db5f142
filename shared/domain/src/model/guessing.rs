//! How much of a password an attacker must guess. A password is cut into the pieces that attackers try first
//! (common passwords, keyboard runs, counting, repetition, years) and what is left between them. Each piece has
//! a cost in bits, and the cheapest way to cut decides.

use crate::model::person::comparable;

/// Fewer bits than this are too little: it is what three unrelated common words cost, or eight random letters.
pub const ENOUGH: u32 = 30;

/// A word of the list of common passwords. The list has 2^17 entries, but people choose from the first few thousand.
const WORD: u32 = 10;
/// A word of the list that is written backwards, or with digits and signs for letters (`p4$$w0rd`).
const DISGUISED_WORD: u32 = 11;
/// One of the words of [`SHORT_WORDS`], or a year.
const SHORT_WORD: u32 = 5;
/// A run of keys, letters or digits, or one character many times.
const RUN: u32 = 4;
/// Two runs, one in the gaps of the other (`1q2w3e4r`).
const TWO_RUNS: u32 = 5;
/// A copy of an earlier part, forwards or backwards.
const COPY: u32 = 2;
/// A fact about the person, which an attacker who knows them has.
const FACT: u32 = 2;
const LETTER: u32 = 4;
const DIGIT: u32 = 3;
/// A sign behind a letter or digit that no piece holds.
const SIGN: u32 = 4;
/// A sign at the start or behind a piece, and the same sign again: it only joins or ends.
const JOINT: u32 = 1;
/// Any other character.
const RARE: u32 = 6;

/// The shortest run or fact, in characters. Two characters are too often one by chance.
const SHORTEST: usize = 3;
/// The shortest copy, in characters. Unrelated words often share four (`rocket`, `market`).
const SHORTEST_COPY: usize = 5;
/// The shortest pair of runs, in characters.
const SHORTEST_TWO_RUNS: usize = 6;

/// Rows and columns of keyboards (US, French, German), the alphabet, and ways of counting. All are also read
/// backwards.
const ROWS: [&str; 33] = [
    "abcdefghijklmnopqrstuvwxyz",
    "acegikmoqsuwy",
    "bdfhjlnprtvxz",
    "0123456789",
    "1234567890-=",
    "02468",
    "13579",
    "!@#$%^&*()_+",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertzuiop",
    "yxcvbnm",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
    "0p;/",
    "!qaz",
    "@wsx",
    "#edc",
    "$rfv",
    "147",
    "258",
    "369",
];

/// Counting beyond nine. Parts of six digits and more count as a run.
const COUNTING: &str = "12345678910111213141516171819202122232425262728293031323334353637383940";

/// Words of two and three letters that hold others together. The list of common passwords begins with four letters;
/// other short words cost their letters.
const SHORT_WORDS: &str = "am an and are at be but by can did do for get go had has he her him his i'm if in is it let me \
                           my no not of off on or our out so the to too up us was we who you";

/// How many bits an attacker must guess who knows the `facts` (in the form of [`comparable`]), but not which of
/// the usual pieces were chosen. If signs stand between most of its letters (`p.a.s.s.w.o.r.d`), the letters and digits
/// are also looked at alone.
pub fn bits(text: &str, facts: &[String]) -> u32 {
    let fold = |c: char| if c.is_alphanumeric() { comparable(&c.to_string()) } else { c.to_string() };
    let folded: Vec<char> = text.chars().map(fold).collect::<String>().chars().collect();
    let as_it_is = cheapest(&folded, facts);
    let plain: Vec<char> = comparable(text).chars().collect();
    let mut signs: Vec<char> = folded.into_iter().filter(|c| !c.is_alphanumeric()).collect();
    if signs.is_empty() || signs.len() * 3 < plain.len() {
        return as_it_is;
    }
    // The first sign only spells the words out; each other one is a choice.
    signs.sort_unstable();
    signs.dedup();
    let choices = u32::try_from(signs.len() - 1).unwrap_or(u32::MAX / 8);
    as_it_is.min(cheapest(&plain, facts) + COPY + SIGN * choices)
}

/// The fewest letters and digits that are left of a text in the form of [`comparable`] when facts are taken out
/// of it, in the way that takes out most. `None` if none of them is in it.
pub fn left_without(plain: &str, facts: &[String]) -> Option<usize> {
    let text: Vec<char> = plain.chars().collect();
    let mut left = vec![usize::MAX; text.len() + 1];
    if let Some(first) = left.first_mut() {
        *first = 0;
    }
    for at in 0..text.len() {
        let so_far = left.get(at).copied().unwrap_or(usize::MAX);
        let rest = text.get(at..).unwrap_or_default();
        let taken = lengths_of(rest, facts).map(|length| (length, so_far));
        for (length, cost) in taken.chain([(1, so_far + 1)]) {
            if let Some(best) = left.get_mut(at + length) {
                *best = cost.min(*best);
            }
        }
    }
    let left = left.last().copied().unwrap_or_default();
    (left < text.len()).then_some(left)
}

/// The length of the smallest part that, repeated, makes the text; the whole length if there is none.
pub fn unit(text: &str) -> usize {
    let text: Vec<char> = text.chars().collect();
    let repeats = |length: &usize| {
        let behind = text.iter().skip(*length);
        text.len().is_multiple_of(*length) && text.iter().zip(behind).all(|(a, b)| a == b)
    };
    (1..=text.len()).find(repeats).unwrap_or(0)
}

/// The lowest costs of the text up to one place, by what is in front of that place.
#[derive(Clone, Copy)]
struct Costs {
    /// A piece, or the start of the text.
    piece: u32,
    /// A character that had to be guessed.
    guessed: u32,
}

fn cheapest(text: &[char], facts: &[String]) -> u32 {
    let copies = copies(text);
    let mut costs = vec![Costs { piece: u32::MAX, guessed: u32::MAX }; text.len() + 1];
    if let Some(first) = costs.first_mut() {
        first.piece = 0;
    }
    for (at, &c) in text.iter().enumerate() {
        let Some(&Costs { piece, guessed }) = costs.get(at) else { break };
        let so_far = piece.min(guessed);
        let mut offer = |length: usize, cost: u32| {
            if let Some(best) = costs.get_mut(at + length) {
                best.piece = best.piece.min(cost);
            }
        };
        let rest = text.get(at..).unwrap_or_default();
        for (length, cost) in pieces(rest) {
            offer(length, so_far + cost);
        }
        for length in lengths_of(rest, facts) {
            offer(length, so_far + FACT);
        }
        for length in SHORTEST_COPY..=copies.get(at).copied().unwrap_or_default() {
            offer(length, so_far + COPY);
        }
        let is_sign = is_sign(c);
        let before = at.checked_sub(1).and_then(|before| text.get(before)).copied();
        let joins = before.is_none_or(|before| before == c || !self::is_sign(before));
        if is_sign && joins && piece < u32::MAX {
            offer(1, piece + JOINT);
        }
        let alone = match c {
            '0'..='9' => DIGIT,
            _ if is_sign => SIGN,
            _ if c.is_alphabetic() => LETTER,
            _ => RARE,
        };
        if let Some(next) = costs.get_mut(at + 1) {
            next.guessed = next.guessed.min(so_far + alone);
        }
    }
    costs.last().map_or(0, |end| end.piece.min(end.guessed))
}

const fn is_sign(c: char) -> bool {
    c.is_ascii() && !c.is_ascii_alphanumeric()
}

/// The lengths of the facts with which the text begins.
fn lengths_of<'a>(text: &'a [char], facts: &'a [String]) -> impl Iterator<Item = usize> + 'a {
    facts.iter().filter_map(|fact| {
        let length = fact.chars().count();
        let begins = length >= SHORTEST && text.get(..length)?.iter().copied().eq(fact.chars());
        begins.then_some(length)
    })
}

/// The pieces with which the text begins, as (length, bits).
fn pieces(text: &[char]) -> Vec<(usize, u32)> {
    let mut found = Vec::new();
    listed(text, &mut found);
    for word in SHORT_WORDS.split_ascii_whitespace() {
        if text.len() >= word.len() && word.chars().eq(text.iter().copied().take(word.len())) {
            found.push((word.len(), SHORT_WORD));
        }
    }
    if let [century @ ('1' | '2'), decade, tens, ones, ..] = text
        && matches!((century, decade), ('1', '9') | ('2', '0'))
        && tens.is_ascii_digit()
        && ones.is_ascii_digit()
    {
        found.push((4, SHORT_WORD));
    }
    found.extend((SHORTEST..=run(text.iter())).map(|length| (length, RUN)));
    let counts = text.first().is_some_and(char::is_ascii_digit);
    let counted = (0..if counts { COUNTING.len() } else { 0 })
        .filter_map(|from| COUNTING.get(from..))
        .map(|counting| counting.chars().zip(text).take_while(|(counted, typed)| counted == *typed).count());
    found.extend((6..=counted.max().unwrap_or(0)).map(|length| (length, RUN)));
    let (even, odd) = (run(text.iter().step_by(2)), run(text.iter().skip(1).step_by(2)));
    let both = (2 * even).min(2 * odd + 1);
    found.extend((SHORTEST_TWO_RUNS..=both).map(|length| (length, TWO_RUNS)));
    found
}

/// The length of the longest run at the start: along a row, forwards or backwards, or of one character.
fn run<'a>(text: impl Iterator<Item = &'a char> + Clone) -> usize {
    let mut text = text.peekable();
    let Some(&&first) = text.peek() else { return 0 };
    let along = |row: &mut dyn Iterator<Item = char>| {
        row.skip_while(|c| *c != first).zip(text.clone()).take_while(|(row, typed)| row == *typed).count()
    };
    let rows = ROWS.iter().map(|row| along(&mut row.chars()).max(along(&mut row.chars().rev())));
    let same = text.clone().take_while(|c| **c == first).count();
    rows.max().unwrap_or(0).max(same)
}

/// The words of the list with which the text begins, also backwards, and also where a digit or a sign stands for
/// a letter.
fn listed(text: &[char], found: &mut Vec<(usize, u32)>) {
    let Some(list) = list() else { return };
    let list = list.as_fst();
    // (the node of the list, characters read so far, whether one of them stood for a letter, and whether one was a letter)
    let mut open = vec![(list.root(), 0, false, false)];
    while let Some((node, read, disguised, letters)) = open.pop() {
        if node.is_final() && (letters || !disguised) {
            found.push((read, if disguised { DISGUISED_WORD } else { WORD }));
        }
        let Some(&c) = text.get(read) else { continue };
        let mut step = |letter: char, disguised: bool| {
            let mut buffer = [0; 4];
            let next = letter.encode_utf8(&mut buffer).bytes().try_fold(node, |node, byte| {
                node.find_input(byte).map(|input| list.node(node.transition_addr(input)))
            });
            open.extend(next.map(|next| (next, read + 1, disguised, letters || c.is_alphabetic())));
        };
        step(c, disguised);
        for letter in stands_for(c).chars() {
            step(letter, true);
        }
    }
    // A list that is read backwards would be a second list. Words are few and short, so try each length.
    for length in 4..=text.len().min(12) {
        let reversed: String = text.iter().take(length).rev().collect();
        if list.get(&reversed).is_some() {
            found.push((length, DISGUISED_WORD));
        }
    }
}

/// The letters that a digit or a sign stands for.
const fn stands_for(c: char) -> &'static str {
    match c {
        '0' => "o",
        '1' | '!' | '|' => "il",
        '3' => "e",
        '4' | '@' => "a",
        '5' | '$' => "s",
        '7' | '+' => "t",
        '8' => "b",
        '9' => "g",
        _ => "",
    }
}

/// For each place, how many characters from there on are a copy of what began earlier, forwards or backwards.
fn copies(text: &[char]) -> Vec<usize> {
    let mut longest = vec![0; text.len()];
    // `same[k]` is how long the text from here on equals the text from `k` on, and `mirrored[k + 1]` how long it equals
    // the text that is read from `k` to the front.
    let mut same = vec![0; text.len() + 1];
    let mut mirrored = vec![0; text.len() + 1];
    for (at, c) in text.iter().enumerate().rev() {
        let mut best = 0;
        for (earlier, other) in text.iter().enumerate() {
            let behind = same.get(earlier + 1).copied().unwrap_or(0);
            if let Some(length) = same.get_mut(earlier) {
                *length = if c == other { behind + 1 } else { 0 };
                if earlier < at {
                    best = best.max(*length);
                }
            }
        }
        for (earlier, other) in text.iter().enumerate().rev() {
            let before = mirrored.get(earlier).copied().unwrap_or(0);
            if let Some(length) = mirrored.get_mut(earlier + 1) {
                *length = if c == other { before + 1 } else { 0 };
                if earlier < at {
                    best = best.max(*length);
                }
            }
        }
        if let Some(length) = longest.get_mut(at) {
            *length = best;
        }
    }
    longest
}

/// More than 100,000 of the passwords that appear most often in leaks, in lower case. `None` if the built set
/// can't be read.
pub fn list() -> Option<fst::Set<&'static [u8]>> {
    static LIST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/common-passwords.fst"));
    fst::Set::new(LIST).ok()
}
