//! The index against serde_json: the same verdict and the same values on every text, however it was changed.

use crate::json::{Index, IndexWriter, Json, Kind, Object, well_formed};
use proptest::prelude::*;

/// Texts with what events have and what they should not have: escapes, unpaired surrogates, repeated keys, digits.
fn text() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "[a-e]{1,2}",
        Just(r"\u0061".to_owned()),
        Just(r"\ud83d".to_owned()),
        "[ -~]{0,9}".prop_map(|text| text.replace(['\\', '"'], "_")),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just(" false ".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
        "[^\"\\\\\u{0}-\u{1f}]{0,20}".prop_map(|text| format!("\"{text}\"")),
        r#""(\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}|\\ud83d|\\ude00|é){0,6}""#,
    ];
    leaf.prop_recursive(5, 60, 9, move |inner| {
        let member = (key.clone(), inner.clone()).prop_map(|(key, value)| format!("\"{key}\" :{value}"));
        prop_oneof![
            prop::collection::vec(member, 0..9).prop_map(|members| format!("{{{}}}", members.join(", "))),
            prop::collection::vec(inner, 0..9).prop_map(|elements| format!("[ {}]", elements.join(","))),
        ]
    })
}

/// The text with one byte after another replaced, taken out, or put in twice.
fn changed(text: &str, changes: &[(prop::sample::Index, u8, u8)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (at, how, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match how % 4 {
            0 => bytes[at] = *byte,
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, bytes[at]),
            _ => bytes.truncate(at),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Looks at both readings the same way, at every level.
fn assert_same(one: Json<'_>, other: Json<'_>) {
    assert_eq!(one.raw(), other.raw());
    assert_eq!(one.kind(), other.kind());
    match one.kind() {
        Kind::String => assert_eq!(one.as_str(), other.as_str()),
        Kind::Array => {
            let (one, other) = (one.as_array().unwrap(), other.as_array().unwrap());
            assert_eq!(one.len(), other.len());
            one.into_iter()
                .zip(other)
                .for_each(|(one, other)| assert_same(one, other));
        }
        Kind::Object => {
            let (one, other) = (one.as_object().unwrap(), other.as_object().unwrap());
            assert_eq!(one.len(), other.len());
            for ((key, value), (other_key, other_value)) in one.iter().zip(other.iter()) {
                assert_eq!(key, other_key);
                assert_same(value, other_value);
                assert_same(one.get(key).unwrap(), other.get(key).unwrap());
            }
            assert_eq!(
                one.get("no such key").map(Json::raw),
                other.get("no such key").map(Json::raw)
            );
            let keys = |object: &Object<'_>| -> Vec<String> {
                let members = object.in_key_order();
                members.into_iter().map(|(key, _)| key.to_owned()).collect()
            };
            assert!(keys(&one).is_sorted());
            assert_eq!(keys(&one), keys(&other));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn an_index_reads_what_serde_json_reads(
        text in text(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<u8>()), 0..3),
        before in text(),
    ) {
        let text = changed(&text, &changes);
        let shaped = well_formed(&text);
        let mut index = Index::default();
        // Nothing of the text before is left.
        let _ = index.read(&before);
        match (index.read(&text), Json::parse(&shaped)) {
            (Ok(one), Ok(other)) => assert_same(one, other),
            (one, other) => prop_assert_eq!(one.is_err(), other.is_err(), "{}", text),
        }
    }
}

/// Writes a value once more, its two uppermost levels opened, and what is below them without its index at every other place.
fn write_again(json: Json<'_>, levels: usize, is_known: &mut bool, out: &mut IndexWriter<'_>) {
    match json.kind() {
        Kind::Object if levels > 0 && json.members().is_some() => {
            out.open_object();
            let mut rest = json.members().unwrap();
            // Some are opened, the others go over as they are.
            for most in [2, 0, 3].into_iter().cycle() {
                out.members(&mut rest, most);
                let Some((key, value)) = rest.next() else {
                    break;
                };
                out.key(key);
                write_again(value, levels - 1, is_known, out);
            }
            out.close();
        }
        Kind::Object if levels > 0 => {
            out.open_object();
            for (key, value) in json.as_object().unwrap().iter() {
                out.key(key);
                write_again(value, levels - 1, is_known, out);
            }
            out.close();
        }
        Kind::Array if levels > 0 => {
            out.open_array();
            for element in json.as_array().unwrap() {
                write_again(element, levels - 1, is_known, out);
            }
            out.close();
        }
        _ => {
            *is_known = !*is_known;
            out.value(if *is_known { Json::known(json.raw()) } else { json });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_written_index_is_that_of_its_text(text in text(), before in text()) {
        let (mut index, mut written) = (Index::default(), Index::default());
        let _ = written.read(&before);
        let json = index.read(&text).unwrap();
        write_again(json, 2, &mut false, &mut written.write());
        let mut of_text = Index::default();
        assert_same(written.written(), of_text.read(written.written().raw()).unwrap());
        prop_assert!(crate::json::same(json, written.written()), "{}", written.written().raw());
    }
}

#[test]
fn depth_and_large_objects_are_read_alike() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let mut index = Index::default();
    assert!(index.read(&deep(Json::MAX_DEPTH)).is_ok());
    assert!(index.read(&deep(Json::MAX_DEPTH + 1)).is_err());
    assert!(index.read(&"[".repeat(1_000_000)).is_err());
    for members in [63, 64, 65, 200, 2_000] {
        for distinct in [members, members - 1, members / 2] {
            let text: Vec<String> = (0..members)
                .map(|n| format!("\"k{}\":{n}", n % distinct))
                .collect();
            let text = format!("{{{}}}", text.join(","));
            let object = index.read(&text).unwrap();
            assert_same(object, Json::parse(&text).unwrap());
            assert_eq!(object.as_object().unwrap().len(), distinct);
        }
    }
}
