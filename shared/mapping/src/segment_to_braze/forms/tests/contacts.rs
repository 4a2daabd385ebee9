use super::*;
use event::settings::InvalidPhone;

#[test]
fn an_email_has_one_at_sign_and_a_domain_of_labels() {
    event::rules!["SB-090", "SB-701"];
    let local = |length: usize| format!("\"{}@example.com\"", "a".repeat(length));
    let label = |length: usize| format!("\"a@{}.com\"", "b".repeat(length));
    // 64 + 1 + 63 + 1 + 63 + 1 + the last label.
    let whole = |last: usize| {
        let (part, long) = ("l".repeat(64), "d".repeat(63));
        format!("\"{part}@{long}.{long}.{}\"", "e".repeat(last))
    };
    holds(
        Form::Email,
        &[
            ("\"mara.okafor@example.com\"", "\"mara.okafor@example.com\""),
            ("\" \\tMara@Example.COM\\u00a0\"", "\"Mara@Example.COM\""),
            ("\"a@b.c\"", "\"a@b.c\""),
            ("\"o'neil+x%y!#@b.co.uk\"", "\"o'neil+x%y!#@b.co.uk\""),
            ("\"\\\"q\\\"@b.co\"", "!invalid_email"),
            ("\" mailto:a@b.c\\u200b\"", "\"a@b.c\""),
            ("\"a\\u00ad@b.c\"", "\"a@b.c\""),
            ("\"a_b-c@d_e.f-g\"", "\"a_b-c@d_e.f-g\""),
            ("\"a..b@c.d\"", "!invalid_email"),
            ("\".a@c.d\"", "!invalid_email"),
            ("\"a.@c.d\"", "!invalid_email"),
            ("\"a@-b.c\"", "!invalid_email"),
            ("\"a@b-.c\"", "!invalid_email"),
            ("\"a@b!.c\"", "!invalid_email"),
            ("\"Ann <a@b.c>\"", "!invalid_email"),
            ("\"a,b@c.d\"", "!invalid_email"),
            ("\"a@b.c;d@e.f\"", "!invalid_email"),
            (
                "\"m\u{fc}ller@b\u{fc}cher.example\"",
                "\"m\u{fc}ller@xn--bcher-kva.example\"",
            ),
            ("\"not an address\"", "!invalid_email"),
            ("\"a.b.c\"", "!invalid_email"),
            ("\"a@b\"", "!invalid_email"),
            ("\"@b.c\"", "!invalid_email"),
            ("\"a@\"", "!invalid_email"),
            ("\"a@b@c.d\"", "!invalid_email"),
            ("\"a@@b.c\"", "!invalid_email"),
            ("\"a@.c\"", "!invalid_email"),
            ("\"a@b.\"", "!invalid_email"),
            ("\"a@b..c\"", "!invalid_email"),
            ("\"a b@c.d\"", "!invalid_email"),
            ("\"a@b .c\"", "!invalid_email"),
            ("\"a\\u00a0b@c.d\"", "!invalid_email"),
            ("\"a\\u0000b@c.d\"", "!invalid_email"),
            ("\"a@b.c\\u0085d\"", "!invalid_email"),
            ("7", "!invalid_email"),
            ("true", "!invalid_email"),
        ],
    );
    for (accepted, refused) in [(local(64), local(65)), (label(63), label(64))] {
        assert_eq!(read(Form::Email, &accepted), accepted);
        assert_eq!(read(Form::Email, &refused), "!invalid_email");
    }
    assert_eq!(read(Form::Email, &whole(61)), whole(61));
    assert_eq!(read(Form::Email, &whole(62)), "!invalid_email");
    let wide = format!("\"{}@b.c\"", "\u{fc}".repeat(64));
    assert_eq!(read(Form::Email, &wide), wide);
    assert_eq!(email(" a@b.c ").as_deref(), Some("a@b.c"));
    assert_eq!(email("a@b"), None);
}

#[test]
fn a_url_begins_with_http() {
    event::rules!["SB-090", "SB-701"];
    holds(
        Form::Url,
        &[
            ("\"https://img.example/m.png\"", "\"https://img.example/m.png\""),
            ("\" HTTP://x\\n\"", "\"HTTP://x\""),
            ("\"http://\"", "\"http://\""),
            ("\"hTTps://x/a b\"", "\"hTTps://x/a b\""),
            ("\"m.png\"", "!invalid_url"),
            ("\"//x/m.png\"", "!invalid_url"),
            ("\"http:/x\"", "!invalid_url"),
            ("\"ftp://x\"", "!invalid_url"),
            ("\"data:image/png;base64,AA\"", "!invalid_url"),
            ("\"see https://x\"", "!invalid_url"),
            ("\"\u{fc}\u{fc}\u{fc}\u{fc}\"", "!invalid_url"),
            ("1", "!invalid_url"),
        ],
    );
}

fn phones(default_calling_code: &str, invalid_phone: InvalidPhone) -> SegmentToBraze {
    SegmentToBraze {
        default_calling_code: default_calling_code.into(),
        invalid_phone,
        ..SegmentToBraze::default()
    }
}

fn british() -> SegmentToBraze {
    phones("44", InvalidPhone::Send)
}

#[test]
fn a_phone_number_becomes_e164() {
    event::rules!["SB-092", "SB-701"];
    for (given, wanted) in [
        ("\"+442079460018\"", "\"+442079460018\""),
        ("\" +44 (20) 7946-0018 \"", "\"+442079460018\""),
        ("\"+44.20/7946\\u00a00018\"", "\"+442079460018\""),
        (
            "\"+44\\u201020\\u20117946\\u201200\\u201318\"",
            "\"+442079460018\"",
        ),
        ("\"+4420\\u20147946\\u20150018\"", "\"+442079460018\""),
        ("\"0044 20 7946 0018\"", "\"+442079460018\""),
        ("\"(00) 44 20 7946 0018\"", "\"+442079460018\""),
        ("\"0-0-44 20 7946 0018\"", "\"+442079460018\""),
        ("\"+49 (0)30 123456\"", "\"+4930123456\""),
        ("\"+49 (030) 123456\"", "\"+4930123456\""),
        ("\"(+49) 030 123456\"", "\"+4930123456\""),
        ("\"+ 49 030-123456\"", "\"+4930123456\""),
        ("\"0049/030 123456\"", "\"+4930123456\""),
        ("\"+490301234567\"", "\"+490301234567\""),
        ("\"+39 06 1234567\"", "\"+39061234567\""),
        ("\"+1 1 202 555 0100\"", "\"+12025550100\""),
        ("\"+7 8 912 345 6789\"", "\"+79123456789\""),
        ("\"+7 800 555 3535\"", "\"+78005553535\""),
        ("\"+36 06 1 234 5678\"", "\"+3612345678\""),
        ("\"+1234567\"", "\"+1234567\""),
        ("\"+123456789012345\"", "\"+123456789012345\""),
        ("\"+123456\"", "!invalid_phone"),
        ("\"+1234567890123456\"", "!invalid_phone"),
        ("\"+0123456789\"", "!invalid_phone"),
        ("\"000123456789\"", "!invalid_phone"),
        ("\"00\"", "!invalid_phone"),
        ("\"+\"", "!invalid_phone"),
        ("\"++442079460018\"", "!invalid_phone"),
        ("\"44+2079460018\"", "!invalid_phone"),
        ("\"+44 20 7946 0018 ext 3\"", "!invalid_phone"),
        ("\"+44\\u221220\"", "!invalid_phone"),
        (
            "\"+\u{663}\u{663}\u{663}\u{663}\u{663}\u{663}\u{663}\"",
            "!invalid_phone",
        ),
        ("\"call me\"", "!invalid_phone"),
        ("\"-\"", "!invalid_phone"),
        ("\"( )\"", "!invalid_phone"),
        ("4.4e11", "!invalid_phone"),
        ("true", "!invalid_phone"),
    ] {
        for settings in [
            phones("", InvalidPhone::Send),
            phones("", InvalidPhone::Drop),
            british(),
            phones("44", InvalidPhone::Drop),
        ] {
            assert_eq!(read_by(Form::Phone, given, &settings), wanted, "{given}");
            let e164 = e164(Json::parse(given).unwrap(), PhoneRules::of(&settings))
                .map(|number| format!("\"{number}\""));
            assert_eq!(e164.unwrap_or("!invalid_phone".into()), wanted, "{given}");
        }
    }
}

#[test]
fn digits_alone_are_national() {
    event::rules!["SB-092", "SB-701"];
    let not_e164 = "!phone_not_e164";
    let invalid = "!invalid_phone";
    for (given, plain, british) in [
        ("\"020 7946 0018\"", "020 7946 0018", Some("+442079460018")),
        ("\" 20-7946-0018\\n\"", "20-7946-0018", Some("+442079460018")),
        ("442079460018", "442079460018", Some("+44442079460018")),
        ("-2079460018", "-2079460018", Some("+442079460018")),
        ("\"0\"", "0", None),
        ("\"112\"", "112", None),
        ("\"01234\"", "01234", None),
        ("\"012345\"", "012345", Some("+4412345")),
        ("\"1234567890123\"", "1234567890123", Some("+441234567890123")),
        ("\"12345678901234\"", "12345678901234", None),
    ] {
        let as_given = format!("\"{plain}\" {not_e164}");
        let as_e164 = british.map(|number| format!("\"{number}\""));
        assert_eq!(read(Form::Phone, given), as_given, "{given}");
        assert_eq!(
            read_by(Form::Phone, given, &phones("", InvalidPhone::Drop)),
            invalid,
            "{given}"
        );
        let wanted = as_e164.clone().unwrap_or(as_given);
        assert_eq!(read_by(Form::Phone, given, &self::british()), wanted, "{given}");
        let wanted = as_e164.unwrap_or(invalid.into());
        assert_eq!(
            read_by(Form::Phone, given, &phones("44", InvalidPhone::Drop)),
            wanted,
            "{given}"
        );
        let json = Json::parse(given).unwrap();
        assert_eq!(
            e164(json, PhoneRules::of(&self::british())).as_deref(),
            british,
            "{given}"
        );
        assert_eq!(
            e164(json, PhoneRules::of(&SegmentToBraze::default())),
            None,
            "{given}"
        );
    }
    let blank = Json::parse("\" \"").unwrap();
    assert_eq!(e164(blank, PhoneRules::of(&british())), None);
}
