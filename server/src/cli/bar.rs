//! How far a long command is, on a terminal; nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

use crate::db::copy::Progress;

/// A bar for what comes table by table.
pub(super) fn tables() -> anyhow::Result<ProgressBar> {
    Ok(ProgressBar::new(0).with_style(ProgressStyle::with_template("{msg:<14} {wide_bar} {human_pos} of {human_len}")?))
}

/// Moves it.
pub(super) fn show(bar: &ProgressBar, progress: Progress) {
    if bar.message() != progress.table {
        bar.set_message(progress.table);
    }
    bar.set_length(progress.total);
    bar.set_position(progress.done);
}
