//! Much work that somebody may watch.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::Terminal;

/// Threads for reading and copying files: with more of them a disk, and whoever else uses it, gets slower.
const THREADS: usize = 2;

/// Does the same with each item, a few at a time. What each gives comes in the order of the items.
pub(super) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            match items.get(place) {
                Some(item) => done.push((place, work(item))),
                None => return done,
            }
        }
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let others: Vec<_> = (1..THREADS.min(items.len())).map(|_| scope.spawn(some)).collect();
        let mut done = some();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, given)| given).collect()
}

/// A bar of bytes where somebody watches; it is gone at the end.
pub(super) fn bytes_bar(terminal: &Terminal<'_>, bytes: u64) -> ProgressBar {
    bar(terminal, bytes, "{bar:40} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} to go")
}

/// The same, of runs.
pub(super) fn runs_bar(terminal: &Terminal<'_>, runs: u64) -> ProgressBar {
    bar(terminal, runs, "{bar:40} {human_pos} of {human_len} runs, {msg}, {eta} to go")
}

fn bar(terminal: &Terminal<'_>, length: u64, template: &str) -> ProgressBar {
    let target = if terminal.is_watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length), target).with_style(style)
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_item_is_done_once_and_comes_in_its_place() {
        let items: Vec<usize> = (0..1_000).collect();
        assert_eq!(super::each(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(super::each(&[] as &[usize], |item| *item).is_empty());
    }
}
