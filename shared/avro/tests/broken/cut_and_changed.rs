//! Generated files, cut anywhere and with any byte changed.

use crate::reading::read;
use avro::HeaderFault;
use proptest::prelude::*;
use sandbox::currents_file::{Codec, CurrentsFile, Plan};

fn plans() -> impl Strategy<Value = Plan> {
    let types = [
        "users.messages.email.Click",
        "users.behaviors.Purchase",
        "users.behaviors.Location",
        "some.NewType",
    ];
    let codecs = [
        Codec::Unnamed,
        Codec::Null,
        Codec::Deflate,
        Codec::DeflateWithTail,
        Codec::Snappy,
    ];
    (
        proptest::sample::select(types.to_vec()),
        any::<u64>(),
        1_usize..30,
        1_usize..8,
        proptest::sample::select(codecs.to_vec()),
        any::<bool>(),
    )
        .prop_map(
            |(event_type, seed, events, events_a_block, codec, is_evolved)| Plan {
                event_type: event_type.to_owned(),
                seed,
                events,
                events_a_block,
                codec,
                is_evolved,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_file_of_any_codec_gives_all_its_records(plan in plans()) {
        event::rules!["CF-050", "CF-051", "CF-055"];
        let file = CurrentsFile::write(&plan);
        let got = read(&file.container.bytes).unwrap();
        prop_assert_eq!(got.damaged, None);
        prop_assert_eq!(got.blocks.len(), file.container.blocks.len());
        prop_assert!(got.blocks.iter().all(|block| block.fault.is_none()));
        prop_assert_eq!(got.blocks.iter().map(|block| block.records.len()).sum::<usize>(), plan.events);
    }

    #[test]
    fn a_cut_file_gives_its_whole_blocks(plan in plans(), cut in any::<proptest::sample::Index>()) {
        event::rules!["CF-053", "CF-083"];
        let file = CurrentsFile::write(&plan);
        let cut = cut.index(file.container.bytes.len());
        let whole = file.container.blocks.iter().filter(|block| block.end <= cut).count();
        match read(&file.container.bytes[..cut]) {
            Err(fault) => {
                prop_assert_eq!(fault, HeaderFault::NotAvro);
                prop_assert!(cut < file.container.blocks[0].start);
            }
            Ok(got) => {
                prop_assert_eq!(got.blocks.len(), whole);
                let ends_at_block = cut == file.container.blocks[0].start
                    || file.container.blocks.iter().any(|block| block.end == cut);
                prop_assert_eq!(got.damaged.is_none(), ends_at_block);
            }
        }
    }

    #[test]
    fn a_changed_byte_harms_no_block_before_it(
        plan in plans(),
        place in any::<proptest::sample::Index>(),
        change in 1_u8..,
    ) {
        event::rules!["CF-082"];
        let file = CurrentsFile::write(&plan);
        let mut bytes = file.container.bytes.clone();
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        let (whole, changed) = (read(&file.container.bytes).unwrap(), read(&bytes));
        if place >= file.container.blocks[0].start {
            let changed = changed.unwrap();
            let before = file.container.blocks.iter().filter(|block| block.end <= place).count();
            for (one, other) in whole.blocks.iter().zip(&changed.blocks).take(before) {
                prop_assert_eq!(&one.records, &other.records);
            }
            // A frame that is not harmed leaves the blocks behind it as they were.
            if changed.damaged.is_none() && changed.blocks.len() == whole.blocks.len() {
                for (one, other) in whole.blocks.iter().zip(&changed.blocks).skip(before + 1) {
                    prop_assert_eq!(&one.records, &other.records);
                }
            }
        }
    }
}

#[test]
fn a_snappy_block_with_a_wrong_checksum_is_unreadable() {
    event::rules!["CF-052"];
    let file = CurrentsFile::write(&Plan {
        codec: Codec::Snappy,
        ..Plan::of("users.messages.email.Open")
    });
    let mut bytes = file.container.bytes.clone();
    bytes[file.container.blocks[1].end - 17] ^= 1;
    let got = read(&bytes).unwrap();
    let faults: Vec<_> = got.blocks.iter().map(|block| block.fault).collect();
    assert_eq!(faults[1], Some(avro::Unreadable::Checksum));
    assert_eq!(faults.iter().flatten().count(), 1);
}

#[test]
fn a_file_that_ends_after_its_header_has_no_events() {
    event::rules!["CF-054"];
    let file = CurrentsFile::write(&Plan {
        events: 0,
        ..Plan::of("users.messages.email.Open")
    });
    let got = read(&file.container.bytes).unwrap();
    assert!(got.blocks.is_empty() && got.damaged.is_none());
}

#[test]
fn what_is_no_avro_file_is_told_from_a_codec_that_is_not_read() {
    event::rules!["CF-080", "CF-081"];
    for bytes in [
        &b""[..],
        b"O",
        b"Obj\x02",
        b"PAR1....",
        b"{\"a\":1}",
        b"Obj\x01",
        b"Obj\x01\x01",
    ] {
        assert_eq!(read(bytes).err(), Some(HeaderFault::NotAvro), "{bytes:?}");
    }
    for codec in ["zstandard", "bzip2", "xz", "lzo", "DEFLATE"] {
        let file = CurrentsFile::write(&Plan {
            codec: Codec::Named(codec),
            ..Plan::of("users.messages.email.Open")
        });
        assert_eq!(
            read(&file.container.bytes).err(),
            Some(HeaderFault::Codec),
            "{codec}"
        );
    }
}
