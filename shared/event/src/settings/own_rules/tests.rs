use super::*;
use crate::rules;

fn refused(text: &str) -> String {
    Settings::load(text).map(|_| ()).expect_err(text).to_string()
}

fn row(lines: &str) -> String {
    format!("[[segment_to_braze.rules]]\n{lines}\n")
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table, a row a mistake")]
fn a_row_that_cannot_be_understood_names_its_place() {
    rules!["OR-011", "OR-021", "OR-027", "OR-032", "OR-035"];
    for (lines, wanted) in [
        (
            "renam = { a = \"b\" }",
            "`segment_to_braze.rules.0.renam` is no key of a row; there are name, when, drop, \
            rename, copy, values, convert, default, set, remove; did you mean \"rename\"?",
        ),
        (
            "name = \"a\"",
            "`segment_to_braze.rules.0` does nothing; write `drop` or one of rename, copy",
        ),
        (
            "drop = false",
            "`segment_to_braze.rules.0.drop` is false; it must be true",
        ),
        (
            "drop = \"yes\"",
            "`segment_to_braze.rules.0.drop` is the text \"yes\"; it must be true",
        ),
        (
            "drop = true\nset = { a = 1 }",
            "`segment_to_braze.rules.0.drop` stands beside what changes the event",
        ),
        (
            "name = \"Plans\"\ndrop = true",
            "`segment_to_braze.rules.0.name` is the text \"Plans\"; it must be a text of 1 to 40",
        ),
        (
            "name = 7\ndrop = true",
            "`segment_to_braze.rules.0.name` is the number 7",
        ),
        (
            "rename = { \"a..b\" = \"c\" }",
            "`segment_to_braze.rules.0.rename.a..b` has the path \"a..b\", which has an empty part",
        ),
        (
            "rename = { a = \"b[0]\" }",
            "`segment_to_braze.rules.0.rename.a` has the path \"b[0]\", which has a bracket that is no `[*]`",
        ),
        ("rename = { a = \"a\" }", "which are the same"),
        (
            "rename = { \"a[*].b\" = \"c[*].b\" }",
            "which differ up to their last `[*]`",
        ),
        (
            "copy = { \"a[*].b\" = \"b\" }",
            "`segment_to_braze.rules.0.copy.a[*].b` has the paths \"a[*].b\" and \"b\", which differ",
        ),
        ("copy = { \"a[*]\" = \"a[*].b\" }", "must not end with `[*]`"),
        (
            "rename = { traits.phoneNumber = \"traits.phone\" }",
            "`segment_to_braze.rules.0.rename` has the table `traits`; a path of several parts is one key in quotes",
        ),
        (
            "set = { traits.plan = \"pro\" }",
            "`segment_to_braze.rules.0.set` has the table `traits`; a path of several parts is one key in quotes",
        ),
        (
            "rename = { a = 1 }",
            "`segment_to_braze.rules.0.rename.a` is the number 1; it must be a path in quotes",
        ),
        (
            "rename = [\"a\"]",
            "`segment_to_braze.rules.0.rename` is a list; it must be a table of paths",
        ),
        (
            "convert = {}",
            "`segment_to_braze.rules.0.convert` is an empty table, which does nothing; write a table of paths, such as { \"traits.age\" = \"number\" }, or take it out",
        ),
        (
            "convert = { a = \"numbr\" }",
            "`segment_to_braze.rules.0.convert.a` is the text \"numbr\", which is no form; there are text, number, boolean, lower, upper, trim, date_dmy, date_mdy, mask_ip, sha256, json; did you mean \"number\"?",
        ),
        ("convert = { a = 1 }", "which is no form"),
        (
            "values = { a = \"b\" }",
            "`segment_to_braze.rules.0.values.a` is the text \"b\"; it must be a table of texts",
        ),
        (
            "values = { a = {} }",
            "`segment_to_braze.rules.0.values.a` is an empty table, which does nothing; write a table of texts, such as { \"1\"",
        ),
        (
            "values = { a = { b = 1979-05-27 } }",
            "`segment_to_braze.rules.0.values.a.b` has a date; write it as a text",
        ),
        (
            "set = { a = [{ b = 1979-05-27 }] }",
            "`segment_to_braze.rules.0.set.a` has a date",
        ),
        (
            "set = { a = inf }",
            "`segment_to_braze.rules.0.set.a` has a number that JSON does not have",
        ),
        (
            "default = { a = nan }",
            "`segment_to_braze.rules.0.default.a` has a number that JSON does not have",
        ),
        (
            "values = { a = { 1.0 = \"Basic\" } }",
            "`segment_to_braze.rules.0.values.a` has the table `1`; write a text with a dot in quotes, such as \"1.0\"",
        ),
        (
            "values = { properties.plan = { \"1\" = \"Basic\" } }",
            "`segment_to_braze.rules.0.values` has the table `properties`; a path of several parts is one key in quotes",
        ),
        (
            "[segment_to_braze.rules.values.\"a.b\"]\nc.d = 1",
            "`segment_to_braze.rules.0.values.a.b` has the table `c`; write a text with a dot in quotes",
        ),
        (
            "remove = \"a\"",
            "`segment_to_braze.rules.0.remove` is the text \"a\"; it must be a list of paths",
        ),
        (
            "remove = []",
            "`segment_to_braze.rules.0.remove` is an empty list, which does nothing; write a list of paths, such as [\"traits.ssn\"",
        ),
        (
            "remove = [\"a.*.b\"]",
            "`segment_to_braze.rules.0.remove.0` is no path: \"a.*.b\" has a `*` that is no pattern",
        ),
        (
            "drop = true\nwhen = { 'a.*' = 1 }",
            "`segment_to_braze.rules.0.when.a.*` is no path: \"a.*\" has a `*` that is no pattern: only the last part of a path of `remove` is one",
        ),
        (
            "set = { 'a.*' = 1 }",
            "`segment_to_braze.rules.0.set.a.*` has the path \"a.*\", which has a `*`",
        ),
        (
            "remove = [7]",
            "`segment_to_braze.rules.0.remove.0` is the number 7; it must be a path",
        ),
        (
            "remove = [\"a\", \"\"]",
            "`segment_to_braze.rules.0.remove.1` is no path: \"\" is empty",
        ),
        (
            "drop = true\nwhen = \"track\"",
            "`segment_to_braze.rules.0.when` is the text \"track\"; it must be a table of paths",
        ),
        (
            "drop = true\nwhen = []",
            "`segment_to_braze.rules.0.when` is an empty list",
        ),
        (
            "drop = true\nwhen = [7]",
            "`segment_to_braze.rules.0.when.0` is the number 7",
        ),
        (
            "drop = true\nwhen = { a = [] }",
            "`segment_to_braze.rules.0.when.a` is an empty list",
        ),
        (
            "drop = true\nwhen = { a = {} }",
            "`segment_to_braze.rules.0.when.a` is an empty table; write an operator: exists, not",
        ),
        (
            "drop = true\nwhen = { a = 1979-05-27 }",
            "`segment_to_braze.rules.0.when.a` is a date; it must be a text, a number or true or false",
        ),
        (
            "drop = true\nwhen = { a = inf }",
            "`segment_to_braze.rules.0.when.a` is the number inf; it must be a finite number",
        ),
        (
            "drop = true\nwhen = { a = { abov = 1 } }",
            "`segment_to_braze.rules.0.when.a.abov` is no operator; there are exists, not, above, at_least, below, at_most, contains, percent; did you mean \"above\"?",
        ),
        (
            "drop = true\nwhen = { a = 1e9999 }",
            "`segment_to_braze.rules.0.when.a` is the number 1e9999; it must have at most 1,024 characters and an exponent of at most ±1,424",
        ),
        (
            "drop = true\nwhen.userId.exists = true",
            "`segment_to_braze.rules.0.when.userId` is in the table `userId`; write operators in braces: userId = { exists = true }",
        ),
        (
            "drop = true\nwhen.\"a.b\".above = 1.50\nwhen.\"a.b\".below = 5",
            "write operators in braces: 'a.b' = { above = 1.50, below = 5 }",
        ),
        (
            "drop = true\nwhen.a.not.above = 1",
            "write operators in braces: a = { not = { above = 1 } }",
        ),
        (
            "drop = true\nwhen = { a = { gt = 1 } }",
            "contains, percent; did you mean \"above\"?",
        ),
        (
            "drop = true\nwhen = { a = { GTE = 1 } }",
            "did you mean \"at_least\"?",
        ),
        (
            "drop = true\nwhen = { a = { lt = 1 } }",
            "did you mean \"below\"?",
        ),
        (
            "drop = true\nwhen = { a = { max = 1 } }",
            "did you mean \"at_most\"?",
        ),
        (
            "drop = true\nwhen = { a = { equals = \"x\" } }",
            "contains, percent; write the value itself: \"x\"",
        ),
        (
            "drop = true\nwhen = { a = { on = 1 } }",
            "contains, percent; a path of several parts is one key in quotes",
        ),
        ("convert = { a = \"integer\" }", "did you mean \"number\"?"),
        ("convert = { a = \"date\" }", "did you mean \"date_dmy\"?"),
        ("filter = { a = 1 }", "did you mean \"when\"?"),
        (
            "set = { \"properties.a\" = [1,\n[2]], context.ip = \"x\" }",
            "`segment_to_braze.rules.0.set` has the table `context`; a path of several parts is one key in quotes",
        ),
        (
            "set = { \"properties.a\" = [\n[2]], \"context\".'i]p' = \"x\" }",
            "`segment_to_braze.rules.0.set` has the table `context`",
        ),
        (
            "drop = true\nwhen = { traits.plan = \"pro\" }",
            "`segment_to_braze.rules.0.when.traits` is in the table `traits`; a path of several parts is one key in quotes",
        ),
        (
            "drop = true\nwhen = { traits = { plan = \"pro\" } }",
            "`segment_to_braze.rules.0.when.traits.plan` is no operator",
        ),
        (
            "drop = true\nwhen = { \"a.\" = 1 }",
            "`segment_to_braze.rules.0.when.a.` is no path: \"a.\" has an empty part",
        ),
        (
            "drop = true\nwhen = { a = { exists = \"yes\" } }",
            "`segment_to_braze.rules.0.when.a.exists` is the text \"yes\"; it must be true or false",
        ),
        (
            "drop = true\nwhen = { a = { above = \"5\" } }",
            "`segment_to_braze.rules.0.when.a.above` is the text \"5\"; it must be a finite number",
        ),
        (
            "drop = true\nwhen = { a = { contains = [1] } }",
            "`segment_to_braze.rules.0.when.a.contains` is a list; it must be a text",
        ),
        (
            "drop = true\nwhen = { a = { percent = 101 } }",
            "`segment_to_braze.rules.0.when.a.percent` is the number 101; it must be 0 to 100",
        ),
        (
            "drop = true\nwhen = { a = { not = { above = true } } }",
            "`segment_to_braze.rules.0.when.a.not.above` is true",
        ),
    ] {
        let error = refused(&row(lines));
        assert!(error.contains(wanted), "{lines}\n{error}\n{wanted}");
    }
    let rows = row("name = \"a\"\ndrop = true");
    let error = refused(&rows.repeat(2));
    assert!(
        error.contains("`segment_to_braze.rules.1.name` is \"a\", which another row has"),
        "{error}"
    );
    let error = refused(&row("drop = true").repeat(101));
    assert!(
        error.contains("`segment_to_braze.rules` has 101 rows; it may have at most 100"),
        "{error}"
    );
    let error = refused("[segment_to_branch]\nrules = 3");
    assert!(
        error.contains("`segment_to_branch.rules` is the number 3; write each row as a table"),
        "{error}"
    );
    let error = refused("[[rules]]\ndrop = true");
    assert!(
        error.contains("`rules` is no setting here; did you mean `segment_to_braze.rules`?"),
        "{error}"
    );
    let error = refused("[[segment_to_branch.rulez]]\ndrop = true");
    assert!(
        error.contains("did you mean `segment_to_branch.rules`"),
        "{error}"
    );
}

#[test]
fn every_route_has_rows_and_all_that_is_wrong_is_told() {
    rules!["OR-011"];
    for route in Route::ALL {
        let text = format!(
            "[[{route}.rules]]\nset = {{ a = 1 }}\nrename = {{ a = 1 }}\n[[{route}.rules]]\nfoo = 1\n"
        );
        let error = refused(&text);
        assert_eq!(error.lines().count(), 2, "{error}");
        assert!(
            error
                .lines()
                .all(|line| line.starts_with(&format!("`{route}.rules."))),
            "{error}"
        );
    }
    let text = row("drop = true").repeat(100);
    let settings = Settings::load(&text).unwrap();
    assert_eq!(settings.segment_to_braze.rules.len(), 100);
    assert!(settings.segment_to_branch.rules.is_empty());
    assert_eq!(settings.segment_to_braze.rules.last().unwrap().name, "rules.99");
}

#[test]
fn rows_may_be_tables_of_their_own_in_the_order_of_the_file() {
    rules!["OR-030"];
    let text = "[[segment_to_braze.rules]]\n[segment_to_braze.rules.when]\n\"a.b\".above = 1\n\
        [segment_to_braze.rules.rename]\nz = \"y\"\na = \"b\"\n\
        [segment_to_braze.rules.values.\"c.d\"]\n\"2\" = 1\n\"1\" = 2\n";
    let error = refused(text);
    assert!(error.contains("`a.b`"), "{error}");
    let by_header = text.replace(
        "\"a.b\".above = 1",
        "[segment_to_braze.rules.when.\"a.b\".not]\nabove = 1",
    );
    Settings::load(&by_header).unwrap();
    let text = text.replace("\"a.b\".above = 1", "\"a.b\" = { above = 1 }");
    let rows = Settings::load(&text).unwrap().segment_to_braze.rules;
    let Work::Change(changes) = &rows[0].work else {
        panic!("it drops");
    };
    let listed: Vec<String> = changes
        .iter()
        .map(|change| match change {
            Change::Move { from, to, stays } => format!("{from} {to} {stays}"),
            Change::Values { at, entries, .. } => format!("{at} {entries:?}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        listed,
        ["z y false", "a b false", "c.d [(\"2\", \"1\"), (\"1\", \"2\")]"]
    );
}

#[test]
fn a_trigger_or_catalog_entry_needs_a_name_or_a_condition() {
    rules!["OR-064", "OR-066"];
    let trigger = |lines: &str| format!("[[segment_to_braze.triggers]]\ncampaign_id = \"c\"\n{lines}\n");
    let catalog = |lines: &str| format!("[[segment_to_braze.catalogs]]\ncatalog = \"c\"\n{lines}\n");
    for text in [
        trigger("when = { type = \"identify\" }"),
        catalog("event = \"A\"\nwhen = {}"),
        trigger("when = { type = \"identify\" }")
            + &trigger("when = { type = \"group\" }")
            + &trigger("event = \"A\""),
    ] {
        Settings::load(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    let twice = trigger("when = { type = \"identify\" }").repeat(2);
    for (text, wanted) in [
        (trigger(""), "`segment_to_braze.triggers.0` has no `event`"),
        (
            trigger("event = \" \"\nwhen = {}"),
            "`segment_to_braze.triggers.0` has no `event`",
        ),
        (catalog(""), "`segment_to_braze.catalogs.0` has no `event`"),
        (
            trigger("when = { a = { abov = 1 } }"),
            "`segment_to_braze.triggers.0.when.a.abov` is no operator",
        ),
        (
            catalog("when = 1"),
            "`segment_to_braze.catalogs.0.when` is the number 1",
        ),
        (trigger("wen = {}\nevent = \"A\""), "did you mean `when`?"),
        (twice, "what an earlier trigger starts"),
    ] {
        let error = refused(&text);
        assert!(error.contains(wanted), "{text}\n{error}");
    }
}
