//! Charts from a spreadsheet: a CSV file with a patient in a line and the names of the columns on top. Excel writes such
//! files with commas, semicolons or tabs, with a byte order mark or in Windows-1252; all of these are read.
//!
//! A column that is not known leaves what the chart has, and so does an empty cell, unless empty cells are to clear it. A
//! row without a chart id finds its patient by name and birth date. A cell with a fault is named, leaves what the chart has, and spoils neither its row nor the others.

use std::collections::BTreeMap;

use portico_domain::model::chart::ChartStatus;
use portico_domain::model::ids::PatientId;
use portico_domain::model::language;
use portico_domain::model::pasted::{digits, plain, visible};
use portico_domain::model::person::{BirthDate, Email, Invalid, Line, Name, Phone, PostalCode};
use portico_domain::model::sent_chart::{Sent, SentChart};
use portico_domain::time::Timestamp;

/// Most lines of one file.
pub const MOST_LINES: usize = 20_000;

/// Most columns of one file.
const MOST_COLUMNS: usize = 200;

/// What a column can be.
pub const FIELDS: [&str; 18] = [
    "patient_id",
    "given_name",
    "middle_name",
    "family_name",
    "birth_date",
    "email",
    "mobile_phone",
    "home_phone",
    "postal_code",
    "address_line",
    "city",
    "state",
    "language",
    "provider",
    "tags",
    "chart_status",
    "sms_consent",
    "replaced_by",
];

/// The names that spreadsheets give to columns, as they are compared.
const USUAL: [(&str, &[&str]); 18] = [
    (
        "patient_id",
        &["patientid", "chartid", "chart", "chartnumber", "mrn", "id", "accountnumber", "patientnumber"],
    ),
    ("given_name", &["givenname", "firstname", "first", "fname", "given", "nombre"]),
    ("middle_name", &["middlename", "middle", "middleinitial", "mi"]),
    ("family_name", &["familyname", "lastname", "last", "lname", "surname", "apellido", "apellidos"]),
    ("birth_date", &["birthdate", "dateofbirth", "dob", "birthday", "born", "fechadenacimiento"]),
    ("email", &["email", "emailaddress", "mail", "correo", "correoelectronico"]),
    (
        "mobile_phone",
        &["mobilephone", "mobile", "cell", "cellphone", "cellnumber", "mobilenumber", "celular"],
    ),
    ("home_phone", &["homephone", "phone", "phonenumber", "telephone", "home", "telefono"]),
    ("postal_code", &["postalcode", "zip", "zipcode", "postcode", "codigopostal"]),
    ("address_line", &["addressline", "address", "street", "address1", "addressline1", "direccion"]),
    ("city", &["city", "town", "ciudad"]),
    ("state", &["state", "province", "estado"]),
    ("language", &["language", "preferredlanguage", "idioma"]),
    ("provider", &["provider", "doctor", "clinician", "physician", "pcp"]),
    ("tags", &["tags", "labels", "groups"]),
    ("chart_status", &["chartstatus", "status"]),
    ("sms_consent", &["smsconsent", "textconsent", "consenttotexts", "oktotext"]),
    ("replaced_by", &["replacedby", "mergedinto"]),
];

/// What staff call a field.
pub fn in_words(field: &str) -> String {
    match field {
        "patient_id" => "chart id".to_owned(),
        "given_name" => "first name".to_owned(),
        "family_name" => "last name".to_owned(),
        "mobile_phone" => "cell phone".to_owned(),
        "postal_code" => "ZIP code".to_owned(),
        "address_line" => "street".to_owned(),
        "chart_status" => "status".to_owned(),
        "sms_consent" => "consent to texts".to_owned(),
        "replaced_by" => "merged into".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Whether a warning says how a cell was mended, and not that it was left out.
pub fn is_mended(code: &str) -> bool {
    code == ZERO_ADDED
}

/// The code of a ZIP code that lost its first zeros.
const ZERO_ADDED: &str = "zip_zero_added";

/// Why a file can't be read at all: a stable code and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable(pub &'static str, pub String);

/// A line of the file.
pub struct Row {
    /// Its number in the file; the line of names has number 1.
    pub line: usize,
    /// The chart's id, if the file has one.
    pub id: Option<PatientId>,
    /// What it says, or why it can't be taken in at all: it is no line, or its chart id can't be read.
    pub facts: Result<SentChart, Fault>,
    /// The cells that could not be read, or were read otherwise than they stand there.
    pub warnings: Vec<Fault>,
}

impl Row {
    /// The fault of the cell for a field.
    pub fn fault_in(&self, columns: &[(String, Option<&'static str>)], field: &str) -> Option<&Fault> {
        let (column, _) = columns.iter().find(|(_, known)| *known == Some(field))?;
        self.warnings.iter().find(|fault| fault.column == *column)
    }
}

/// A fault of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The column's name in the file.
    pub column: String,
    /// A stable code.
    pub code: &'static str,
    /// A sentence for staff.
    pub detail: String,
}

/// A file as it was read.
pub struct Sheet {
    /// Each column's name in the file, with what it was read as.
    pub columns: Vec<(String, Option<&'static str>)>,
    /// The lines.
    pub rows: Vec<Row>,
}

/// How staff want a file to be read. Columns go by their names in the file.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The column of each field that was matched by hand. It comes before the usual names.
    pub fields: BTreeMap<String, String>,
    /// Columns that are not read, whatever their names.
    pub left_out: Vec<String>,
    /// Whether `3/4/58` is 3 April.
    pub day_first: bool,
    /// Whether an empty cell takes away what the chart has. Names, birth date, status and merges stay all the same.
    pub empty_clears: bool,
}

/// A reader of the lines, by whatever stands between its columns. `None` if there is one column only.
fn reader(text: &str) -> Option<csv::Reader<&[u8]>> {
    let first = text.lines().next().unwrap_or_default();
    let count = |c: char| first.matches(c).count();
    let delimiter = [',', ';', '\t'].into_iter().max_by_key(|c| count(*c)).unwrap_or(',');
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(u8::try_from(delimiter).unwrap_or(b',')).flexible(true).trim(csv::Trim::All);
    (count(delimiter) > 0).then(|| builder.from_reader(text.as_bytes()))
}

/// The names of the columns, and the cells of some lines as they stand in the file.
pub fn cells(text: &str, wanted: &BTreeMap<usize, String>) -> (Vec<String>, Vec<(usize, Vec<String>)>) {
    let Some(mut reader) = reader(text) else { return (Vec::new(), Vec::new()) };
    let of = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<String>>();
    let names = reader.headers().map(of).unwrap_or_default();
    let numbered = reader.records().enumerate().map(|(number, record)| (number + 2, record));
    let lines = numbered.filter(|(line, _)| wanted.contains_key(line));
    let lines = lines.map(|(line, record)| (line, record.as_ref().map(of).unwrap_or_default())).collect();
    (names, lines)
}

/// Reads a file.
pub fn read(bytes: &[u8], chosen: &Choices, now: Timestamp) -> Result<Sheet, Unreadable> {
    let text = decode(bytes)?;
    let Some(mut reader) = reader(&text) else {
        return Err(Unreadable(
            "one_column",
            "The file has one column only. Is it the right file?".to_owned(),
        ));
    };
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(str::to_owned).collect(),
        Err(_) => return Err(Unreadable("malformed", "The first line can't be read.".to_owned())),
    };
    if names.len() > MOST_COLUMNS {
        return Err(Unreadable(
            "too_many_columns",
            format!("The file has {} columns. {MOST_COLUMNS} are the most.", names.len()),
        ));
    }
    let columns = matched(names, chosen)?;
    let mut rows = Vec::new();
    for (number, record) in reader.records().enumerate() {
        if rows.len() >= MOST_LINES {
            return Err(Unreadable(
                "too_many_lines",
                format!("The file has more than {MOST_LINES} lines. Split it."),
            ));
        }
        let line = number + 2;
        let Ok(record) = record else {
            let fault = Fault {
                column: String::new(),
                code: "malformed",
                detail: "This line can't be read.".to_owned(),
            };
            rows.push(Row { line, id: None, facts: Err(fault), warnings: Vec::new() });
            continue;
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        rows.push(row(line, &record, &columns, chosen, now));
    }
    Ok(Sheet { columns, rows })
}

/// The file as text.
pub fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let detail = "This file is in UTF-16. Save it as “CSV UTF-8”.".to_owned();
        return Err(Unreadable("utf_16", detail));
    }
    if bytes.starts_with(b"PK") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(Unreadable("spreadsheet", "This is an Excel file. Save it as CSV.".to_owned()));
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        return Err(Unreadable("not_text", format!("Line {line} is not text.")));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    })
}

/// A byte of Windows-1252. It differs from Latin-1 in 0x80 to 0x9f.
fn windows_1252(byte: u8) -> char {
    const MIDDLE: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => MIDDLE.get(usize::from(byte - 0x80)).copied().unwrap_or(' '),
        byte => char::from(byte),
    }
}

/// What each column is read as; of two with usual names for one field, the first. Refuses a file without names or birth
/// date.
fn matched(names: Vec<String>, chosen: &Choices) -> Result<Vec<(String, Option<&'static str>)>, Unreadable> {
    let plain = portico_domain::model::person::comparable;
    let mut columns: Vec<(String, Option<&'static str>)> = Vec::new();
    for name in names {
        let is_left_out = chosen.left_out.iter().any(|column| plain(column) == plain(&name));
        let by_choice = chosen.fields.iter().find(|(_, column)| plain(column) == plain(&name));
        let field = match by_choice {
            _ if is_left_out => None,
            Some((field, _)) => FIELDS.into_iter().find(|known| known == field),
            None => USUAL
                .iter()
                .find(|(_, usual)| usual.contains(&plain(&name).as_str()))
                .map(|(field, _)| *field)
                .filter(|field| !chosen.fields.contains_key(*field)),
        };
        // The first column of a field counts.
        let is_new = field.is_some_and(|field| columns.iter().all(|(_, known)| *known != Some(field)));
        columns.push((name, field.filter(|_| is_new)));
    }
    let has = |field: &str| columns.iter().any(|(_, known)| *known == Some(field));
    let missing: Vec<String> = ["given_name", "family_name", "birth_date"]
        .into_iter()
        .filter(|field| !has(field))
        .map(in_words)
        .collect();
    if missing.is_empty() || has("patient_id") {
        Ok(columns)
    } else {
        let detail = format!("No column for {}. Name the columns on top.", missing.join(", "));
        Err(Unreadable("missing_column", detail))
    }
}

/// Reads one line.
fn row(
    line: usize,
    record: &csv::StringRecord,
    columns: &[(String, Option<&'static str>)],
    chosen: &Choices,
    now: Timestamp,
) -> Row {
    let mut facts = SentChart::default();
    let (mut id, mut unknown, mut warnings) = (None, None, Vec::new());
    for ((column, field), cell) in columns.iter().zip(record.iter()) {
        let cell = visible(cell);
        let Some(field) = field else { continue };
        if cell.is_empty() {
            if chosen.empty_clears {
                clear(&mut facts, field);
            }
            continue;
        }
        let cell = cell.as_str();
        let fault = |code: &'static str, detail: String| Fault { column: column.clone(), code, detail };
        let sentence = |code: &'static str| {
            fault(code, portico_web::field_detail(code, portico_web::Language::English).to_owned())
        };
        if field.ends_with("_phone") && is_cut(cell) {
            let detail = "Excel cut this number. Make the column Text, then save again.".to_owned();
            warnings.push(fault("cut_by_excel", detail));
            continue;
        }
        let read = match *field {
            "patient_id" => {
                id = PatientId::parse(cell).ok();
                if id.is_none() {
                    unknown = Some(sentence("invalid_id"));
                }
                None
            }
            "given_name" => put(&mut facts.given_name, Name::parse(cell)),
            "middle_name" => put(&mut facts.middle_name, Name::parse(cell)),
            "family_name" => put(&mut facts.family_name, Name::parse(cell)),
            "birth_date" => put(&mut facts.birth_date, birth_date(cell, chosen.day_first, now)),
            "email" => put(&mut facts.email, Email::parse_for_chart(cell)),
            "mobile_phone" => put(&mut facts.mobile_phone, Phone::parse_or_keep(cell)),
            "home_phone" => put(&mut facts.home_phone, Phone::parse_or_keep(cell)),
            "postal_code" => {
                let read = postal_code(cell);
                if let Ok((read, true)) = &read {
                    let detail = format!("ZIP {cell} read as {}.", read.reveal());
                    warnings.push(fault(ZERO_ADDED, detail));
                }
                put(&mut facts.postal_code, read.map(|(read, _)| read))
            }
            "address_line" => put(&mut facts.address_line, Line::parse(cell)),
            "city" => put(&mut facts.city, Line::parse(cell)),
            "state" => put(&mut facts.state, Line::parse(cell)),
            "language" => put(&mut facts.language, language(cell)),
            "provider" => put(&mut facts.provider, Line::parse(cell)),
            "tags" => {
                let tags = cell.split([';', '|']).map(|tag| tag.trim().to_owned());
                facts.tags = Sent::Is(tags.filter(|tag| !tag.is_empty()).collect());
                None
            }
            "chart_status" => {
                put(&mut facts.chart_status, ChartStatus::parse(cell).ok_or(Invalid("invalid")))
            }
            "replaced_by" => {
                put(&mut facts.replaced_by, PatientId::parse(cell).map_err(|_| Invalid("invalid")))
            }
            _ => put(&mut facts.sms_consent, yes_or_no(cell)),
        };
        warnings.extend(read.map(sentence));
    }
    Row { line, id, facts: unknown.map_or(Ok(facts), Err), warnings }
}

/// Notes that there is none of a fact that a chart can be without.
fn clear(facts: &mut SentChart, field: &str) {
    match field {
        "middle_name" => facts.middle_name = Sent::Nothing,
        "email" => facts.email = Sent::Nothing,
        "mobile_phone" => facts.mobile_phone = Sent::Nothing,
        "home_phone" => facts.home_phone = Sent::Nothing,
        "postal_code" => facts.postal_code = Sent::Nothing,
        "address_line" => facts.address_line = Sent::Nothing,
        "city" => facts.city = Sent::Nothing,
        "state" => facts.state = Sent::Nothing,
        "language" => facts.language = Sent::Nothing,
        "provider" => facts.provider = Sent::Nothing,
        "tags" => facts.tags = Sent::Nothing,
        "sms_consent" => facts.sms_consent = Sent::Nothing,
        _ => {}
    }
}

/// Notes what a cell says of a fact. The text is why it can't be read.
fn put<T>(fact: &mut Sent<T>, read: Result<T, Invalid>) -> Option<&'static str> {
    *fact = read.into();
    fact.unread()
}

/// Whether a number was turned into a figure with an exponent, as `2.03E+09`.
fn is_cut(cell: &str) -> bool {
    let upper = cell.to_ascii_uppercase();
    upper.contains("E+") && upper.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | 'E' | '+'))
}

/// Reads a birth date. A spreadsheet is consistent in itself, so the day comes first if the caller says so, and a year of
/// two digits is the last one that makes a living person.
fn birth_date(cell: &str, day_first: bool, now: Timestamp) -> Result<BirthDate, Invalid> {
    let cell = plain(cell);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> =
        cell.split(['/', '.', '-', ' ', ',']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let [first, second, year] = parts[..] else { return BirthDate::parse(&cell, now) };
    if is_digits(first) && first.len() > 2 || !is_digits(year) {
        return BirthDate::parse(&cell, now);
    }
    let by_day = day_first && is_digits(first) && is_digits(second);
    let (first, second) = if by_day { (second, first) } else { (first, second) };
    let read = |century: &str| BirthDate::parse(&format!("{first}/{second}/{century}{year}"), now);
    if year.len() == 2 { read("20").or_else(|_| read("19")) } else { read("") }
}

/// Reads a ZIP code, and whether zeros that a spreadsheet took away were put back.
fn postal_code(cell: &str) -> Result<(PostalCode, bool), Invalid> {
    let digits = digits(cell).filter(|digits| (3..5).contains(&digits.len()));
    let is_short = digits.is_some();
    let whole = digits.map_or_else(|| cell.to_owned(), |digits| format!("{digits:0>5}"));
    PostalCode::parse(&whole).map(|read| (read, is_short))
}

fn language(cell: &str) -> Result<String, Invalid> {
    language::tag(cell).ok_or(Invalid("invalid_language"))
}

fn yes_or_no(cell: &str) -> Result<bool, Invalid> {
    match cell.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "x" | "sí" | "si" => Ok(true),
        "no" | "n" | "false" | "0" => Ok(false),
        _ => Err(Invalid("invalid")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_564_800_000);

    fn sheet(text: &[u8]) -> Result<Sheet, Unreadable> {
        read(text, &Choices::default(), NOW)
    }

    #[test]
    fn files_of_excel_are_read_whatever_their_delimiter_mark_and_encoding() {
        let files: [&[u8]; 4] = [
            b"First name,Last name,DOB\nRosa,Pe\xc3\xb1a,3/4/58\n",
            b"\xef\xbb\xbfFirst name;Last name;DOB\r\nRosa;Pe\xc3\xb1a;3/4/58\r\n",
            b"First name\tLast name\tDOB\nRosa\tPe\xf1a\t03/04/1958\n",
            b"FIRST,LAST,Date of Birth\n\"Rosa\",\"Pe\xf1a\",1958-03-04\n\n,,\n",
        ];
        for file in files {
            let sheet = sheet(file).unwrap();
            let facts = sheet.rows[0].facts.as_ref().unwrap();
            assert_eq!(facts.family_name.known().unwrap().reveal(), "Peña");
            assert_eq!(facts.birth_date.known().unwrap().reveal(), "1958-03-04");
            assert_eq!(sheet.rows.len(), 1);
        }
    }

    #[test]
    fn what_is_no_table_of_patients_is_refused_with_the_cure() {
        let files: [(&[u8], &str); 7] = [
            (b"\xff\xfeF\0i\0", "utf_16"),
            (b"PK\x03\x04", "spreadsheet"),
            (b"First,Last,DOB\nRo\0sa,x,y\n", "not_text"),
            (b"just text\nmore\n", "one_column"),
            (b"First,Phone\nRosa,1\n", "missing_column"),
            (b"", "one_column"),
            (&[b"a,".repeat(300), b"\n".to_vec()].concat(), "too_many_columns"),
        ];
        for (file, code) in files {
            assert_eq!(sheet(file).err().unwrap().0, code);
        }
    }

    #[test]
    fn a_bad_cell_is_named_by_column_and_years_of_two_digits_make_a_living_person() {
        let sheet = sheet(
            b"First,Last,DOB,Cell,Zip,Email\nA,B,13/25/58,2.03E+09,2139,x\nA,B,3/4/26,,,\nA,B,3/4/27,,,\n",
        )
        .unwrap();
        let codes: Vec<(&str, &str)> =
            sheet.rows[0].warnings.iter().map(|fault| (fault.column.as_str(), fault.code)).collect();
        assert_eq!(
            codes,
            [
                ("DOB", "invalid_date"),
                ("Cell", "cut_by_excel"),
                ("Zip", "zip_zero_added"),
                ("Email", "invalid_email")
            ]
        );
        assert_eq!(sheet.rows[0].warnings[2].detail, "ZIP 2139 read as 02139.");
        let facts = sheet.rows[0].facts.as_ref().unwrap();
        assert!(facts.given_name.known().is_some() && facts.postal_code.known().is_some());
        assert_eq!((facts.birth_date, &facts.mobile_phone), (Sent::Unread("invalid_date"), &Sent::Stays));
        assert_eq!(sheet.rows[0].fault_in(&sheet.columns, "birth_date").unwrap().code, "invalid_date");
        let born = |row: usize| sheet.rows[row].facts.as_ref().unwrap().birth_date.known().unwrap().reveal();
        assert_eq!((born(1), born(2)), ("2026-03-04".to_owned(), "1927-03-04".to_owned()));
        let chosen = Choices { day_first: true, ..Choices::default() };
        let by_day = read(b"First,Last,DOB\nA,B,3/4/58\n", &chosen, NOW).unwrap();
        assert_eq!(by_day.rows[0].facts.as_ref().unwrap().birth_date.known().unwrap().reveal(), "1958-04-03");
    }

    #[test]
    fn a_line_whose_chart_id_cannot_be_read_is_nobodys() {
        let sheet =
            sheet(b"MRN,First,Last,DOB,Status\na b,A,B,3/4/58,dead\n7,A,B,3/4/58,DECEASED\n8,A,B,,gone\n")
                .unwrap();
        assert_eq!(sheet.rows[0].facts.as_ref().unwrap_err().code, "invalid_id");
        assert_eq!(sheet.rows[1].facts.as_ref().unwrap().chart_status, Sent::Is(ChartStatus::Deceased));
        assert_eq!(sheet.rows[2].facts.as_ref().unwrap().chart_status, Sent::Unread("invalid"));
        assert_eq!(sheet.rows[2].warnings[0].column, "Status");
    }

    #[test]
    fn an_id_of_dots_is_refused_with_its_line() {
        let sheet = sheet(b"Chart,First,Last,DOB\n.,A,B,1958-03-04\n..,A,B,1958-03-04\n...,A,B,1958-03-04\n")
            .unwrap();
        let codes: Vec<_> = sheet
            .rows
            .iter()
            .map(|row| (row.line, row.facts.as_ref().err().map(|fault| (fault.column.as_str(), fault.code))))
            .collect();
        let refused = Some(("Chart", "invalid_id"));
        assert_eq!(codes, [(2, refused), (3, refused), (4, None)]);
    }

    #[test]
    fn birth_dates_of_a_spreadsheet_may_have_short_years_and_the_day_first() {
        let born = |cell: &str, day_first| birth_date(cell, day_first, NOW).map(BirthDate::reveal);
        for cell in [
            "3/4/58",
            "03/04/58",
            "3-4-1958",
            "3.4.58",
            "1958-03-04",
            "19580304",
            "03041958",
            "4-Mar-58",
            "4-mar-1958",
            "Mar 4, 1958",
            "04 marzo 58",
            "３/４/１９５８",
            "3/4/1958 0:00",
        ] {
            assert_eq!(born(cell, false).as_deref(), Ok("1958-03-04"), "{cell}");
        }
        for cell in ["4/3/58", "04.03.1958", "4-Mar-58", "1958-03-04"] {
            assert_eq!(born(cell, true).as_deref(), Ok("1958-03-04"), "{cell}");
        }
        assert_eq!(born("25/12/80", false).as_deref(), Ok("1980-12-25"), "no month has the number 25");
        assert_eq!(born("2/29/00", false).as_deref(), Ok("2000-02-29"));
        assert_eq!(born("11/27/26", false).as_deref(), Ok("1926-11-27"), "it has not come yet");
        for cell in ["13/25/58", "58", "3/58", "2/30/58", "3/4/958", "3/4/158", "later", "1/2/3/4"] {
            assert!(born(cell, false).is_err(), "{cell}");
        }
    }

    #[test]
    fn a_column_can_be_given_a_field_and_formulas_are_text() {
        let chosen = BTreeMap::from([("email".to_owned(), "Contact".to_owned())]);
        let sheet = read(
            b"First,Last,DOB,Contact,City\nA,B,1958-03-04,a@example.com,=1+1\n",
            &Choices { fields: chosen, ..Choices::default() },
            NOW,
        )
        .unwrap();
        let facts = sheet.rows[0].facts.as_ref().unwrap();
        assert_eq!(facts.email.known().unwrap().reveal(), "a@example.com");
        assert_eq!(facts.city.known().unwrap().reveal(), "=1+1");
    }

    #[test]
    fn empty_cells_clear_what_a_chart_can_be_without_if_that_is_wanted() {
        let table = b"Chart,First,Last,DOB,Email,Cell,Status\np1,A,B,1958-03-04,,,\n";
        let read = |empty_clears| {
            let chosen = Choices { empty_clears, ..Choices::default() };
            let mut sheet = read(table, &chosen, NOW).unwrap();
            sheet.rows.remove(0).facts.unwrap()
        };
        assert_eq!((read(false).email, read(false).mobile_phone), (Sent::Stays, Sent::Stays));
        let cleared = read(true);
        assert_eq!((cleared.email, cleared.mobile_phone), (Sent::Nothing, Sent::Nothing));
        assert_eq!(cleared.chart_status, Sent::Stays, "nobody comes back to life by an empty cell");
    }

    #[test]
    fn a_chosen_column_comes_before_one_with_the_usual_name() {
        let chosen = BTreeMap::from([("email".to_owned(), "Contact".to_owned())]);
        let sheet = read(
            b"First,Last,DOB,Email,Contact\nA,B,1958-03-04,old@example.com,new@example.com\n",
            &Choices { fields: chosen, ..Choices::default() },
            NOW,
        )
        .unwrap();
        let facts = sheet.rows[0].facts.as_ref().unwrap();
        assert_eq!(facts.email.known().unwrap().reveal(), "new@example.com");
        assert_eq!(sheet.columns[3].1, None);
    }
}
