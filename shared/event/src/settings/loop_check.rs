//! Settings under which an event would go round through all four routes (RD-162).

use super::{LoopGuard, Problems, Settings};
use crate::Route;

/// What Braze reports of the events and purchases that it was sent.
const ECHOES: [&str; 2] = ["users.behaviors.CustomEvent", "users.behaviors.Purchase"];

pub(super) fn check(settings: &Settings, problems: &mut Problems) {
    let all_on = Route::ALL.into_iter().all(|route| settings.routes.is_on(route));
    let back_from_branch = if settings.branch_to_segment.include_segment_origin {
        Some("`branch_to_segment.include_segment_origin = true`")
    } else if !settings.segment_to_branch.markers {
        Some("`segment_to_branch.markers = false`")
    } else {
        None
    };
    let braze = &settings.braze_to_segment;
    let echoes = ECHOES.into_iter().find(|echo| braze.lets_in(echo));
    if let (true, LoopGuard::Braze, Some(back), Some(echo)) = (
        all_on,
        settings.segment_to_braze.loop_guard,
        back_from_branch,
        echoes,
    ) {
        problems.add(
            "segment_to_braze.loop_guard",
            format!(
                "must be \"strict\": with all four routes on, {back} and `{echo}` let in by `braze_to_segment`, \
                 events would loop. Write \"strict\", or undo one of the others"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK: [&str; 2] = [
        "[branch_to_segment]\ninclude_segment_origin = true\n",
        "[segment_to_branch]\nmarkers = false\n",
    ];
    const OPEN: [&str; 2] = [
        "[braze_to_segment]\ndeny_events = []\n",
        "[braze_to_segment]\ndeny_events = [\"users.behaviors.CustomEvent\"]\n",
    ];

    #[test]
    fn settings_that_allow_a_loop_are_refused_with_the_way_out() {
        crate::rules!["RD-162"];
        for (back, open) in BACK.into_iter().flat_map(|back| OPEN.map(|open| (back, open))) {
            let error = Settings::load(&format!("{back}{open}")).unwrap_err().to_string();
            assert!(
                error.contains("`segment_to_braze.loop_guard` must be \"strict\""),
                "{error}"
            );
            for way_out in [
                "[segment_to_braze]\nloop_guard = \"strict\"\n",
                "[routes]\nsegment_to_braze = false\n",
                "[routes]\nbraze_to_segment = false\n",
                "[routes]\nsegment_to_branch = false\n",
                "[routes]\nbranch_to_segment = false\n",
            ] {
                let text = format!("{back}{open}{way_out}");
                assert!(Settings::load(&text).is_ok(), "{text}");
            }
            assert!(Settings::load(back).is_ok());
            assert!(Settings::load(open).is_ok());
        }
        let elsewhere = "[braze_to_segment]\ndeny_events = []\nallow_events = [\"users.messages.*\"]\n";
        assert!(Settings::load(&format!("{}{elsewhere}", BACK[0])).is_ok());
    }
}
