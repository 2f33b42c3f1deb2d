//! Pages of a list by key: which places a page has, and where the list goes on. The same for every way to find places.

use crate::model::{Cursor, GenerationId, Limit, Neighbours, Page, Start, Timestamp};

/// A place in the list: when the run was created, in milliseconds, and its id.
pub type Place = (i64, i64);

/// The place of a cursor.
pub fn place(cursor: &Cursor) -> Place {
    (cursor.created_at.as_millis(), cursor.id.0)
}

/// The cursor of a place.
pub fn cursor(&(created_at, id): &Place) -> Cursor {
    Cursor { created_at: Timestamp::from_millis(created_at), id: GenerationId(id) }
}

/// The places of one page. `find` returns the first places from a start on, the nearest first and no more than asked for.
pub fn page<E>(
    start: Start,
    limit: Limit,
    find: impl Fn(Start, u32) -> Result<Vec<Place>, E>,
) -> Result<Page<Place>, E> {
    let mut items = find(start, limit.get().saturating_add(1))?;
    let most = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let is_more = items.len() > most;
    items.truncate(most);
    if let Start::Newer(_) = start {
        items.reverse();
    }
    // The cursor, if there are runs beyond it.
    let if_any = |cursor: Option<Cursor>, direction: fn(Cursor) -> Start| {
        let Some(at) = cursor else { return Ok(None) };
        Ok(if find(direction(at), 1)?.is_empty() { None } else { Some(at) })
    };
    let (prev, next) = edges(start, &items);
    let (prev, next) = match start {
        Start::Newest => (None, next.filter(|_| is_more)),
        Start::Older(_) => (if_any(prev, Start::Newer)?, next.filter(|_| is_more)),
        Start::Newer(_) => (prev.filter(|_| is_more), if_any(next, Start::Older)?),
    };
    Ok(Page { items, next, prev })
}

/// The runs beside a place; `find` as for [`page`].
pub fn neighbours<E>(at: Cursor, find: impl Fn(Start, u32) -> Result<Vec<Place>, E>) -> Result<Neighbours, E> {
    let nearest = |start| Ok(find(start, 1)?.first().map(|&(_, id)| GenerationId(id)));
    Ok(Neighbours { newer: nearest(Start::Newer(at))?, older: nearest(Start::Older(at))? })
}

/// Where the list goes on at both ends of a page. After an empty page that is where it began, with the run of that very
/// place, which the page left out.
fn edges(start: Start, places: &[Place]) -> (Option<Cursor>, Option<Cursor>) {
    let beside =
        |cursor: Cursor, step: i64| Cursor { id: GenerationId(cursor.id.0.saturating_add(step).max(0)), ..cursor };
    match start {
        Start::Older(at) if places.is_empty() => (Some(beside(at, -1)), None),
        Start::Newer(at) if places.is_empty() => (None, Some(beside(at, 1))),
        _ => (places.first().map(cursor), places.last().map(cursor)),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Runs 1 to 9, of which three each share a time.
    fn find(start: Start, most: u32) -> Result<Vec<Place>, Infallible> {
        let all = (1..=9).map(|id| (id / 3, id));
        let mut found: Vec<Place> = match start {
            Start::Newest => all.rev().collect(),
            Start::Older(at) => all.rev().filter(|one| *one < place(&at)).collect(),
            Start::Newer(at) => all.filter(|one| *one > place(&at)).collect(),
        };
        found.truncate(most as usize);
        Ok(found)
    }

    fn at(start: Start) -> Page<Place> {
        page(start, Limit::up_to(4), find).unwrap()
    }

    fn ids(page: &Page<Place>) -> Vec<i64> {
        page.items.iter().map(|(_, id)| *id).collect()
    }

    #[test]
    fn pages_lead_to_the_end_and_back_without_a_gap() {
        let first = at(Start::Newest);
        let second = at(Start::Older(first.next.unwrap()));
        let last = at(Start::Older(second.next.unwrap()));
        assert_eq!([&first, &second, &last].map(ids), [vec![9, 8, 7, 6], vec![5, 4, 3, 2], vec![1]]);
        assert_eq!((first.prev, last.next), (None, None));
        let back = at(Start::Newer(last.prev.unwrap()));
        assert_eq!(back, second);
        assert_eq!(ids(&at(Start::Newer(back.prev.unwrap()))), [9, 8, 7, 6]);
    }

    #[test]
    fn an_empty_page_leads_back_to_the_run_that_it_began_at() {
        let end = at(Start::Older(cursor(&(0, 1))));
        assert_eq!((ids(&end), end.next), (vec![], None));
        assert_eq!(ids(&at(Start::Newer(end.prev.unwrap()))), [1, 2, 3, 4].into_iter().rev().collect::<Vec<_>>());
    }

    #[test]
    fn the_neighbours_of_a_run_are_the_nearest_on_each_side() {
        let neighbours = |id: i64| super::neighbours(cursor(&(id / 3, id)), find).unwrap();
        assert_eq!(neighbours(9), Neighbours { newer: None, older: Some(GenerationId(8)) });
        assert_eq!(neighbours(3), Neighbours { newer: Some(GenerationId(4)), older: Some(GenerationId(2)) });
    }
}
