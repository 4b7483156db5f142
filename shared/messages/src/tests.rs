//! Snapshots of what patients see, and the rules that every message keeps.

use crate::sample::samples;
use crate::*;
use std::fmt::Write as _;

/// 2026-11-24 17:45:30 in New York.
const EXPIRY: i64 = 1_795_560_330_000;
const TOKEN: &str = "AbcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR";

/// The rules of mails for dark screens.
const DARK: &str = "@media (prefers-color-scheme: dark) {\n.wash { background-color: #0d1014 !important; }\n.sheet { background-color: #171c22 !important; border-color: #84909b !important; }\n.ink { color: #f0f3f6 !important; }\n.soft { color: #b8c2cc !important; border-color: #84909b !important; }\n.link { color: #8cc2ff !important; }\n}";

const PRACTICE: Practice<'static> = Practice {
    name: "Green Valley Family Medicine",
    phone: "+12025550123",
    time_zone: "America/New_York",
    accent_color: None,
    logo: None,
    invitation_note: None,
    portal: "https://portal.example.org/green-valley",
    takes_replies: false,
};

fn messages(link: &str, sign_in: &str, given_name: Option<&str>) -> [(&'static str, Message); 34] {
    samples(link, sign_in, given_name, EXPIRY, "12 River Road, Springfield, MA 01101")
}

fn link(language: Language) -> String {
    match language {
        Language::English => format!("https://portal.example.org/i/{TOKEN}"),
        Language::Spanish => format!("https://portal.example.org/i/{TOKEN}?lang=es"),
    }
}

#[test]
fn e_mails_read_well() {
    for language in Language::ALL {
        let link = link(language);
        for (name, message) in messages(&link, "https://portal.example.org/green-valley", Some("Ana")) {
            let mail = email(&message, &PRACTICE, language);
            insta::assert_snapshot!(
                format!("email_{name}_{}", language.tag()),
                format!("Subject: {}\n\n{}", mail.subject, mail.text)
            );
        }
    }
}

#[test]
fn the_html_part_reads_well() {
    let link = link(Language::Spanish);
    let [(_, invitation), ..] = messages(&link, "", Some("Ana"));
    insta::assert_snapshot!("html_invitation_es", email(&invitation, &PRACTICE, Language::Spanish).html);
    let code = Message::Code { code: "042917".to_owned(), minutes: 10 };
    let [_, _, (_, automatic), ..] = messages(&link, "", Some("Ana"));
    insta::assert_snapshot!("html_automatic_es", email(&automatic, &PRACTICE, Language::Spanish).html);
    insta::assert_snapshot!("html_code_en", email(&code, &PRACTICE, Language::English).html);
    let usernames = Message::Usernames {
        usernames: ["ana.lopez@example.com", "j<i>m"].map(str::to_owned).to_vec(),
        sign_in: "https://x.example/p".to_owned(),
    };
    insta::assert_snapshot!("html_usernames_en", email(&usernames, &PRACTICE, Language::English).html);
}

#[test]
fn calls_sound_well() {
    let mut all = String::new();
    for language in Language::ALL {
        writeln!(all, "{}\n", voice_code("042917", PRACTICE.name, language)).unwrap();
    }
    insta::assert_snapshot!("calls", all);
}

#[test]
fn a_call_holds_no_mark_that_it_did_not_set() {
    for language in Language::ALL {
        let said = voice_code("<&", "Smith & <b>Sons</b>\u{ffff}\u{7} \"'", language);
        assert!(said.contains("Smith &amp; &lt;b&gt;Sons&lt;/b&gt; &quot;&apos;"), "{said}");
        assert!(said.contains("<say-as interpret-as=\"digits\">&lt;&amp;</say-as>"), "{said}");
        assert!(!voice_code("1", " \n", language).contains(" ,"));
    }
}

#[test]
fn texts_read_well() {
    for language in Language::ALL {
        let link = link(language);
        let mut all = String::new();
        for given_name in [Some("José"), None] {
            for (name, message) in messages(&link, "https://portal.example.org/green-valley", given_name) {
                let text = text(&message, &PRACTICE, language);
                let length = septets(&text).unwrap();
                writeln!(all, "{name} ({length})\n{text}\n").unwrap();
            }
        }
        insta::assert_snapshot!(format!("texts_{}", language.tag()), all);
    }
}

#[test]
fn every_text_is_one_segment_with_its_link_and_expiry_whole() {
    let long_host = "https://portal.example-family-practice.org";
    let names = [
        "A",
        "Green Valley Family Medicine",
        "Saint Francis Community Health & Family Medicine of New York",
        "Clínica Pediátrica “Señor de los Ángeles” – Peñíscola y Ávila",
        "Clínicas ÁÍÓÚáíóú ñÑ ¿¡ {}[]~^|\\€ {}[]~^|\\€ {}[]~^|\\€ {}[]~^",
        "Pneumonoultramicroscopicsilicovolcanoconiosispneumonoultramic",
        "医療センター",
        "",
        " \n Line\r\nBreak \t Practice\u{7} ",
    ];
    let given_names = [
        None,
        Some("Ana"),
        Some("José María"),
        Some("Jose\u{301}"),
        Some("小明"),
        Some("Wolfeschlegelsteinhausenbergerdorff-Anna"),
    ];
    let zones = ["America/New_York", "Australia/Sydney", "Asia/Kolkata", "Pacific/Chatham", "Nowhere/None"];
    for language in Language::ALL {
        let links = [link(language), format!("{long_host}/i/{TOKEN}?lang=es")];
        for link in &links {
            for name in names {
                for given_name in given_names {
                    for time_zone in zones {
                        for millis in [EXPIRY, 1_799_900_000_000, 1_795_600_000_000] {
                            let practice = Practice { name, time_zone, ..PRACTICE };
                            let sign_in = format!("{long_host}/a-short-name-of-forty-characters-or-so-ok");
                            for (kind, mut message) in messages(link, &sign_in, given_name) {
                                let mut linked = false;
                                let automatic = matches!(message, Message::AutomaticInvitation { .. });
                                if let Message::Invitation { expires_at_millis, .. }
                                | Message::AutomaticInvitation { expires_at_millis, .. }
                                | Message::VerifyAgain { expires_at_millis, .. }
                                | Message::Reset { expires_at_millis, .. } = &mut message
                                {
                                    *expires_at_millis = millis;
                                    linked = true;
                                }
                                let text = text(&message, &practice, language);
                                let length = septets(&text).expect(&text);
                                let invites = automatic || matches!(message, Message::Invitation { .. });
                                let most = if invites { TWO_SEGMENTS } else { SEGMENT };
                                assert!(length <= most, "{kind}: {length}: {text}");
                                assert!(!invites || text.contains("STOP"), "{text}");
                                let breaks = text.matches('\n').count();
                                let is_code =
                                    matches!(message, Message::Code { .. } | Message::ConfirmEmail { .. });
                                assert!(!text.contains("  ") && breaks == usize::from(is_code), "{text:?}");
                                if linked {
                                    assert!(format!("{text} ").contains(&format!(" {link} ")), "{text}");
                                    let until = time::short_time(millis, time_zone, language);
                                    let until = until.replace('á', "a");
                                    assert!(text.contains(&until), "{text}");
                                }
                                // The practice's name is never left out.
                                let has_name = text.find(": ").is_some_and(|end| end >= 1);
                                assert!(has_name || is_code, "{text}");
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_longest_link_shortens_the_practices_name_at_a_word() {
    let link = format!("https://portal.example-family-practice.org/i/{TOKEN}?lang=es");
    let [(_, invitation), ..] = messages(&link, "", None);
    let practice =
        Practice { name: "Saint Francis Community Health & Family Medicine of New York", ..PRACTICE };
    assert_eq!(
        text(&invitation, &practice, Language::English),
        format!(
            "Saint Francis Community Health & Family Medicine of New York: Set up your patient portal by Nov 24, \
             5:45 PM: {link} Reply STOP to opt out"
        )
    );
    assert_eq!(
        text(&invitation, &practice, Language::Spanish),
        format!(
            "Saint Francis Community Health & Family Medicine of New York: Active su portal del paciente, hasta el 24 \
             de nov, 5:45 pm: {link} Responda STOP para no recibir otros"
        )
    );
}

#[test]
fn a_link_that_leaves_no_room_is_sent_alone() {
    let link = format!("https://{}.example.org/i/{TOKEN}", "h".repeat(250));
    let [(_, invitation), ..] = messages(&link, "", None);
    assert_eq!(text(&invitation, &PRACTICE, Language::English), link);
}

#[test]
fn septets_are_counted_as_the_standard_counts_them() {
    assert_eq!(septets(""), Some(0));
    assert_eq!(septets("Hello @ £ ñ"), Some(11));
    assert_eq!(septets("{}[]~^|\\€"), Some(18));
    for absent in ["á", "í", "ó", "ú", "Á", "ç", "\u{2019}", "–", "`", "\t", "😀"] {
        assert_eq!(septets(absent), None, "{absent}");
    }
    let basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    assert_eq!(septets(basic), Some(127), "all of the table but the escape");
}

#[test]
fn no_message_holds_a_leftover_or_a_health_word() {
    for language in Language::ALL {
        let link = link(language);
        for (kind, message) in messages(&link, "https://portal.example.org/green-valley", Some("Ana")) {
            let mail = email(&message, &PRACTICE, language);
            let text = text(&message, &PRACTICE, language);
            for part in [&mail.subject, &mail.html, &mail.text, &text] {
                let leftover = part.replace(DARK, "").contains(['{', '}']);
                assert!(!part.is_empty() && !leftover, "{kind}: {part}");
                for word in [
                    "medical",
                    "health",
                    "diagnos",
                    "result",
                    "record",
                    "médic",
                    "salud",
                    "expediente",
                    "resultado",
                ] {
                    assert!(!part.to_lowercase().contains(word), "{kind} says {word}: {part}");
                }
            }
            assert!(mail.html.contains(&format!("<html lang=\"{}\"", language.tag())));
            assert!(mail.html.contains("href=\"tel:+12025550123\""));
            assert!(mail.text.contains("(202) 555-0123") && mail.html.contains("(202) 555-0123"));
            assert!(!mail.text.contains("\n\n\n"), "{kind}: {}", mail.text);
        }
    }
}

#[test]
fn subjects_and_texts_hold_no_more_of_a_person_than_they_may() {
    for language in Language::ALL {
        for (_, message) in messages("https://x.example/i/a", "https://x.example/p", Some("Ana")) {
            let mail = email(&message, &PRACTICE, language);
            assert!(!mail.subject.contains("Ana") && !mail.subject.contains("042917"));
            assert!(!mail.subject.contains("ana.lopez"));
            assert!(!text(&message, &PRACTICE, language).contains("ana.lopez"));
        }
    }
}

#[test]
fn values_are_escaped_in_html_and_can_add_no_line_to_a_subject() {
    let practice = Practice { name: "Smith & <b>Sons</b>\r\nBcc: all@example.org", ..PRACTICE };
    let mail = email(
        &Message::Registered {
            addressee: Addressee::named(Some("O'Neil".to_owned())),
            username: "\"><script>alert(1)</script>".to_owned(),
            sign_in: "https://x.example/\"onclick=".to_owned(),
        },
        &practice,
        Language::English,
    );
    assert!(!mail.html.contains("<script") && !mail.html.contains("<b>") && !mail.html.contains("\"onclick"));
    assert!(mail.text.contains("Smith & <b>Sons</b>") && mail.text.contains("Hello O'Neil,"));
    assert!(!mail.subject.contains(['\r', '\n']));
}

#[test]
fn a_greeting_names_people_and_nothing_else() {
    for name in ["Ana", "José María", "Jean-Luc", "O'Neil", "J. R.", "小明", "Ngọc", "Jose\u{301}"] {
        assert_eq!(names::greeting_name(Some(name)).as_deref(), Some(name));
    }
    assert_eq!(names::greeting_name(Some("  Ana \n Maria ")).as_deref(), Some("Ana Maria"));
    for name in ["", " ", "...", "win.example.com", "http://evil", "call 1-900", "a@b", "<b>", "Ana\u{202e}"]
    {
        assert_eq!(names::greeting_name(Some(name)), None, "{name}");
    }
    assert_eq!(names::greeting_name(Some(&"a".repeat(41))), None);
}

#[test]
fn times_are_told_in_the_practices_own_zone() {
    let new_york = "America/New_York";
    assert_eq!(
        local_time(EXPIRY, new_york, Language::English),
        "Tuesday, November 24, 2026 at 5:45 PM Eastern Time"
    );
    assert_eq!(
        local_time(EXPIRY, new_york, Language::Spanish),
        "martes 24 de noviembre de 2026, 5:45 p. m. (hora del Este)"
    );
    assert_eq!(
        local_time(1_783_000_800_000, new_york, Language::English),
        "Thursday, July 2, 2026 at 10:00 AM Eastern Time"
    );
    assert_eq!(local_time(0, "Nowhere/None", Language::English), "Thursday, January 1, 1970 at 12:00 AM UTC");
    assert!(local_time(EXPIRY, "America/Sao_Paulo", Language::English).ends_with("UTC-03"));
    // An instant outside the calendar gives a text instead of a panic.
    assert!(local_time(i64::MAX, new_york, Language::English).contains("9999"));
    assert!(!local_time(i64::MIN, new_york, Language::Spanish).is_empty());
}

#[test]
fn phones_are_written_as_people_write_them() {
    assert_eq!(phone("+12025550123"), "(202) 555-0123");
    assert_eq!(phone("+5215512345678"), "+5215512345678");
    assert_eq!(phone("+1202555012é"), "+1202555012é");
    assert_eq!(phone(""), "");
}

#[test]
fn languages_are_known_by_their_first_tag() {
    assert_eq!(Language::from_tag("es-MX"), Some(Language::Spanish));
    assert_eq!(Language::from_tag("EN_us"), Some(Language::English));
    for tag in ["", "fr", "est", "español"] {
        assert_eq!(Language::from_tag(tag), None);
    }
}

#[test]
fn waits_are_rounded_up() {
    assert_eq!(Language::English.wait(0), "1 second");
    assert_eq!(Language::English.wait(42), "42 seconds");
    assert_eq!(Language::Spanish.wait(600), "10 minutos");
    assert_eq!(Language::Spanish.wait(601), "11 minutos");
    assert_eq!(Language::English.wait(7_201), "3 hours");
}

#[test]
fn the_words_of_the_pages() {
    for language in Language::ALL {
        insta::assert_snapshot!(format!("page_{}", language.tag()), format!("{:#?}", language.page()));
    }
}

/// The `{value}` placeholders in one line.
fn marks(line: &str) -> Vec<&str> {
    line.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(mark, _)| mark).collect()
}

#[test]
fn both_languages_say_every_word_around_the_same_values() {
    let [english, spanish] = Language::ALL.map(|language| format!("{:#?}", language.page()));
    assert_eq!(english.lines().count(), spanish.lines().count());
    let (mut words, mut untranslated) = (0, Vec::new());
    for (en, es) in english.lines().zip(spanish.lines()).filter(|(en, _)| en.contains('"')) {
        words += 1;
        assert!(!en.contains("\"\"") && !es.contains("\"\""), "empty: {en} {es}");
        assert_eq!(marks(en), marks(es), "{en} {es}");
        if en == es {
            untranslated.push(en.trim());
        }
    }
    assert!(words > 100);
    assert_eq!(untranslated, ["error_title_prefix: \"Error: \","]);
}

#[test]
fn words_around_a_value_leave_no_mark() {
    for language in Language::ALL {
        let page = language.page();
        let wait = language.wait(42);
        for (said, value) in [
            (page.verification.failed(3, "(202) 555-0100"), "3"),
            (page.verification.failed(3, "(202) 555-0100"), "(202) 555-0100"),
            (page.verification.failed(1, "(202) 555-0100"), "(202) 555-0100"),
            (page.link.too_young(13), "13"),
            (page.code.by_text("63"), "63"),
            (page.code.by_voice("63"), "63"),
            (page.code.by_email("a•••@e•••.com"), "a•••@e•••.com"),
            (page.code.sent_by_text("63"), "63"),
            (page.code.sent_by_voice("63"), "63"),
            (page.code.sent_by_email("a•••@e•••.com"), "a•••@e•••.com"),
            (page.code.label(6), "6"),
            (page.code.channel_legend(6), "6"),
            (page.code.phone_wait(&wait, "(202) 555-0100"), wait.as_str()),
            (page.code.five_codes("(202) 555-0100"), "(202) 555-0100"),
            (page.link.valid_until("noon"), "noon"),
            (page.code.resend_wait(&wait), wait.as_str()),
            (page.register.username_taken(&["ana1".to_owned(), "ana2".to_owned()]), "ana1, ana2"),
            (page.register.password_hint(12), "12"),
            (page.register.password_too_short(12), "12"),
            (page.new_password.your_username("ana"), "ana"),
            (page.new_password.password_hint(12), "12"),
            (page.account.signed_in_as("ana"), "ana"),
            (page.account.last_sign_in("noon"), "noon"),
            (page.account.failed_before(12, "noon"), "12"),
            (page.account.failed_before(12, "noon"), "noon"),
            (page.dead_end.too_many(&wait), wait.as_str()),
            (page.dead_end.wrong("req-1"), "req-1"),
            (page.register.answer_too_short(3), "3"),
            (page.change_username.done("ana"), "ana"),
            (page.change_email.now("ana@example.com"), "ana@example.com"),
            (page.change_email.code_sent("ana@example.com"), "ana@example.com"),
            (page.sessions.began("noon"), "noon"),
            (page.sessions.last_used("noon"), "noon"),
            (page.sessions.end_named("noon"), "noon"),
            (page.representatives.show_everything_named("Eva"), "Eva"),
            (page.representatives.show_part_named("Eva"), "Eva"),
            (page.representatives.end_named("Eva"), "Eva"),
            (page.representatives.end_intro("Eva"), "Eva"),
            (page.details.pending("noon"), "noon"),
        ] {
            assert!(said.contains(value) && !said.contains(['{', '}']), "{said}");
        }
        assert_eq!(page.register.username_taken(&[]), page.register.username_taken_plain);
    }
}

#[test]
fn words_that_send_a_reader_elsewhere_name_what_is_there() {
    for language in Language::ALL {
        let page = language.page();
        assert!(page.change_email.office_keeps.contains(page.details.title));
        assert!(page.sign_in.new_password_shared.contains(page.representatives.title));
        assert!(page.link.too_young(13).contains(page.link.who_representative));
        assert!(page.dead_link.reset.contains(page.sign_in.forgot_password));
        let usernames = Message::Usernames {
            usernames: ["ana"].map(str::to_owned).to_vec(),
            sign_in: "https://x.example/p".to_owned(),
        };
        assert!(email(&usernames, &PRACTICE, language).text.contains(page.sign_in.forgot_password));
    }
}

#[test]
fn a_revoked_person_reads_the_one_sentence() {
    let sentence = "Ask your doctor to provide access to your health records.";
    assert_eq!(Language::English.page().sign_in.revoked, sentence);
    for language in Language::ALL {
        assert_eq!(problem_detail("access_revoked", language), language.page().sign_in.revoked);
    }
}

#[test]
fn every_code_has_a_sentence_of_its_own_in_both_languages() {
    let mut all = Vec::new();
    for code in PROBLEM_CODES {
        all.extend(Language::ALL.map(|language| problem_detail(code, language)));
    }
    for code in REASON_CODES {
        all.extend(Language::ALL.map(|language| reason_detail(code, language).expect(code)));
    }
    for (delivery, trouble) in DELIVERIES {
        let said =
            Language::ALL.map(|language| delivery_detail(delivery, trouble, language).expect(delivery));
        assert!(said.iter().all(|sentence| sentence.ends_with('.')), "{delivery}");
        assert_ne!(said[0], said[1], "{delivery}");
    }
    for sentence in &all {
        assert!(sentence.ends_with('.') && !sentence.contains(['{', '}']), "{sentence}");
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "two codes share a sentence");
    assert_eq!(reason_detail("nonsense", Language::English), None);
    assert_eq!(
        problem_detail("nonsense", Language::English),
        problem_detail("internal_error", Language::English)
    );
}

/// Every text of the pages of one language: what `Debug` prints between quotes.
fn texts_of_pages(language: Language) -> Vec<String> {
    let all = format!("{:#?}", language.page());
    let lines = all.lines().filter_map(|line| {
        let (_, rest) = line.split_once('"')?;
        Some(rest.rsplit_once('"')?.0.replace("\\\"", "\""))
    });
    lines.collect()
}

/// Words that people stumble over, and what stands in their place is in `docs/words.md`.
const REPLACED: [(Language, &[&str]); 2] = [
    (
        Language::English,
        &[
            "user name",
            "e-mail",
            "mobile phone",
            "any more",
            "cancelled",
            "need not",
            "care for",
            "cared for",
            "safe website",
            "two minutes",
            "set up your access",
            "representative",
        ],
    ),
    (
        Language::Spanish,
        &[
            "«",
            "»",
            "a quien cuida",
            "a quien usted cuida",
            "teléfono celular",
            "en nombre de",
            "representante",
            "sitio web seguro",
            "dos minutos",
            "diez números",
            "8 números",
            "cinco números",
        ],
    ),
];

#[test]
fn one_thing_has_one_word_in_pages_mails_and_texts() {
    for (language, replaced) in REPLACED {
        let link = link(language);
        let mut all = texts_of_pages(language);
        for (_, message) in messages(&link, "https://portal.example.org/green-valley", Some("Ana")) {
            let mail = email(&message, &PRACTICE, language);
            all.extend([mail.subject, mail.text, text(&message, &PRACTICE, language)]);
        }
        for word in replaced {
            let found = all.iter().find(|said| said.to_lowercase().contains(word));
            assert!(found.is_none(), "{word}: {found:?}");
        }
    }
}

/// Words, sentences and syllables. A syllable is counted for each group of vowels: in English without a silent `e` at the
/// end, in Spanish with two for vowels that don't melt.
fn measured(texts: &[String], language: Language) -> (f64, f64, f64) {
    let (mut words, mut sentences, mut syllables) = (0, 0, 0);
    for sentence in texts.iter().flat_map(|said| said.split(['.', '?', '!', ':'])) {
        let all: Vec<String> = sentence
            .split_whitespace()
            .map(|word| word.chars().filter(|c| c.is_alphabetic()).collect::<String>().to_lowercase())
            .filter(|word| !word.is_empty())
            .collect();
        if all.len() < 3 {
            continue;
        }
        sentences += 1;
        words += all.len();
        syllables += all.iter().map(|word| syllables_of(word, language)).sum::<usize>();
    }
    let number = |count: usize| f64::from(u32::try_from(count).unwrap());
    (number(words), number(sentences), number(syllables))
}

fn syllables_of(word: &str, language: Language) -> usize {
    let strong = |c: char| "aeoáéó".contains(c);
    let letters: Vec<char> = word.chars().collect();
    let mut count = 0;
    for (place, letter) in letters.iter().enumerate() {
        let is_vowel = match language {
            Language::English => "aeiouy".contains(*letter),
            Language::Spanish => "aeiouáéíóúü".contains(*letter),
        };
        let before = place.checked_sub(1).map(|before| letters[before]);
        let melts = before.is_some_and(|before| match language {
            Language::English => "aeiouy".contains(before),
            Language::Spanish => {
                let apart =
                    strong(before) && strong(*letter) || [before, *letter].iter().any(|c| "íú".contains(*c));
                "aeiouáéíóúü".contains(before) && !apart
            }
        });
        count += usize::from(is_vowel && !melts);
    }
    let silent = language == Language::English && word.ends_with('e') && !word.ends_with("le") && count > 1;
    (count - usize::from(silent)).max(1)
}

#[test]
fn pages_terms_and_mails_are_easy_to_read() {
    for language in Language::ALL {
        let terms: Vec<String> = language.page().register.terms.map(str::to_owned).into();
        let link = link(language);
        let mails: Vec<String> = messages(&link, "https://portal.example.org/green-valley", Some("Ana"))
            .into_iter()
            .map(|(_, message)| email(&message, &PRACTICE, language).text)
            .flat_map(|mail| {
                mail.lines().filter(|line| !line.contains("://")).map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        for (what, texts) in [("pages", texts_of_pages(language)), ("terms", terms), ("mails", mails)] {
            let (words, sentences, syllables) = measured(&texts, language);
            match language {
                // Flesch and Kincaid, 1975: the grade of school that reads it with ease.
                Language::English => {
                    let grade = 0.39 * words / sentences + 11.8 * syllables / words - 15.59;
                    assert!(grade <= 6.0, "{what}: grade {grade:.1}");
                }
                // INFLESZ (Szigriszt Pazos, 1993; Barrio Cantalejo, 2008): 65 and more is fairly easy.
                Language::Spanish => {
                    let ease = 206.835 - 62.3 * syllables / words - words / sentences;
                    assert!(ease >= 65.0, "{what}: INFLESZ {ease:.1}");
                }
            }
        }
    }
}
