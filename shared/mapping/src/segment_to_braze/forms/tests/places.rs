use super::*;

#[test]
fn a_country_is_a_code_or_a_name_and_nothing_else() {
    event::rules!["SB-095", "SB-701"];
    let invalid = "!invalid_country";
    holds(
        Form::Country,
        &[
            ("\"NG\"", "\"NG\""),
            ("\" ng \"", "\"NG\""),
            ("\"gbr\"", "\"GB\""),
            ("\"\\tNga\\n\"", "\"NG\""),
            ("\"Nigeria\"", "\"NG\""),
            ("\"NIGERIA\"", "\"NG\""),
            ("\" C\u{f4}te d\u{2019}Ivoire \"", "\"CI\""),
            ("\"C\u{f4}te d'Ivoire\"", "\"CI\""),
            ("\"Co\u{302}te dIvoire\"", "\"CI\""),
            ("\"\u{c5}land Islands\"", "\"AX\""),
            ("\"T\u{dc}RKIYE\"", "\"TR\""),
            ("\"T\u{fc}rkiye\"", "\"TR\""),
            ("\"Cura\u{e7}ao\"", "\"CW\""),
            ("\"R\u{e9}union\"", "\"RE\""),
            ("\"P\u{f8}land\"", "\"PL\""),
            ("\"Po\u{141}and\"", "\"PL\""),
            ("\"Hun\u{121}ary\"", "\"HU\""),
            ("\"In\u{110}ia\"", "\"IN\""),
            ("\"\u{130}ndia\"", "\"IN\""),
            ("\"\u{ff29}ndia\"", "\"IN\""),
            ("\"The Netherlands\"", "\"NL\""),
            ("\"the gambia\"", "\"GM\""),
            ("\"'The Bahamas'\"", "\"BS\""),
            ("\"U.S.A.\"", "\"US\""),
            ("\"U.K.\"", "\"GB\""),
            ("\"St. Lucia\"", "\"LC\""),
            ("\"St Lucia\"", "\"LC\""),
            ("\"The the Gambia\"", "\"GM\""),
            ("\"The  Gambia\"", "\"GM\""),
            ("\"Gambia, The\"", "\"GM\""),
            ("\"Gambia (the)\"", "\"GM\""),
            ("\"Trinidad & Tobago\"", "\"TT\""),
            ("\"Guinea Bissau\"", "\"GW\""),
            ("\"Micronesia (Federated States of)\"", "\"FM\""),
            ("\"theGambia\"", invalid),
            ("\"the\"", invalid),
            ("\"U.S.\"", invalid),
            ("\"N.G.\"", invalid),
            ("\"the NG\"", invalid),
            ("\"\u{ff2e}\u{ff27}\"", invalid),
            ("\"XX\"", invalid),
            ("\"EU\"", invalid),
            ("\"XK\"", invalid),
            ("\"566\"", invalid),
            ("\"Atlantis\"", invalid),
            ("\"Deutschland\"", invalid),
            ("\"Congo - Brazzaville\"", "\"CG\""),
            ("\"...\"", invalid),
            ("566", invalid),
            ("true", invalid),
        ],
    );
}

#[test]
fn a_language_is_the_first_part_of_a_tag() {
    event::rules!["SB-096", "SB-701"];
    let invalid = "!invalid_language";
    holds(
        Form::Language,
        &[
            ("\"en\"", "\"en\""),
            ("\" EN \"", "\"en\""),
            ("\"en-GB\"", "\"en\""),
            ("\"pt_BR\"", "\"pt\""),
            ("\"zh-Hant-TW\"", "\"zh\""),
            ("\"zh_Hant-TW\"", "\"zh\""),
            ("\"De -AT\"", "\"de\""),
            ("\"fr-\"", "\"fr\""),
            ("\"en.UTF-8\"", invalid),
            ("\"eng\"", invalid),
            ("\"english\"", invalid),
            ("\"xx\"", invalid),
            ("\"in-ID\"", "\"id\""),
            ("\"iw\"", "\"he\""),
            ("\"JI_x\"", "\"yi\""),
            ("\"jw\"", "\"jv\""),
            ("\"mo-MD\"", "\"ro\""),
            ("\"fil-PH\"", "\"tl\""),
            ("\"-en\"", invalid),
            ("\"_\"", invalid),
            ("\"e\"", invalid),
            ("\"\u{fc}\"", invalid),
            ("1", invalid),
            ("true", invalid),
        ],
    );
}

#[test]
fn a_location_is_two_numbers_within_the_globe() {
    event::rules!["SB-090", "SB-701"];
    let invalid = "!invalid_value";
    holds(
        Form::Location,
        &[
            (
                r#"{"latitude":6.4550,"longitude":3.3841}"#,
                r#"{"latitude":6.4550,"longitude":3.3841}"#,
            ),
            (
                r#"{"longitude":"-180","city":"x","latitude":" +090.0 "}"#,
                r#"{"latitude":90.0,"longitude":-180}"#,
            ),
            (
                r#"{"latitude":-90,"longitude":180.000}"#,
                r#"{"latitude":-90,"longitude":180.000}"#,
            ),
            (
                r#"{"latitude":9e1,"longitude":-1.8E2}"#,
                r#"{"latitude":9e1,"longitude":-1.8E2}"#,
            ),
            (
                r#"{"latitude":0,"longitude":0}"#,
                r#"{"latitude":0,"longitude":0}"#,
            ),
            (r#"{"latitude":90.00000000000000000001,"longitude":0}"#, invalid),
            (r#"{"latitude":-90.1,"longitude":0}"#, invalid),
            (r#"{"latitude":0,"longitude":180.1}"#, invalid),
            (r#"{"latitude":0,"longitude":-181}"#, invalid),
            (r#"{"latitude":1e400,"longitude":0}"#, invalid),
            (r#"{"latitude":1e999999999999,"longitude":0}"#, invalid),
            (r#"{"latitude":"north","longitude":0}"#, invalid),
            (r#"{"latitude":null,"longitude":0}"#, invalid),
            (r#"{"latitude":1}"#, invalid),
            (r#"{"longitude":1}"#, invalid),
            ("[6.4,3.3]", invalid),
            ("\"6.4,3.3\"", invalid),
            ("6", invalid),
        ],
    );
}
