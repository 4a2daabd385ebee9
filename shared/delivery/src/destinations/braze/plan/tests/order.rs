use super::*;

fn catalog(upsert: bool, id: &str) -> Vec<BrazeCall> {
    let catalog = "c".to_owned();
    let endpoint = if upsert {
        BrazeEndpoint::CatalogUpsert { catalog }
    } else {
        BrazeEndpoint::CatalogDelete { catalog }
    };
    vec![single(endpoint, BrazeArray::Items, id)]
}

fn events(requests: &[Batch]) -> Vec<Vec<usize>> {
    shape(requests).into_iter().map(|(_, events)| events).collect()
}

#[test]
fn an_item_that_was_deleted_and_written_again_is_written_last() {
    event::rules!["SB-515", "SB-425"];
    let requests = packs(
        vec![
            catalog(true, "j"),
            catalog(false, "i"),
            catalog(true, "i"),
            catalog(true, "k"),
        ],
        ROOM,
    );
    assert_eq!(events(&requests), [vec![0], vec![1], vec![2, 3]]);
    let apart = packs(
        vec![catalog(true, "j"), catalog(false, "i"), catalog(true, "k")],
        ROOM,
    );
    assert_eq!(events(&apart), [vec![0, 2], vec![1]]);
}

#[test]
fn messages_to_one_recipient_keep_their_order() {
    event::rules!["SB-515"];
    let campaign = |id: &str, user: &str| {
        let endpoint = BrazeEndpoint::CampaignTrigger {
            campaign_id: id.to_owned(),
            send_id: String::new(),
        };
        vec![single(endpoint, BrazeArray::Recipients, user)]
    };
    let requests = packs(
        vec![
            campaign("welcome", "v"),
            campaign("tips", "u"),
            campaign("welcome", "u"),
        ],
        ROOM,
    );
    assert_eq!(events(&requests), [[0], [1], [2]]);
}
