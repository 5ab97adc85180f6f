//! How far the button must rise to be clear of the page's own bars at the bottom: plain Rust.

/// A box on the screen, in CSS pixels from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub left: i32,
    pub right: i32,
    pub top: i32,
    pub bottom: i32,
}

/// How far from the screen's lower edge the widget has to stand. `needs` is what it takes at that
/// edge when nothing is there; what covers more than the lower half is no bar, but what one waits
/// to see go, such as a dialog.
#[must_use]
pub fn lift(needs: Area, bars: &[Area]) -> i32 {
    let screen = needs.bottom;
    let mut lift = 0;
    // Above one bar there may be another.
    for _ in bars {
        for bar in bars {
            let seen = bar.right > bar.left && bar.bottom > bar.top && bar.top >= screen / 2;
            let beside = bar.right <= needs.left || bar.left >= needs.right;
            let (top, bottom) = (needs.top - lift, screen - lift);
            if seen && !beside && bar.top < bottom && bar.bottom > top {
                lift = screen - bar.top;
            }
        }
    }
    lift
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn area(left: i32, right: i32, top: i32, bottom: i32) -> Area {
        Area { left, right, top, bottom }
    }

    /// A button of 70 with its 10 below, in the right corner of 1000 by 800.
    const BUTTON: Area = area(914, 984, 720, 800);

    #[test]
    fn without_bars_the_button_stays_where_it_is() {
        assert_eq!(lift(BUTTON, &[]), 0);
    }

    #[test]
    fn the_button_stands_on_a_bar_that_reaches_under_it() {
        assert_eq!(lift(BUTTON, &[area(0, 1000, 740, 800)]), 60);
        assert_eq!(lift(BUTTON, &[area(20, 980, 700, 784)]), 100, "one that floats");
    }

    #[test]
    fn bars_beside_below_or_above_it_do_not_matter() {
        assert_eq!(lift(BUTTON, &[area(0, 500, 740, 800)]), 0, "beside");
        assert_eq!(lift(BUTTON, &[area(0, 1000, 800, 860)]), 0, "slid out");
        assert_eq!(lift(BUTTON, &[area(0, 1000, 640, 720)]), 0, "above");
        assert_eq!(lift(BUTTON, &[area(0, 1000, 760, 760)]), 0, "not drawn");
    }

    #[test]
    fn a_dialog_over_the_page_does_not_drive_the_button_out_of_sight() {
        assert_eq!(lift(BUTTON, &[area(0, 1000, 0, 800)]), 0);
    }

    #[test]
    fn two_bars_on_each_other_are_one() {
        let bars = [area(0, 1000, 690, 740), area(0, 1000, 740, 800)];
        assert_eq!(lift(BUTTON, &bars), 110);
        assert_eq!(lift(BUTTON, &[bars[1], bars[0]]), 110, "in any order");
    }
}
