//! An upgrade and the way back: what waits, is held or parked when another version is deployed is delivered by that version.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::MetadataCommand;
use sandbox::{Fault, Vendor};

use crate::release::{REPOSITORY, built, edit_settings, sam_deploy, succeed, unpacked_archive};
use crate::system::{System, keys, text_at};

const TRACK: &str = "/users/track";
const KEY: &str = "braze-key-1";

/// The tree of the previous commit, with its compiled functions.
struct Previous {
    repository: PathBuf,
    built: PathBuf,
}

impl Previous {
    /// Writes and compiles it in a folder of its own under `target/local`, where the next run finds it. `None` if git has no
    /// previous commit here, as in a clone of depth 1, or one from before there were archives.
    fn prepare() -> Option<Self> {
        let packs = Command::new("git")
            .args(["-C", REPOSITORY, "cat-file", "-e", "HEAD~1:.ci/archive"])
            .output()
            .unwrap();
        if !packs.status.success() {
            return None;
        }
        let target = built();
        let folder = target.parent().unwrap().join("local/previous");
        let (repository, own_target) = (folder.join("tree"), folder.join("target"));
        // Files of an older run could hide that the commit lacks them.
        let _ = fs::remove_dir_all(&repository);
        fs::create_dir_all(&repository).unwrap();
        let tar = folder.join("tree.tar");
        let output = format!("--output={}", tar.display());
        // As they were committed, so that an unchanged tree is not compiled twice.
        succeed(Command::new("git").args(["-C", REPOSITORY, "archive", &output, "HEAD~1"]));
        succeed(
            Command::new("tar")
                .arg("-xf")
                .arg(&tar)
                .arg("-C")
                .arg(&repository),
        );
        if !own_target.exists() {
            link_dependencies(&target, &own_target.join("debug"));
        }
        let cargo = std::env::var_os("CARGO").unwrap();
        succeed(
            Command::new(cargo)
                .args(["build", "--workspace", "--bins", "--locked", "--target-dir"])
                .arg(&own_target)
                .current_dir(&repository),
        );
        Some(Self {
            repository,
            built: own_target.join("debug"),
        })
    }
}

/// Links what is compiled of other people's crates, which two neighbouring commits have in common, into another target folder:
/// compiling it takes minutes. What is made of ours has the same file names in both, and stays out.
fn link_dependencies(from: &Path, to: &Path) {
    let metadata = MetadataCommand::new()
        .current_dir(REPOSITORY)
        .no_deps()
        .exec()
        .unwrap();
    let packages = metadata.packages.iter();
    let ours: BTreeSet<String> = packages
        .flat_map(|package| {
            let targets = package.targets.iter().map(|target| target.name.replace('_', "-"));
            targets.chain([package.name.to_string()])
        })
        .collect();
    let is_ours = |file: &str| {
        let name = file
            .rsplit_once('-')
            .map_or(file, |(name, _)| name)
            .replace('_', "-");
        ours.contains(&name) || name.strip_prefix("lib").is_some_and(|name| ours.contains(name))
    };
    for folder in ["deps", "build", ".fingerprint"] {
        fs::create_dir_all(to.join(folder)).unwrap();
        for entry in fs::read_dir(from.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !is_ours(&name) {
                link(&from.join(folder).join(&name), &to.join(folder).join(&name));
            }
        }
    }
}

fn link(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            link(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::hard_link(from, to).unwrap();
    }
}

fn event(user: &str) -> String {
    format!(
        r#"{{"type":"track","messageId":"t-{user}","userId":"{user}","event":"Kettle Boiled","timestamp":"2026-02-03T10:00:00Z"}}"#
    )
}

/// Leaves three events undelivered: one is parked, one is held for a revoked key, one waits in the queue of a paused destination.
async fn leave(system: &System, round: &str) -> [String; 3] {
    let users = ["parked", "held", "waiting"].map(|state| format!("{state}-{round}"));
    let [parked, held, waiting] = &users;
    let fault = Fault::Item {
        array: "events".to_owned(),
        index: 0,
        reason: "is on the blocklist".to_owned(),
    };
    system.sandbox.plan(Some(TRACK), 1, fault);
    system.segment_sends(&[event(parked)]).await;
    system.at_rest("parked").await;
    assert_eq!(system.parked().await.len(), 1);

    system.sandbox.revoke(Vendor::Braze);
    system.segment_sends(&[event(held)]).await;
    let is_held = |line: &str| {
        text_at(line, "/event_id") == Some(format!("t-{held}"))
            && text_at(line, "/outcome").as_deref() == Some("hold")
    };
    system.until_logged("held", "deliver-braze", is_held).await;

    system
        .stack
        .switch_event_source("deliver-braze", false)
        .await
        .unwrap();
    system.segment_sends(&[event(waiting)]).await;
    assert!(system.stack.queue("braze").depth().await.unwrap().visible > 0);
    users
}

/// Removes the causes, wakes what is held and replays what is parked; all of it is delivered.
async fn deliver(system: &System, step: &str, settings: &Path) {
    system.sandbox.set_keys(keys(KEY));
    system.store_braze_key(KEY).await;
    system
        .stack
        .switch_event_source("deliver-braze", true)
        .await
        .unwrap();
    let replayed = system.switchyard(&["replay", "--settings", settings.to_str().unwrap()]);
    assert!(
        replayed.status.success(),
        "{step}: {}",
        String::from_utf8_lossy(&replayed.stderr)
    );
    system.stack.queue("braze").wake().await.unwrap();
    system.at_rest(step).await;
    system.assert_ended(&[]).await;
}

#[tokio::test]
async fn what_was_left_by_one_version_is_delivered_by_the_next_and_back() {
    let Some(previous) = Previous::prepare() else {
        eprintln!(
            "NO UPGRADE IS SHOWN: git has no previous commit with .ci/archive here (git fetch --deepen 1)"
        );
        return;
    };
    let mut system = System::start_empty().await;
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let previous = unpacked_archive(&previous.repository, &previous.built, folders[0].path());
    let current = unpacked_archive(Path::new(REPOSITORY), &built(), folders[1].path());
    let settings = [&previous, &current].map(|archive| edit_settings(&system, archive));

    sam_deploy(&mut system, &previous).await;
    system.store_keys().await;
    let mut sent = Vec::from(leave(&system, "before").await);
    for (step, archive, settings) in [
        ("upgraded", &current, &settings[1]),
        ("back", &previous, &settings[0]),
    ] {
        let said = sam_deploy(&mut system, archive).await;
        let functions = said.matches("AWS::Lambda::Function").count();
        assert!(
            said.contains("UPDATE_COMPLETE") && functions >= 6,
            "{step}: {said}"
        );
        deliver(&system, step, settings).await;
        if step == "upgraded" {
            sent.extend(leave(&system, "after").await);
        }
    }
    let accepted = system.sandbox.accepted(Vendor::Braze);
    let mut arrived: Vec<String> = accepted
        .iter()
        .map(|item| text_at(&item.json, "/external_id").unwrap())
        .collect();
    arrived.sort();
    sent.sort();
    assert_eq!(arrived, sent, "each once");
}
