//! The time zones that a person may be in: by the area code of a phone number, and by state and ZIP code.
//!
//! A person keeps their number when they move, so none of these is certain. Texts are therefore sent only at
//! hours that are allowed in all of them.

/// Area codes of the North American Numbering Plan by the time zones of their areas. Where several zones keep
/// the same clock, one stands for all. From the metadata of libphonenumber 9.0 (its map of prefixes to time
/// zones), and a new code that shares its area with an older one (an overlay) has that one's zones.
/// `tests/oracles/area_codes.py` compares this table with that library.
const AREA_CODES: [(&[&str], &str); 29] = [
    (
        &["America/New_York"],
        "201 202 203 207 212 215 216 220 223 226 227 229 231 234 239 240 242 248 249 252 260 263 267 269 \
         272 273 276 283 289 301 302 304 305 313 315 317 321 324 326 329 330 332 336 339 343 347 351 352 \
         354 363 365 367 380 382 386 401 404 407 410 412 413 416 419 434 436 437 438 440 443 445 450 463 468 \
         470 472 475 478 484 502 508 513 514 516 517 518 519 540 548 551 561 567 570 571 579 581 582 585 \
         586 603 607 609 610 613 614 616 617 624 631 640 645 646 647 649 656 667 678 680 681 683 686 703 704 \
         705 706 716 717 718 724 727 728 732 734 740 742 743 753 754 757 762 765 770 771 772 774 781 786 \
         802 803 804 810 813 814 819 821 826 828 835 838 839 843 845 848 854 856 857 859 860 862 863 864 \
         865 873 878 904 905 908 910 912 914 917 919 929 934 937 941 942 943 947 948 954 959 973 978 980 \
         984 989",
    ),
    (
        &["America/Chicago"],
        "204 205 210 214 217 218 224 225 228 235 251 254 256 262 274 281 309 312 314 316 318 319 320 325 \
         327 331 334 337 346 353 361 402 405 409 414 417 430 431 432 447 464 469 474 479 501 504 507 512 \
         515 531 534 539 557 563 572 573 580 584 601 608 612 615 618 629 630 636 641 651 659 660 662 682 \
         689 708 712 713 715 726 730 731 737 763 769 773 779 806 815 816 817 830 832 847 861 870 872 901 903 \
         913 918 920 931 936 938 940 945 952 956 972 975 979 985",
    ),
    (
        &["America/Los_Angeles"],
        "206 209 213 236 253 257 279 310 323 341 350 360 369 408 415 424 425 442 503 509 510 530 559 562 \
         564 604 619 626 628 650 657 661 669 672 702 707 714 725 738 747 760 778 805 818 820 831 840 858 \
         909 916 925 949 951 971",
    ),
    (&["America/Denver"], "303 307 368 385 403 406 435 505 575 587 719 720 748 780 801 825 915 970 983"),
    (&["America/Chicago", "America/New_York"], "219 270 364 423 448 574 606 729 807 812 850 906 930"),
    (&["America/Denver", "America/Los_Angeles"], "208 250 458 541 775 986"),
    (&["America/Chicago", "America/Denver"], "308 605 620 701 785"),
    (&["America/Halifax"], "428 441 506 782 902"),
    (&["America/Phoenix"], "480 520 602 623"),
    (&["America/Santo_Domingo"], "809 829 849"),
    (&["America/Jamaica"], "658 876"),
    (&["America/Puerto_Rico"], "264 268 284 473 664 721 767 787 869 939"),
    (&["America/Regina"], "306 639"),
    (&["America/Adak", "America/Anchorage", "Pacific/Honolulu"], "907"),
    (&["America/Barbados"], "246"),
    (&["America/Cayman"], "345"),
    (
        &[
            "America/Chicago",
            "America/Denver",
            "America/Fort_Nelson",
            "America/Los_Angeles",
            "America/New_York",
        ],
        "867",
    ),
    (&["America/Denver", "America/Phoenix"], "928"),
    (&["America/Halifax", "America/New_York"], "418"),
    (&["America/Halifax", "America/St_Johns"], "709"),
    (&["America/Port_of_Spain"], "868"),
    (&["America/Puerto_Rico", "America/St_Johns"], "879"),
    (&["America/St_Lucia"], "758"),
    (&["America/St_Thomas"], "340"),
    (&["America/St_Vincent"], "784"),
    (&["Pacific/Guam"], "671"),
    (&["Pacific/Honolulu"], "808"),
    (&["Pacific/Saipan"], "670"),
    (&["Pacific/Pago_Pago"], "684"),
];

/// A state or territory of the United States.
struct State {
    /// The postal abbreviation.
    code: &'static str,
    name: &'static str,
    zones: &'static [&'static str],
    /// The first three digits of its ZIP codes: from and to.
    prefixes: &'static [(u16, u16)],
}

impl State {
    fn has_prefix(&self, prefix: u16) -> bool {
        self.prefixes.iter().any(|(from, to)| (*from..=*to).contains(&prefix))
    }
}

const fn state(
    code: &'static str,
    name: &'static str,
    zones: &'static [&'static str],
    prefixes: &'static [(u16, u16)],
) -> State {
    State { code, name, zones, prefixes }
}

/// The states and territories, from USPS Publication 65 and 49 CFR part 71.
const STATES: [State; 56] = [
    state("AL", "Alabama", &[CENTRAL], &[(350, 369)]),
    state("AK", "Alaska", &["America/Anchorage", "America/Adak"], &[(995, 999)]),
    state("AS", "American Samoa", &["Pacific/Pago_Pago"], &[]),
    state("AZ", "Arizona", &["America/Phoenix", MOUNTAIN], &[(850, 865)]),
    state("AR", "Arkansas", &[CENTRAL], &[(716, 729)]),
    state("CA", "California", &[PACIFIC], &[(900, 961)]),
    state("CO", "Colorado", &[MOUNTAIN], &[(800, 816)]),
    state("CT", "Connecticut", &[EASTERN], &[(60, 69)]),
    state("DE", "Delaware", &[EASTERN], &[(197, 199)]),
    state("DC", "District of Columbia", &[EASTERN], &[(200, 200), (202, 205)]),
    state("FL", "Florida", &[EASTERN, CENTRAL], &[(320, 339), (341, 349)]),
    state("GA", "Georgia", &[EASTERN], &[(300, 319), (398, 399)]),
    state("GU", "Guam", &["Pacific/Guam"], &[(969, 969)]),
    state("HI", "Hawaii", &["Pacific/Honolulu"], &[(967, 968)]),
    state("ID", "Idaho", &[MOUNTAIN, PACIFIC], &[(832, 838)]),
    state("IL", "Illinois", &[CENTRAL], &[(600, 629)]),
    state("IN", "Indiana", &[EASTERN, CENTRAL], &[(460, 479)]),
    state("IA", "Iowa", &[CENTRAL], &[(500, 528)]),
    state("KS", "Kansas", &[CENTRAL, MOUNTAIN], &[(660, 679)]),
    state("KY", "Kentucky", &[EASTERN, CENTRAL], &[(400, 427)]),
    state("LA", "Louisiana", &[CENTRAL], &[(700, 714)]),
    state("ME", "Maine", &[EASTERN], &[(39, 49)]),
    state("MD", "Maryland", &[EASTERN], &[(206, 219)]),
    state("MA", "Massachusetts", &[EASTERN], &[(10, 27), (55, 55)]),
    state("MI", "Michigan", &[EASTERN, CENTRAL], &[(480, 499)]),
    state("MN", "Minnesota", &[CENTRAL], &[(550, 567)]),
    state("MS", "Mississippi", &[CENTRAL], &[(386, 397)]),
    state("MO", "Missouri", &[CENTRAL], &[(630, 658)]),
    state("MP", "Northern Mariana Islands", &["Pacific/Guam"], &[]),
    state("MT", "Montana", &[MOUNTAIN], &[(590, 599)]),
    state("NE", "Nebraska", &[CENTRAL, MOUNTAIN], &[(680, 693)]),
    state("NV", "Nevada", &[PACIFIC, MOUNTAIN], &[(889, 898)]),
    state("NH", "New Hampshire", &[EASTERN], &[(30, 38)]),
    state("NJ", "New Jersey", &[EASTERN], &[(70, 89)]),
    state("NM", "New Mexico", &[MOUNTAIN], &[(870, 884)]),
    state("NY", "New York", &[EASTERN], &[(5, 5), (100, 149)]),
    state("NC", "North Carolina", &[EASTERN], &[(270, 289)]),
    state("ND", "North Dakota", &[CENTRAL, MOUNTAIN], &[(580, 588)]),
    state("OH", "Ohio", &[EASTERN], &[(430, 459)]),
    state("OK", "Oklahoma", &[CENTRAL], &[(730, 732), (734, 749)]),
    state("OR", "Oregon", &[PACIFIC, MOUNTAIN], &[(970, 979)]),
    state("PA", "Pennsylvania", &[EASTERN], &[(150, 196)]),
    state("PR", "Puerto Rico", &["America/Puerto_Rico"], &[(6, 7), (9, 9)]),
    state("RI", "Rhode Island", &[EASTERN], &[(28, 29)]),
    state("SC", "South Carolina", &[EASTERN], &[(290, 299)]),
    state("SD", "South Dakota", &[CENTRAL, MOUNTAIN], &[(570, 577)]),
    state("TN", "Tennessee", &[EASTERN, CENTRAL], &[(370, 385)]),
    state("TX", "Texas", &[CENTRAL, MOUNTAIN], &[(733, 733), (750, 799), (885, 885)]),
    state("UT", "Utah", &[MOUNTAIN], &[(840, 847)]),
    state("VT", "Vermont", &[EASTERN], &[(50, 54), (56, 59)]),
    state("VI", "Virgin Islands", &["America/Puerto_Rico"], &[(8, 8)]),
    state("VA", "Virginia", &[EASTERN], &[(201, 201), (220, 246)]),
    state("WA", "Washington", &[PACIFIC], &[(980, 994)]),
    state("WV", "West Virginia", &[EASTERN], &[(247, 268)]),
    state("WI", "Wisconsin", &[CENTRAL], &[(530, 549)]),
    state("WY", "Wyoming", &[MOUNTAIN], &[(820, 831)]),
];

const EASTERN: &str = "America/New_York";
const CENTRAL: &str = "America/Chicago";
const MOUNTAIN: &str = "America/Denver";
const PACIFIC: &str = "America/Los_Angeles";

/// The IANA names of the zones of a phone number's area. Empty for numbers that belong to no area, such as
/// toll-free ones, and for numbers outside the North American Numbering Plan.
pub fn of_number(e164: &str) -> &'static [&'static str] {
    let Some(area) = e164.strip_prefix("+1").and_then(|national| national.get(..3)) else { return &[] };
    let holds = |codes: &str| codes.split_whitespace().any(|code| code == area);
    AREA_CODES.iter().find(|(_, codes)| holds(codes)).map_or(&[], |(zones, _)| zones)
}

/// The IANA names of a state's zones, by its postal abbreviation or its name in any case. Empty for any
/// other text.
pub fn of_state(state: &str) -> &'static [&'static str] {
    let state = state.trim();
    STATES
        .iter()
        .find(|known| known.code.eq_ignore_ascii_case(state) || known.name.eq_ignore_ascii_case(state))
        .map_or(&[], |known| known.zones)
}

/// The IANA names of the zones of the state that a ZIP code belongs to. Empty if it belongs to none, such as
/// those of the armed forces.
pub fn of_postal_code(postal_code: &str) -> &'static [&'static str] {
    let Some(prefix) = postal_code.get(..3).and_then(|prefix| prefix.parse::<u16>().ok()) else { return &[] };
    STATES.iter().find(|state| state.has_prefix(prefix)).map_or(&[], |state| state.zones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_a_state_and_a_zip_code_lead_to_their_zones() {
        assert_eq!(of_number("+12025550143"), [EASTERN]);
        assert_eq!(of_number("+18505550143"), [CENTRAL, EASTERN], "Florida's panhandle is in two");
        assert_eq!(of_number("+13645550143"), of_number("+12705550143"), "an overlay shares the area");
        assert_eq!(of_number("+18085550143"), ["Pacific/Honolulu"]);
        assert!(of_number("+18005550143").is_empty() && of_number("+441632960961").is_empty());
        assert_eq!(of_state("TX"), of_state("texas"));
        assert_eq!(of_postal_code("79901-1234"), [CENTRAL, MOUNTAIN]);
        assert_eq!(of_postal_code("02139"), [EASTERN]);
        assert_eq!(of_postal_code("96898"), ["Pacific/Honolulu"]);
        assert!(of_postal_code("09012").is_empty() && of_postal_code("").is_empty());
    }

    #[test]
    fn every_zone_exists_and_no_code_or_prefix_is_listed_twice() {
        let zones = AREA_CODES.iter().map(|(zones, _)| *zones).chain(STATES.iter().map(|state| state.zones));
        for zone in zones.flatten() {
            assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
        }
        let mut codes: Vec<&str> =
            AREA_CODES.iter().flat_map(|(_, codes)| codes.split_whitespace()).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
        for prefix in 0..1000_u16 {
            let holders = STATES.iter().filter(|state| state.has_prefix(prefix));
            assert!(holders.count() <= 1, "{prefix:03}");
        }
    }
}
