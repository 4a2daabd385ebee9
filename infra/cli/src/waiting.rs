//! What waits for a person: parked messages and dead letters, and which of them a command is about.

mod message;
mod selection;

pub(crate) use message::{Content, Waiting};
pub use selection::Selection;

use event::{Destination, Route};

use crate::account::{DeployedStack, Error, Queue};

/// The queues that a selection is about: the parked queue, or the dead-letter queues.
pub(crate) async fn queues<'s>(
    stack: &'s DeployedStack,
    selection: &Selection,
) -> Result<Vec<Queue<'s>>, Error> {
    if !selection.dead_letters {
        return Ok(vec![stack.parked_queue().await?]);
    }
    let mut queues = Vec::new();
    for destination in Destination::ALL {
        if selection
            .route
            .is_none_or(|route| route.destination() == destination)
        {
            queues.push(stack.dead_letter_queue(destination).await?);
        }
    }
    if selection.route.is_none_or(|route| route == Route::BrazeToSegment) {
        queues.extend(stack.files_queue("BrazeFilesDeadQueue").await?);
    }
    Ok(queues)
}
