use super::*;
use crate::settings::Settings;

fn load(text: &str) -> Result<SegmentToBraze, String> {
    Settings::load(text)
        .map(|settings| settings.segment_to_braze)
        .map_err(|error| error.to_string())
}

#[test]
fn compat_changes_only_its_defaults_and_a_given_key_wins() {
    crate::rules!["SB-310"];
    let own = |compat: &str, more: &str| {
        let settings = load(&format!("[segment_to_braze]\ncompat = \"{compat}\"\n{more}")).unwrap();
        let mut table = toml::Table::try_from(&settings).unwrap();
        table.remove("compat");
        table
    };
    let plain = own("none", "");
    for (compat, changed) in [
        (
            "segment-actions",
            "time_source = \"received_at\"\naddress = \"fields_and_object\"\n",
        ),
        (
            "segment-classic",
            "drop_traits = [\"id\", \"name\"]\nproduct_id_keys = [\"product_id\", \"productId\", \"id\"]\n\
             dob_order = \"month_first\"\n",
        ),
        (
            "rudderstack",
            "group_attribute_prefix = \"ab_rudder_group_\"\nalias_label = \"rudder_id\"\npage_event = \"{name}\"\n\
             page_event_unnamed = \"Page Viewed\"\nscreen_event = \"{name}\"\nscreen_event_unnamed = \"Screen Viewed\"\n",
        ),
    ] {
        assert_eq!(own(compat, ""), own("none", changed), "{compat}");
        let given: String = changed
            .lines()
            .filter_map(|line| line.split(" = ").next())
            .map(|key| format!("{key} = {}\n", plain[key]))
            .collect();
        assert_eq!(own(compat, &given), plain, "{compat}");
    }
    assert!(load("[segment_to_braze]\ncompat = \"segment\"").is_err());
}

#[test]
fn what_cannot_work_is_refused_with_its_key() {
    crate::rules!["SB-311", "SB-409", "SB-424"];
    let two = "[[segment_to_braze.triggers]]\nevent = \"A\"\ncampaign_id = \"c\"\n".repeat(2);
    for (text, named) in [
        (
            "[segment_to_braze]\nalias_label = \"\"",
            "segment_to_braze.alias_label",
        ),
        (
            "[segment_to_braze]\ngroup_attribute_prefix = \" \"",
            "ab_segment_group_",
        ),
        (
            "[segment_to_braze]\ndefault_source = \"\"",
            "segment_to_braze.default_source",
        ),
        (
            "[segment_to_braze]\npage_event = \"\"",
            "segment_to_braze.page_event",
        ),
        ("[segment_to_braze]\npage_event_unnamed = \"\"", "Loaded a Page"),
        (
            "[segment_to_braze]\nscreen_event = \"\"",
            "segment_to_braze.screen_event",
        ),
        (
            "[segment_to_braze]\nscreen_event_unnamed = \"\"",
            "Loaded a Screen",
        ),
        (
            "[segment_to_braze]\ndefault_currency = \"EURO\"",
            "default_currency",
        ),
        ("[segment_to_braze]\ndefault_currency = \"eur\"", "\"EUR\""),
        (
            "[segment_to_braze]\ndefault_calling_code = \"+44\"",
            "1 to 3 digits",
        ),
        (
            "[segment_to_braze]\ndefault_calling_code = \"1234\"",
            "1 to 3 digits",
        ),
        ("[segment_to_braze]\ncut_strings_at = 10001", "0 to 10000"),
        ("[segment_to_braze]\ncut_strings_at = -1", "cut_strings_at"),
        ("[segment_to_braze]\nproduct_id_keys = []", "product_id_keys"),
        (
            "[segment_to_braze]\npage_event = \"{nme} {name}\"",
            "{nme}, which nothing fills in",
        ),
        (
            "[segment_to_braze]\norders = \"purchase\"",
            "segment_to_braze.orders",
        ),
        (
            "[segment_to_braze]\nordrs = \"both\"",
            "did you mean `segment_to_braze.orders`",
        ),
        (
            "[segment_to_braze.app_ids]\nandriod = \"a\"",
            "did you mean `segment_to_braze.app_ids.android`",
        ),
        ("[segment_to_braze.rename_events]\nA = \"\"", "rename_events"),
        (&two, "earlier trigger"),
        (
            "[[segment_to_braze.triggers]]\nevent = \"A\"",
            "exactly one of `campaign_id`",
        ),
        (
            "[[segment_to_braze.triggers]]\nevent = \"A\"\ncampaign_id = \"c\"\ncanvas_id = \"d\"",
            "exactly one of `campaign_id`",
        ),
        (
            "[[segment_to_braze.triggers]]\nevent = \"A\"\ncanvas_id = \"d\"\nsend_id = \"s\"",
            "only campaigns take",
        ),
        (
            "[[segment_to_braze.triggers]]\ncanvas_id = \"d\"",
            "has no `event`",
        ),
        (
            "[[segment_to_braze.triggers]]\nevent = \"A\"\ncampain_id = \"c\"",
            "`segment_to_braze.triggers.0.campain_id` is no setting; did you mean `campaign_id`?",
        ),
        (
            "[[segment_to_braze.catalogs]]\nevent = \"A\"\ncatalog = \"a b\"",
            "a b",
        ),
        (
            "[[segment_to_braze.catalogs]]\nevent = \"A\"",
            "names the catalog",
        ),
        ("[[segment_to_braze.catalogs]]\ncatalog = \"a\"", "has no `event`"),
        (
            "[[segment_to_braze.catalogs]]\nevent = \"A\"\ncatalog = \"a\"\nop = \"insert\"",
            "catalogs",
        ),
    ] {
        let error = load(text).unwrap_err();
        assert!(error.contains(named), "{text}: {error}");
    }
}

#[test]
fn other_triggers_of_one_event_are_taken() {
    crate::rules!["SB-409"];
    let text = "[[segment_to_braze.triggers]]\nevent = \"A\"\ncampaign_id = \"c\"\n\
        [[segment_to_braze.triggers]]\nevent = \"A\"\ncampaign_id = \"c\"\nsend_id = \"s\"\n\
        [[segment_to_braze.triggers]]\nevent = \"A\"\ncanvas_id = \"c\"\ncanvas_key = \"context\"\n\
        [[segment_to_braze.triggers]]\nevent = \"B\"\ncanvas_id = \"c\"\n";
    assert_eq!(load(text).unwrap().triggers.len(), 4);
}

#[test]
fn a_table_of_new_names_gives_each_event_one_name_at_once() {
    crate::rules!["SB-311"];
    let named = |table: &str| load(&format!("[segment_to_braze.rename_events]\n{table}"));
    assert!(named("a = \"b\"\nc = \"d\"").is_ok());
    for (table, key) in [
        ("a = \" \"", "rename_events.\"a\"` is blank"),
        (
            "a = \"b\"\nb = \"c\"",
            "rename_events.\"a\"` gives the name \"b\", which is a key",
        ),
        (
            "a = \"x\"\nb = \"x\"",
            "rename_events.\"b\"` gives the name \"x\", as \"a\" does",
        ),
    ] {
        let error = named(table).map(|_| ()).unwrap_err();
        assert!(error.contains(key), "{error}");
    }
}
