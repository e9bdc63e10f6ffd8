//! What a message says, and sending it.

use serde_json::json;

use super::{Delivery, EpochRow, NewAccusation, Pass, Timestamp, registry};
use crate::config::Webhook;
use crate::webhook;

/// The message of one accusation. Thin unless the operator asked for names:
/// whoever reads the chat learns that there is something to see, not who.
pub(super) fn message(hook: &Webhook, epoch: &EpochRow, accusation: &NewAccusation, now: Timestamp) -> String {
    let mut data = json!({
        "epoch": epoch.rules.label,
        "route": accusation.route,
        "alpha": epoch.rules.alpha,
        "see": "trapline attribute",
    });
    if hook.names {
        data["account"] = accusation.account.clone().into();
        if !accusation.batch.is_empty() {
            data["batch"] = accusation.batch.clone().into();
        }
    }
    json!({ "type": "trapline.source.exposed", "timestamp": now, "data": data }).to_string()
}

/// Empties the outbox as far as the receiver takes it.
pub(super) fn deliver(pass: &mut Pass<'_>) -> registry::Result<Delivery> {
    match pass.announcer {
        Some(to) => webhook::deliver(pass.registry, to.client, to.hook, &to.secret, pass.now),
        None => Ok(Delivery { waiting: pass.registry.outbox_waiting()?, ..Delivery::default() }),
    }
}
