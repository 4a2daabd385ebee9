use super::*;
use crate::Route;

#[test]
fn an_empty_file_gives_the_defaults() {
    let settings = Settings::load("").unwrap();
    assert!(settings.routes.segment_to_braze);
    assert_eq!(settings.receipt.max_events, 10_000);
}

#[test]
fn a_receiver_looks_at_its_own_tables_alone() {
    crate::rules!["RI-048"];
    for elsewhere in [
        "[segment_to_braze]\norders = \"purchase\"",
        "[brazee]\nx = 1",
        "[braze]\nhorizon = \"99d\"",
        "[delivery]\npause_s = \"many\"",
        "surprise = true",
    ] {
        assert!(Settings::load(elsewhere).is_err(), "{elsewhere}");
        let (_, unknown) = Settings::load_for_receipt(elsewhere).unwrap();
        assert!(unknown.is_empty(), "{elsewhere}");
    }
    let newer = "[receipt]\nmax_events = 5\nmax_evnts = 6\n[routes]\nbraze_to_mars = true";
    let (settings, unknown) = Settings::load_for_receipt(newer).unwrap();
    assert_eq!(settings.receipt.max_events, 5);
    assert_eq!(unknown, ["receipt.max_evnts", "routes.braze_to_mars"]);
    for (own, key) in [
        ("[receipt]\nmax_events = 0", "`receipt.max_events`"),
        (
            "[telemetry]\nrefusals_every = \"2m\"",
            "`telemetry.refusals_every`",
        ),
        ("[routes]\nsegment_to_braze = 1", "`routes.segment_to_braze`"),
        ("[receipt", "no TOML"),
    ] {
        let error = Settings::load_for_receipt(own).err().unwrap().to_string();
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn a_mistake_in_own_rules_is_one_of_its_route() {
    crate::rules!["OR-012", "OR-013"];
    for (mistake, route) in [
        ("[[segment_to_branch.rules]]\nrenmae = 3", Route::SegmentToBranch),
        ("[braze_to_segment]\nrules = \"none\"", Route::BrazeToSegment),
        (
            "[[segment_to_braze.triggers]]\nwhen = 7\ncampaign_id = \"c\"",
            Route::SegmentToBraze,
        ),
        (
            "[[segment_to_braze.catalogs]]\nevent = \"E\"\ncatalog = \"c\"\nwhen = { a = { abov = 1 } }",
            Route::SegmentToBraze,
        ),
    ] {
        let text = format!("{mistake}\n[braze]\nmax_objects = 9\n[receipt]\nmax_events = 7");
        assert!(Settings::load(&text).is_err(), "{mistake}");
        let (settings, problems) = Settings::load_usable(&text);
        assert_eq!(settings.braze.max_objects, 9);
        assert!(!problems.is_empty(), "{mistake}");
        for problem in problems {
            let concerned = Route::ALL.into_iter().filter(|route| problem.concerns(*route));
            assert_eq!(concerned.collect::<Vec<_>>(), [route], "{problem}");
        }
        let (settings, unknown) = Settings::load_for_receipt(&text).unwrap();
        assert_eq!((settings.receipt.max_events, unknown.len()), (7, 0), "{mistake}");
    }
    let both = "[[segment_to_braze.rules]]\ndrop = 1\n[braze]\nmax_objects = 900";
    let Invalid(problems) = Settings::load(both).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["segment_to_braze.rules.0.drop", "braze.max_objects"]);
}

#[test]
fn what_is_no_toml_is_a_mistake_of_its_table() {
    crate::rules!["RI-048", "OR-012", "OR-013"];
    let deep = format!("{}1{}", "[".repeat(90), "]".repeat(90));
    for row in [
        r#"rename = { "a" = "b", "a" = "c" }"#,
        r#"set = { "a" = 007 }"#,
        r#"set = { "a" = 2020-13-45 }"#,
        "rename = { a = b }",
        "name = \"a\"\nname = \"b\"",
        "drop",
        "rename {",
        "name = \"a",
        "name = \"\"\"a",
        "remove = [\"ä\",",
        "[segment_to_branch.rules.set",
        &format!("set = {{ a = {deep} }}"),
    ] {
        for route in Route::ALL {
            let row = row.replace("segment_to_branch", route.as_str());
            let text = format!(
                "[receipt]\nmax_events = 7\n[[{route}.rules]]\n{row}\n[braze]\nmax_objects = 9\n\
                [routes]\nsegment_to_braze = false\n"
            );
            let error = Settings::load(&text).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{route}` is no TOML: ")), "{error}");
            let (settings, unknown) = Settings::load_for_receipt(&text).unwrap();
            assert_eq!((settings.receipt.max_events, unknown.len()), (7, 0), "{text}");
            assert!(!settings.routes.segment_to_braze, "{text}");
            let (settings, problems) = Settings::load_usable(&text);
            assert_eq!(settings.braze.max_objects, 9, "{text}");
            let concerns = |route: &Route| problems.iter().any(|problem| problem.concerns(*route));
            let concerned: Vec<Route> = Route::ALL.into_iter().filter(concerns).collect();
            assert_eq!(concerned, [route], "{text}: {problems:?}");
        }
    }
    // The line is that of the file, and other mistakes are told beside it.
    let two = "[braze]\nmax_objects = \"x\"\n[[segment_to_branch.rules]]\ndrop\n[[segment_to_braze.rules]]\ndrop = 1";
    let error = Settings::load(two).map(|_| ()).unwrap_err().to_string();
    for wanted in [
        "`segment_to_branch` is no TOML: TOML parse error at line 4",
        "`braze.max_objects` is the text \"x\"",
        "`segment_to_braze.rules.0.drop` is the number 1",
    ] {
        assert!(error.contains(wanted), "{error}");
    }
    // Where a receiver's own tables end is not guessed.
    for own in [
        "[receipt]\nmax_events = \n[braze]\nmax_objects = 9",
        "[[segment_to_braze.rules]]\ndrop\n[routes]\nsegment_to_braze",
        "what = [\n[receipt]\nmax_events = 7",
        "[receipt]\n[receipt]\n[[segment_to_braze.rules]]\ndrop = true",
        "braze.max_objects = 9\n[braze]\nmax_objects = 9",
    ] {
        assert!(Settings::load_for_receipt(own).is_err(), "{own}");
        assert!(Settings::load(own).is_err(), "{own}");
    }
}

#[test]
fn a_mistake_of_type_hides_none_in_rows() {
    crate::rules!["OR-011", "OR-014"];
    let text = "[[segment_to_braze.rules]]\nrenam = {}\n[braze]\nmax_objects = \"x\"\n[receipt]\nmax_events = true\n\
        max_evnts = 1\n[segment]\nhorizn = 1";
    let Invalid(problems) = Settings::load(text).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "segment_to_braze.rules.0.renam",
            "braze.max_objects",
            "receipt.max_events",
            "segment.horizn"
        ]
    );
    // No comparison is made with the default of what could not be read.
    let one = "[delivery]\nhold_horizon = \"10d\"\npause_s = \"x\"\n[braze]\nhorizon = \"9d\"";
    let Invalid(problems) = Settings::load(one).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn a_number_is_read_where_it_stands_alone() {
    crate::rules!["RI-048", "OR-012", "OR-013", "OR-036"];
    for number in [
        "1e400",
        "99999999999999999999",
        "-340282366920938463463374607431768211457",
    ] {
        // Rows keep every digit, so none is too large for them.
        for route in Route::ALL {
            let text = format!(
                "[[{route}.rules]]\nset = {{ a = {number} }}\nvalues = {{ b = {{ \"1\" = [{number}] }} }}\n[receipt]\nmax_events = 7"
            );
            let mut settings = Settings::load(&text).unwrap();
            let rows = format!("{:?}", settings.rules_mut(route));
            assert!(rows.contains(&format!("json: \"{number}\"")), "{rows}");
            let (_, problems) = Settings::load_usable(&text);
            assert_eq!(problems, [], "{text}");
            let (settings, unknown) = Settings::load_for_receipt(&text).unwrap();
            assert_eq!((settings.receipt.max_events, unknown.len()), (7, 0), "{text}");
        }
        for (text, key, routes) in [
            (
                format!("[[segment_to_branch.rules]]\ndrop = {number}"),
                "segment_to_branch.rules.0.drop",
                &[Route::SegmentToBranch][..],
            ),
            (
                format!("[braze]\nmax_objects = {number}"),
                "braze.max_objects",
                &[Route::SegmentToBraze],
            ),
            (
                format!("[[segment_to_braze.triggers]]\nevent = \"E\"\ncampaign_id = [{number}]"),
                "segment_to_braze.triggers.0.campaign_id.0",
                &[Route::SegmentToBraze],
            ),
            (
                format!("[receipt]\nmax_events = {number}"),
                "receipt.max_events",
                &[],
            ),
            (format!("braze = {number}"), "braze", &[Route::SegmentToBraze]),
        ] {
            let error = Settings::load(&text).err().unwrap().to_string();
            assert!(error.starts_with(&format!("`{key}` is ")), "{error}");
            let (_, problems) = Settings::load_usable(&text);
            let concerns = |route: &Route| problems.iter().any(|problem| problem.concerns(*route));
            let concerned: Vec<Route> = Route::ALL.into_iter().filter(concerns).collect();
            assert_eq!(concerned, routes, "{text}");
            let is_of_receiver = key.starts_with("receipt");
            assert_eq!(
                Settings::load_for_receipt(&text).is_err(),
                is_of_receiver,
                "{text}"
            );
        }
    }
}

#[test]
fn a_mistake_concerns_its_route_or_its_destination() {
    crate::rules!["RI-048"];
    use crate::Route::*;
    let of = |text: &str| {
        let (settings, problems) = Settings::load_usable(text);
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.clone()).collect();
        let concerned = |route: &Route| problems.iter().any(|problem| problem.concerns(*route));
        let routes: Vec<_> = Route::ALL.into_iter().filter(concerned).collect();
        (settings, keys, routes)
    };
    for (text, key, routes) in [
        (
            "[segment_to_braze]\norders = \"purchase\"",
            "segment_to_braze.orders",
            &[SegmentToBraze][..],
        ),
        (
            "[segment_to_branch]\nmarkers = 3",
            "segment_to_branch.markers",
            &[SegmentToBranch],
        ),
        ("braze_to_segment = 3", "braze_to_segment", &[BrazeToSegment]),
        (
            "[[branch_to_segment.rules]]\nnonsense = true",
            "branch_to_segment.rules",
            &[BranchToSegment],
        ),
        ("[braze]\nmax_objects = 0", "braze.max_objects", &[SegmentToBraze]),
        (
            "[branch]\ntimeout = \"30s\"",
            "branch.timeout",
            &[SegmentToBranch],
        ),
        (
            "[segment]\ntimeout = \"0s\"",
            "segment.timeout",
            &[BranchToSegment, BrazeToSegment],
        ),
        ("[receipt]\nmax_events = 0", "receipt.max_events", &[]),
        ("[delivery]\npause_s = \"x\"", "delivery.pause_s", &Route::ALL),
        (
            "[telemetry]\nevent_ids = \"hsh\"",
            "telemetry.event_ids",
            &Route::ALL,
        ),
        ("[routes", "routes", &Route::ALL),
        ("max = [", "", &Route::ALL),
        ("[brazee]\nnew = 1", "-", &[]),
    ] {
        let (_, keys, concerned) = of(text);
        assert_eq!(concerned, routes, "{text}: {keys:?}");
        assert!(
            key == "-" && keys.is_empty() || keys.iter().any(|own| own.starts_with(key)),
            "{text}: {keys:?}"
        );
    }
    // What can be read and cannot be meant has its default, and nothing beside it.
    let times = "[delivery]\nhold_horizon = \"10m\"\npause_s = 5\n[braze]\nhorizon = \"0s\"\nmax_objects = 9";
    let (settings, keys, _) = of(times);
    assert!(keys.contains(&"delivery.hold_horizon".to_owned()), "{keys:?}");
    assert_eq!(settings.delivery.hold_horizon, MAX_HOLD_HORIZON);
    assert_eq!(settings.braze.horizon, Braze::default().horizon);
    assert_eq!((settings.delivery.pause_s, settings.braze.max_objects), (5, 9));
    let below = "[delivery]\nhold_horizon = \"1d\"\n[segment]\nhorizon = \"2d\"";
    assert_eq!(of(below).0.delivery.hold_horizon, MAX_HOLD_HORIZON);
    // One mistake hides no other, and leaves the rest in use.
    let two = "[braze]\nmax_objects = \"x\"\n[segment_to_braze]\norders = 1\n[branch]\nmax_age = \"2h\"";
    let (settings, keys, _) = of(two);
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert_eq!(settings.branch.max_age, Span::seconds(7200));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_valid_one() {
    let error = Settings::load("[receipt]\nmax_evnts = 5\n[brazee]\n")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`receipt.max_evnts`") && error.contains("`receipt.max_events`"),
        "{error}"
    );
    assert!(error.contains("`brazee`") && error.contains("`braze`"), "{error}");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_its_key() {
    let error = Settings::load("[receipt]\nmax_events = \"many\"\n")
        .unwrap_err()
        .to_string();
    assert!(error.contains("`receipt.max_events`"), "{error}");
}

#[test]
fn a_wrong_value_is_refused_in_words_that_say_what_to_write() {
    for (text, wanted) in [
        (
            "[segment_to_braze]\norders = \"purchase\"",
            "`segment_to_braze.orders` is \"purchase\"; it must be one of \"purchases\", \"ecommerce\", \"both\"; \
             did you mean \"purchases\"?",
        ),
        (
            "[segment_to_braze]\norders = \"none of them\"",
            "`segment_to_braze.orders` is \"none of them\"; it must be one of \"purchases\", \"ecommerce\", \"both\"",
        ),
        (
            "[segment_to_braze]\nanonymous = true",
            "`segment_to_braze.anonymous` cannot be used; it must be a text in quotes",
        ),
        (
            "[segment_to_braze]\ncut_strings_at = -1",
            "`segment_to_braze.cut_strings_at` is the number -1; it must be a whole number of 0 or more",
        ),
        (
            "segment_to_braze = 3",
            "`segment_to_braze` is the number 3; it must be a table",
        ),
        (
            "[segment_to_braze]\ndeletes = \"no\"",
            "`segment_to_braze.deletes` is the text \"no\"; it must be true or false",
        ),
        (
            "[branch_to_segment.event_names]\na.b = \"x\"",
            "`branch_to_segment.event_names.a` is a table; it must be a text in quotes; a key that holds a dot stands in \
             quotes",
        ),
        (
            "[segment_to_braze]\ndeletes = 1.5",
            "`segment_to_braze.deletes` is the number 1.5; it must be true or false",
        ),
        (
            "[segment_to_braze]\ndeletes = []",
            "`segment_to_braze.deletes` is a list; it must be true or false",
        ),
        (
            "[braze]\nhorizon = true",
            "`braze.horizon` is true; it must be a text in quotes",
        ),
        (
            "[braze]\nhorizon = \"11d\"",
            "`braze.horizon` is 11d; it must be at most 10d, the most that `delivery.hold_horizon`, which must not be \
             below it, can be",
        ),
    ] {
        assert_eq!(Settings::load(text).unwrap_err().to_string(), wanted, "{text}");
    }
}

#[test]
fn no_time_is_longer_than_the_template_allows() {
    crate::rules!["RI-016"];
    for (key, longest) in [
        ("braze.timeout", "28s"),
        ("segment.timeout", "28s"),
        ("branch.timeout", "13s"),
        ("braze.horizon", "10d"),
        ("segment.horizon", "10d"),
        ("branch.max_age", "10d"),
    ] {
        let of = |text: &str| {
            let (table, name) = key.split_once('.').unwrap();
            Settings::load(&format!("[{table}]\n{name} = \"{text}\""))
        };
        assert!(of(longest).is_ok() && of("1s").is_ok(), "{key}");
        for bad in [&format!("{}s", of_seconds(longest) + 1), "0s"] {
            let error = of(bad).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{key}` is")), "{error}");
        }
    }
}

fn of_seconds(text: &str) -> u64 {
    let number: u64 = text.trim_end_matches(['s', 'd']).parse().unwrap();
    number * if text.ends_with('d') { 86_400 } else { 1 }
}

#[test]
fn a_value_out_of_range_is_refused_with_its_range() {
    let error = Settings::load("[receipt]\nmax_events = 0\n")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`receipt.max_events`") && error.contains("1 to 10000"),
        "{error}"
    );
}
