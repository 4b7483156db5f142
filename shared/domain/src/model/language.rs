//! Understands which language somebody speaks, as EHRs and spreadsheets write it: ISO codes of two and three letters, BCP 47
//! tags with either separator, and names in English and Spanish.

use crate::model::names::comparable;
use crate::model::pasted::plain;

/// Each language's code (ISO 639-1, or 639-3 where there is none), with its other codes and its names in English and Spanish
/// as they are compared. From ISO 639 (pycountry 24) and Unicode CLDR 46.
const LANGUAGES: [(&str, &str); 215] = [
    ("aa", "aar afar"),
    ("ab", "abk abkhazian abjasio"),
    ("ae", "ave avestan avestico"),
    ("af", "afr afrikaans"),
    ("ak", "aka akan"),
    ("am", "amh amharic amarico"),
    ("an", "arg aragonese aragones"),
    ("ar", "ara arabic arabe"),
    ("as", "asm assamese asames"),
    ("ase", "americansignlanguage lenguadesenasamericana asl signlanguage lenguajedesenas lenguadesenas"),
    ("av", "ava avaric avar"),
    ("ay", "aym aymara aimara"),
    ("az", "aze azerbaijani azerbaiyano"),
    ("ba", "bak bashkir baskir"),
    ("be", "bel belarusian bielorruso"),
    ("bg", "bul bulgarian bulgaro"),
    ("bi", "bis bislama"),
    ("bm", "bam bambara"),
    ("bn", "ben bangla bengali"),
    ("bo", "bod tib tibetan tibetano"),
    ("br", "bre breton"),
    ("bs", "bos bosnian bosnio"),
    ("ca", "cat catalan"),
    ("ce", "che chechen checheno"),
    ("ceb", "cebuano visayan bisaya"),
    ("ch", "cha chamorro"),
    ("chk", "chuukese trukes"),
    ("chr", "cherokee cheroqui"),
    ("ckb", "sorani kurdosorani centralkurdish"),
    ("cld", "chaldean caldeo"),
    ("cmn", "mandarin mandarinchinese chinesemandarin chinomandarin"),
    ("cnh", "chin hakhachin"),
    ("co", "cos corsican corso"),
    ("cr", "cre cree"),
    ("cs", "ces cze czech checo"),
    ("cu", "chu churchslavic eslavoeclesiastico"),
    ("cv", "chv chuvash chuvasio"),
    ("cy", "cym wel welsh gales"),
    ("da", "dan danish danes"),
    ("de", "deu ger german aleman"),
    ("din", "dinka"),
    ("dv", "div divehi"),
    ("dz", "dzo dzongkha"),
    ("ee", "ewe"),
    ("el", "ell gre greek moderngreek griego"),
    ("en", "eng english ingles americanenglish usenglish"),
    ("eo", "epo esperanto"),
    ("es", "spa spanish espanol castilian castellano"),
    ("et", "est estonian estonio"),
    ("eu", "eus baq basque euskera"),
    ("fa", "fas per persian persa farsi"),
    ("ff", "ful fula fulah"),
    ("fi", "fin finnish fines"),
    ("fil", "filipino pilipino"),
    ("fj", "fij fijian fiyiano"),
    ("fo", "fao faroese feroes"),
    ("fr", "fra fre french frances"),
    ("fy", "fry westernfrisian frisonoccidental"),
    ("ga", "gle irish irlandes"),
    ("gd", "gla scottishgaelic gaelicoescoces"),
    ("gil", "gilbertese gilbertes"),
    ("gl", "glg galician gallego"),
    ("gn", "grn guarani"),
    ("gu", "guj gujarati guyarati"),
    ("gv", "glv manx manes"),
    ("ha", "hau hausa"),
    ("haw", "hawaiian hawaiano"),
    ("he", "heb hebrew hebreo"),
    ("hi", "hin hindi"),
    ("hif", "fijihindi"),
    ("hmn", "hmong"),
    ("ho", "hmo hirimotu"),
    ("hr", "hrv croatian croata"),
    ("ht", "hat haitiancreole haitian criollohaitiano creole kreyol"),
    ("hu", "hun hungarian hungaro"),
    ("hy", "hye arm armenian armenio"),
    ("hz", "her herero"),
    ("ia", "ina interlingua"),
    ("id", "ind indonesian indonesio"),
    ("ie", "ile interlingue"),
    ("ig", "ibo igbo"),
    ("ii", "iii sichuanyi yidesichuan"),
    ("ik", "ipk inupiaq"),
    ("ilo", "ilocano iloko"),
    ("io", "ido"),
    ("is", "isl ice icelandic islandes"),
    ("it", "ita italian italiano"),
    ("iu", "iku inuktitut"),
    ("ja", "jpn japanese japones"),
    ("jv", "jav javanese javanes"),
    ("ka", "kat geo georgian georgiano"),
    ("kek", "kekchi qeqchi"),
    ("kg", "kon kongo"),
    ("ki", "kik kikuyu"),
    ("kj", "kua kuanyama"),
    ("kk", "kaz kazakh kazajo"),
    ("kl", "kal kalaallisut groenlandes"),
    ("km", "khm khmer jemer cambodian"),
    ("kmr", "northernkurdish kurmanji"),
    ("kn", "kan kannada canares"),
    ("ko", "kor korean coreano"),
    ("kos", "kosraean kosraeano"),
    ("kr", "kau kanuri"),
    ("kri", "krio"),
    ("ks", "kas kashmiri cachemir"),
    ("ksw", "karen sgawkaren"),
    ("ku", "kur kurdish kurdo"),
    ("kv", "kom komi"),
    ("kw", "cor cornish cornico"),
    ("ky", "kir kyrgyz kirghiz kirguis"),
    ("la", "lat latin"),
    ("lb", "ltz luxembourgish luxemburgues"),
    ("lg", "lug ganda"),
    ("li", "lim limburgish limburgan limburgues"),
    ("ln", "lin lingala"),
    ("lo", "lao"),
    ("lt", "lit lithuanian lituano"),
    ("lu", "lub lubakatanga"),
    ("lus", "mizo"),
    ("lv", "lav latvian leton"),
    ("mam", ""),
    ("mg", "mlg malagasy malgache"),
    ("mh", "mah marshallese marshales"),
    ("mi", "mri mao maori"),
    ("mk", "mkd mac macedonian macedonio"),
    ("ml", "mal malayalam"),
    ("mn", "mon mongolian mongol"),
    ("mr", "mar marathi marati"),
    ("ms", "msa may malay malayo"),
    ("mt", "mlt maltese maltes"),
    ("my", "mya bur burmese birmano"),
    ("na", "nau nauru nauruano"),
    ("nah", "nahuatl"),
    ("nb", "nob norwegianbokmal noruegobokmal"),
    ("nd", "nde northndebele ndebeleseptentrional"),
    ("ne", "nep nepali"),
    ("ng", "ndo ndonga"),
    ("nl", "nld dut dutch neerlandes"),
    ("nn", "nno norwegiannynorsk noruegonynorsk"),
    ("no", "nor norwegian noruego"),
    ("nr", "nbl southndebele ndebelemeridional"),
    ("nv", "nav navajo navaho"),
    ("ny", "nya nyanja chichewa"),
    ("oc", "oci occitan occitano"),
    ("oj", "oji ojibwa"),
    ("om", "orm oromo"),
    ("or", "ori odia oriya"),
    ("os", "oss ossetic ossetian osetico"),
    ("pa", "pan punjabi panjabi punyabi"),
    ("pi", "pli pali"),
    ("pl", "pol polish polaco"),
    ("pon", "pohnpeian pohnpeiano"),
    ("prs", "dari"),
    ("ps", "pus pashto pushto pastun pashtu"),
    ("pt", "por portuguese portugues"),
    ("qu", "que quechua"),
    ("quc", "kiche quiche"),
    ("rhg", "rohingya rohinya"),
    ("rm", "roh romansh romanche"),
    ("rn", "run rundi kirundi"),
    ("ro", "ron rum romanian rumano moldavian"),
    ("ru", "rus russian ruso"),
    ("rw", "kin kinyarwanda"),
    ("sa", "san sanskrit sanscrito"),
    ("sc", "srd sardinian sardo"),
    ("sd", "snd sindhi sindi"),
    ("se", "sme northernsami samiseptentrional"),
    ("sg", "sag sango"),
    ("sh", "hbs serbocroatian serbocroata"),
    ("shn", "shan"),
    ("si", "sin sinhala cingales sinhalese"),
    ("sk", "slk slo slovak eslovaco"),
    ("sl", "slv slovenian esloveno"),
    ("sm", "smo samoan samoano"),
    ("sn", "sna shona"),
    ("so", "som somali"),
    ("sq", "sqi alb albanian albanes"),
    ("sr", "srp serbian serbio"),
    ("ss", "ssw swati suazi"),
    ("st", "sot southernsotho sothomeridional"),
    ("su", "sun sundanese sundanes"),
    ("sv", "swe swedish sueco"),
    ("sw", "swa swahili suajili"),
    ("syr", "syriac siriaco assyrian"),
    ("ta", "tam tamil"),
    ("te", "tel telugu"),
    ("tg", "tgk tajik tayiko"),
    ("th", "tha thai tailandes"),
    ("ti", "tir tigrinya tigrina"),
    ("tk", "tuk turkmen turcomano"),
    ("tl", "tgl tagalog tagalo"),
    ("tn", "tsn tswana setsuana"),
    ("to", "ton tongan tonga tongano"),
    ("tpi", "tokpisin"),
    ("tr", "tur turkish turco"),
    ("ts", "tso tsonga"),
    ("tt", "tat tatar tartaro"),
    ("tw", "twi"),
    ("ty", "tah tahitian tahitiano"),
    ("ug", "uig uyghur uighur uigur"),
    ("uk", "ukr ukrainian ucraniano"),
    ("ur", "urd urdu"),
    ("uz", "uzb uzbek uzbeko"),
    ("ve", "ven venda"),
    ("vi", "vie vietnamese vietnamita"),
    ("vo", "vol volapuk"),
    ("wa", "wln walloon valon"),
    ("wo", "wol wolof"),
    ("xh", "xho xhosa"),
    ("yi", "yid yiddish yidis"),
    ("yo", "yor yoruba"),
    ("yue", "cantonese cantones yuechinese chinesecantonese"),
    ("za", "zha zhuang"),
    ("zh", "zho chi chinese chino"),
    ("zu", "zul zulu"),
];

/// The BCP 47 tag of a language; `None` if the text names none that we know.
pub fn tag(text: &str) -> Option<String> {
    let text = plain(text).replace('_', "-");
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default().trim().to_lowercase();
    if let Some(code) = by_code(&first) {
        // What follows a code is its script, region or variant.
        let rest: Vec<&str> = parts.collect();
        let is_tag = rest
            .iter()
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        let rest = rest.iter().take_while(|part| part.len() > 1).map(|part| canonical(part));
        return Some(if is_tag {
            std::iter::once(code.to_owned()).chain(rest).collect::<Vec<_>>().join("-")
        } else {
            code.to_owned()
        })
        .filter(|tag| tag.len() <= 35);
    }
    // `Spanish (Mexico)`, `Spanish; Castilian`, `English/Spanish`: the first that is understood.
    let whole = by_name(&text);
    whole
        .or_else(|| text.split(['(', ')', ';', ',', '/', '-', '|', '&']).find_map(by_name))
        .map(str::to_owned)
}

fn by_code(text: &str) -> Option<&'static str> {
    let is_code = matches!(text.len(), 2 | 3) && text.bytes().all(|b| b.is_ascii_alphabetic());
    let has = |(code, others): &&(&str, &str)| {
        *code == text || others.split(' ').any(|other| other.len() == 3 && other == text)
    };
    LANGUAGES.iter().find(|row| is_code && has(row)).map(|(code, _)| *code)
}

fn by_name(text: &str) -> Option<&'static str> {
    let name = comparable(text);
    let has = |(_, names): &&(&str, &str)| names.split(' ').any(|known| known == name);
    LANGUAGES.iter().find(|row| !name.is_empty() && has(row)).map(|(code, _)| *code)
}

/// A part of a tag in its usual case: scripts as `Latn`, regions as `MX`.
fn canonical(part: &str) -> String {
    match part.len() {
        2 => part.to_uppercase(),
        4 if part.bytes().all(|b| b.is_ascii_alphabetic()) => {
            let lower = part.to_lowercase();
            lower.get(..1).unwrap_or_default().to_uppercase() + lower.get(1..).unwrap_or_default()
        }
        _ => part.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tags_and_names_in_english_and_spanish_are_understood() {
        for (text, wanted) in [
            ("en", "en"),
            ("EN", "en"),
            ("eng", "en"),
            ("English", "en"),
            ("ENGLISH", "en"),
            ("inglés", "en"),
            ("Ingles", "en"),
            ("en-US", "en-US"),
            ("en_us", "en-US"),
            ("eng-US", "en-US"),
            ("es", "es"),
            ("spa", "es"),
            ("Spanish", "es"),
            ("español", "es"),
            ("Espanol", "es"),
            ("Castellano", "es"),
            ("es-MX", "es-MX"),
            ("es_mx", "es-MX"),
            ("ES-419", "es-419"),
            ("Spanish (Mexico)", "es"),
            ("Spanish; Castilian", "es"),
            ("Spanish/English", "es"),
            ("Spanish, Latin American", "es"),
            (" es ", "es"),
            ("ｅｓ", "es"),
            ("es\u{200b}", "es"),
            ("zho", "zh"),
            ("chi", "zh"),
            ("Chinese", "zh"),
            ("chino", "zh"),
            ("zh-Hant-TW", "zh-Hant-TW"),
            ("zh_hans", "zh-Hans"),
            ("Mandarin", "cmn"),
            ("Cantonese", "yue"),
            ("vie", "vi"),
            ("Vietnamese", "vi"),
            ("vietnamita", "vi"),
            ("fre", "fr"),
            ("fra", "fr"),
            ("French", "fr"),
            ("francés", "fr"),
            ("ger", "de"),
            ("deu", "de"),
            ("German", "de"),
            ("Tagalog", "tl"),
            ("Haitian Creole", "ht"),
            ("Creole", "ht"),
            ("Kreyòl", "ht"),
            ("Portuguese", "pt"),
            ("portugués", "pt"),
            ("pt-BR", "pt-BR"),
            ("Russian", "ru"),
            ("Arabic", "ar"),
            ("árabe", "ar"),
            ("Farsi", "fa"),
            ("Persian", "fa"),
            ("Punjabi", "pa"),
            ("Hmong", "hmn"),
            ("Korean", "ko"),
            ("coreano", "ko"),
            ("Japanese", "ja"),
            ("Navajo", "nv"),
            ("ASL", "ase"),
            ("American Sign Language", "ase"),
            ("Somali", "so"),
            ("en-US-u-ca-gregory", "en-US"),
            ("French - Canada", "fr"),
        ] {
            assert_eq!(tag(text).as_deref(), Some(wanted), "{text}");
        }
        for (code, others) in LANGUAGES {
            assert_eq!(tag(code).as_deref(), Some(code));
            for other in others.split(' ').filter(|other| !other.is_empty()) {
                assert_eq!(tag(other).as_deref(), Some(code), "{other}");
            }
        }
    }

    #[test]
    fn what_names_no_language_is_not_understood() {
        for text in [
            "",
            " ",
            "-",
            "e",
            "xx",
            "zzz",
            "und",
            "unk",
            "unknown",
            "declined",
            "other",
            "asked but unknown",
            "en\r\nSet-Cookie: x",
            "12",
            "klingonese",
            "?",
        ] {
            let understood = tag(text);
            assert!(understood.is_none() || understood.as_deref() == Some("en"), "{text}: {understood:?}");
        }
        assert_eq!(tag("unknown"), None);
    }
}
