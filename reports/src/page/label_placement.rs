//! Places names of marks: beside their mark, or as near as possible without covering another name, mark or line.

use super::{
    canvas::{Hold, TEXT},
    chart::Frame,
};

/// Width of a wide letter, in pixels of the drawing.
const LETTER: i32 = 16;
/// Distance from the middle of a mark to its name.
const GAP: i32 = 20;
/// Radius of a mark.
const MARK: i32 = 14;
/// Margin of a line on each side.
const STROKE: i32 = 3;
/// Distance between lines of text.
const LINE: i32 = TEXT + 6;
/// Number of rows and columns that are tried in each direction.
const ROWS: i32 = 24;
const COLUMNS: i32 = 12;

/// The place of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The end that is nearer to the mark.
    pub(super) end: i32,
    /// Its anchor, so that it stays beside its mark whatever its width is.
    pub(super) hold: Hold,
    /// Its middle line.
    pub(super) middle: i32,
    /// Where a line from the mark ends. `None` if the name is beside its mark.
    pub(super) joint: Option<(i32, i32)>,
}

/// A rectangle: left, top, right, bottom.
type Room = [i32; 4];

/// Returns places for these names, each given with the middle of its mark, inside the frame if possible. `line` has
/// horizontal and vertical segments.
pub(super) fn beside(names: &[(String, (i32, i32))], line: &[(i32, i32)], frame: Frame) -> Vec<Place> {
    let around = |[from, to]: [(i32, i32); 2], room: i32| {
        [from.0.min(to.0) - room, from.1.min(to.1) - room, from.0.max(to.0) + room, from.1.max(to.1) + room]
    };
    let mut taken: Vec<Room> = names.iter().map(|(_, mark)| around([*mark, *mark], MARK)).collect();
    taken.extend(line.windows(2).map(|pair| around([pair[0], pair[1]], STROKE)));
    let mut places = Vec::new();
    for (index, (name, mark)) in names.iter().enumerate() {
        let width = name.chars().count() as i32 * LETTER;
        let candidates = candidates(*mark);
        let is_free = |place: &&Place| {
            let room = room(place, width);
            is_within(room, frame) && !taken.iter().any(|other| do_meet(room, *other))
        };
        // A name away from its mark should not be beside another mark.
        let others = taken[..names.len()].iter().enumerate().filter(|(other, _)| *other != index);
        let is_clear = |place: &&Place| {
            let [left, top, right, bottom] = room(place, width);
            let wide = [left - 2 * GAP, top, right + 2 * GAP, bottom];
            place.joint.is_none() || !others.clone().any(|(_, mark)| do_meet(wide, *mark))
        };
        let clear = candidates.iter().filter(is_free).find(is_clear);
        let place = *clear.or_else(|| candidates.iter().find(is_free)).unwrap_or(&candidates[0]);
        taken.push(room(&place, width));
        places.push(place);
    }
    places
}

/// From the nearest on: right of the mark, left of it, then further away.
fn candidates((x, y): (i32, i32)) -> Vec<Place> {
    let mut candidates = Vec::new();
    for row in -ROWS..=ROWS {
        for column in 0..=COLUMNS {
            let (across, down) = (GAP + column * 2 * GAP, row * LINE / 2);
            let far = across.pow(2) + down.pow(2);
            let middle = y + down;
            let is_beside = row == 0 && column == 0;
            let joint = |end| if is_beside { None } else { Some((end, middle)) };
            // Prefers the right side.
            let (left, right) = (x - across, x + across);
            candidates.push((far, Place { end: right, hold: Hold::Left, middle, joint: joint(right - 4) }));
            candidates.push((far + 1, Place { end: left, hold: Hold::Right, middle, joint: joint(left + 4) }));
        }
    }
    candidates.sort_by_key(|(far, _)| *far);
    candidates.into_iter().map(|(_, place)| place).collect()
}

fn room(place: &Place, width: i32) -> Room {
    let left = if place.hold == Hold::Right { place.end - width } else { place.end };
    [left, place.middle - LINE / 2, left + width, place.middle + LINE / 2]
}

fn is_within(room: Room, frame: Frame) -> bool {
    room[0] > frame.left && room[1] > frame.top && room[2] < frame.right && room[3] < frame.bottom
}

fn do_meet(a: Room, b: Room) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { left: 0, right: 1000, top: 0, bottom: 600 };

    #[test]
    fn a_single_name_stands_beside_its_mark() {
        let places = beside(&[("name".to_owned(), (300, 300))], &[], FRAME);
        assert_eq!(places, [Place { end: 320, hold: Hold::Left, middle: 300, joint: None }]);
    }

    #[test]
    fn at_the_right_edge_a_name_stands_on_the_left() {
        let places = beside(&[("name".to_owned(), (990, 300))], &[], FRAME);
        assert_eq!(places, [Place { end: 970, hold: Hold::Right, middle: 300, joint: None }]);
    }

    #[test]
    fn a_name_does_not_cover_a_line() {
        let places = beside(&[("name".to_owned(), (300, 300))], &[(300, 300), (900, 300)], FRAME);
        assert_eq!(places, [Place { end: 280, hold: Hold::Right, middle: 300, joint: None }]);
    }

    #[test]
    fn a_moved_name_is_not_nearest_to_another_mark() {
        let line = [(0, 340), (1000, 340)];
        let names = [(600, 300), (600, 340)].map(|mark| ("long-name/variant".to_owned(), mark));
        let places = beside(&names, &line, FRAME);
        assert_eq!((places[0].end, places[0].joint), (620, None));
        let [left, top, right, bottom] = room(&places[1], 17 * 16);
        assert!(!do_meet([left - 40, top, right + 40, bottom], [586, 286, 614, 314]), "{places:?}");
    }

    #[test]
    fn no_name_covers_another_or_a_mark() {
        let names: Vec<_> = (0..12).map(|index| ("long-name/variant".to_owned(), (300 + index * 9, 300))).collect();
        let places = beside(&names, &[], FRAME);
        let rooms: Vec<Room> = places.iter().map(|place| room(place, 17 * 16)).collect();
        for (index, own) in rooms.iter().enumerate() {
            assert!(rooms.iter().skip(index + 1).all(|other| !do_meet(*own, *other)), "{index}");
            assert!(names.iter().all(|(_, (x, y))| !do_meet(*own, [x - 1, y - 1, x + 1, y + 1])), "{index}");
        }
    }
}
