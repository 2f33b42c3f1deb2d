//! The list as a terminal shows it: columns that fit its width, the less important ones left out where they don't.

use super::fields::{self, Run};
use super::numbers;
use super::terminal::{Style, fitted, line, width};
use crate::facts::short_name;
use crate::model::{Status, Summary};
use crate::search::Zone;

/// Between two columns.
const GAP: usize = 2;

/// The text of a run has at least so many columns, as long as something else can be left out for it.
const LEAST_TEXT: usize = 24;

const MOST_MODEL: usize = 24;
const SHORT_MODEL: usize = 14;
const MOST_INSTANCE: usize = 12;

/// A column, in the order in which they stand. The text comes last and takes what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    Id,
    Created,
    Instance,
    Status,
    Took,
    Outputs,
    Model,
}

impl ColumnKind {
    const ALL: [Self; 7] =
        [Self::Id, Self::Created, Self::Instance, Self::Status, Self::Took, Self::Outputs, Self::Model];

    /// In the order in which they are left out; the others never are.
    const LESS_IMPORTANT: [Self; 5] = [Self::Outputs, Self::Took, Self::Instance, Self::Model, Self::Created];

    fn title(self) -> &'static str {
        match self {
            Self::Id => "ID",
            Self::Created => "CREATED",
            Self::Instance => "INSTANCE",
            Self::Status => "STATUS",
            Self::Took => "TOOK",
            Self::Outputs => "OUTPUTS",
            Self::Model => "MODEL",
        }
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Id | Self::Took)
    }

    fn value(self, run: &Summary, zone: Zone) -> String {
        match self {
            Self::Id => run.id.to_string(),
            Self::Created => zone.local(run.created_at).format("%Y-%m-%d %H:%M").to_string(),
            Self::Instance => run.instance.to_string(),
            Self::Status => run.status.to_string(),
            Self::Took => run.duration_ms.map(numbers::duration).unwrap_or_default(),
            Self::Outputs => fields::outputs(run),
            Self::Model => line(short_name(run.model.as_deref().unwrap_or_default())),
        }
    }

    fn style(self, run: &Summary) -> Style {
        match self {
            Self::Id => Style::Strong,
            Self::Status => of_status(run.status),
            Self::Created | Self::Took | Self::Outputs => Style::Faint,
            Self::Instance | Self::Model => Style::Plain,
        }
    }
}

/// How a status looks.
pub(super) fn of_status(status: Status) -> Style {
    match status {
        Status::Completed => Style::Good,
        Status::Failed => Style::Bad,
        Status::Cancelled => Style::Warning,
        Status::Lost => Style::Odd,
        Status::InProgress => Style::Busy,
        Status::Pending => Style::Faint,
    }
}

/// The widths of the columns, as its first page needs them.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<(ColumnKind, usize)>,
    text: usize,
    zone: Zone,
    is_colored: bool,
}

impl Table {
    /// One for these runs and those that come after them.
    pub(super) fn new(runs: &[Run], total: usize, has_instances: bool, zone: Zone, is_colored: bool) -> Self {
        let needed = |kind: ColumnKind| {
            let values = runs.iter().map(|run| width(&kind.value(&run.row, zone)));
            let needed = values.max().unwrap_or(0).max(width(kind.title()));
            match kind {
                ColumnKind::Model => needed.min(MOST_MODEL),
                ColumnKind::Instance => needed.min(MOST_INSTANCE),
                // Those to come may need it.
                ColumnKind::Took => needed.max(width("59 min 59 s")),
                ColumnKind::Status => needed.max(width("completed")),
                ColumnKind::Id | ColumnKind::Created | ColumnKind::Outputs => needed,
            }
        };
        let is_shown = |kind: &ColumnKind| *kind != ColumnKind::Instance || has_instances;
        let mut columns: Vec<_> =
            ColumnKind::ALL.into_iter().filter(is_shown).map(|kind| (kind, needed(kind))).collect();
        let taken = |columns: &[(ColumnKind, usize)]| columns.iter().map(|(_, width)| width + GAP).sum::<usize>();
        for kind in ColumnKind::LESS_IMPORTANT {
            if kind == ColumnKind::Model && taken(&columns) + LEAST_TEXT > total {
                // The beginning of a name says something.
                columns
                    .iter_mut()
                    .filter(|(of, _)| *of == kind)
                    .for_each(|(_, width)| *width = (*width).min(SHORT_MODEL));
            }
            if taken(&columns) + LEAST_TEXT > total {
                columns.retain(|(other, _)| *other != kind);
            }
        }
        let text = total.saturating_sub(taken(&columns));
        Self { columns, text, zone, is_colored }
    }

    /// What stands above.
    pub(super) fn header(&self) -> String {
        let titles = self.columns.iter().map(|&(kind, width)| aligned(kind, kind.title(), width));
        let titles = titles.chain([fitted("TEXT", self.text)]).collect::<Vec<_>>().join(&" ".repeat(GAP));
        Style::Faint.paint(titles.trim_end(), self.is_colored)
    }

    /// The line of a run.
    pub(super) fn line(&self, run: &Run) -> String {
        let mut out = String::new();
        for &(kind, width) in &self.columns {
            let cell = aligned(kind, &fitted(&kind.value(&run.row, self.zone), width), width);
            out.push_str(&kind.style(&run.row).paint(&cell, self.is_colored));
            out.push_str(&" ".repeat(GAP));
        }
        let text = fitted(&line(&fields::text(run).unwrap_or_default()), self.text);
        let style = if run.row.error.is_some() { of_status(run.row.status) } else { Style::Plain };
        out.push_str(&style.paint(&text, self.is_colored));
        out.truncate(out.trim_end().len());
        out
    }
}

fn aligned(kind: ColumnKind, text: &str, columns: usize) -> String {
    let gap = " ".repeat(columns.saturating_sub(width(text)));
    if kind.is_right() { format!("{gap}{text}") } else { format!("{text}{gap}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GenerationId;
    use crate::model::testing::summary;

    fn run(id: i64, text: &str) -> Run {
        let row = Summary {
            id: GenerationId(id),
            duration_ms: Some(80_000),
            workflow_name: Some(text.to_owned()),
            model: Some("sdxl/a-model-with-quite-a-long-name.safetensors".to_owned()),
            outputs_count: 4,
            kinds: vec![crate::model::MediaKind::Image],
            ..summary()
        };
        Run { row, facts: None }
    }

    fn shown(total: usize) -> [String; 3] {
        let runs = [run(7, "一只红狐在雪地里，清晨的光，电影感，细节丰富，柔和的背景"), run(1_000, "a\tfox\x1b[31m")];
        let table = Table::new(&runs, total, false, "UTC".parse().unwrap(), false);
        [table.header(), table.line(&runs[0]), table.line(&runs[1])]
    }

    #[test]
    fn a_wide_terminal_shows_all() {
        assert_eq!(
            shown(120),
            [
                "  ID  CREATED           STATUS            TOOK  OUTPUTS   MODEL                     TEXT",
                "   7  2026-11-20 09:59  completed   1 min 20 s  4 images  a-model-with-quite-a-lo…  一只红狐在雪地里，清晨的光，电影感…",
                "1000  2026-11-20 09:59  completed   1 min 20 s  4 images  a-model-with-quite-a-lo…  a fox[31m",
            ]
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for total in 1..140 {
            for text in shown(total) {
                // What never is left out needs so much.
                assert!(width(&text) <= total.max(17), "{total}: {text}");
            }
        }
        assert!(shown(60)[0].starts_with("  ID  CREATED           STATUS     TEXT"), "{:?}", shown(60));
    }

    #[test]
    fn colours_take_no_room() {
        let runs = [run(7, "fox")];
        let table = |is_colored| Table::new(&runs, 100, true, Zone::default(), is_colored);
        let colored = table(true).line(&runs[0]);
        assert!(colored.contains("\x1b[32mcompleted"), "{colored:?}");
        let mut plain = colored;
        for code in ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[32m"] {
            plain = plain.replace(code, "");
        }
        assert_eq!(plain.trim_end(), table(false).line(&runs[0]));
    }
}
