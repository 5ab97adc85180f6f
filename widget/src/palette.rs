//! Colours from one: what stands on the primary colour, and where it would be too faint.
//!
//! In: `#rrggbb` and whether the theme is dark. Out: CSS colours that meet WCAG's contrast. The
//! style sheet holds the neutral colours; only what depends on the primary colour is made here.

/// Red, green, blue, 0..=255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

const WHITE: Rgb = Rgb(255, 255, 255);
/// The darkest ink of the light theme; softer than black, dark enough on every light colour.
const INK: Rgb = Rgb(0x0b, 0x10, 0x20);
/// The panel's ground in both themes, as `panel.css` has it.
const LIGHT_GROUND: Rgb = WHITE;
const DARK_GROUND: Rgb = Rgb(0x16, 0x18, 0x1d);
/// What WCAG 2.2 AA asks of text.
const TEXT: f64 = 4.5;
/// What it asks of signs without words.
const SIGN: f64 = 3.0;

impl Rgb {
    /// Reads `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6)?;
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(hex, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self(red, green, blue))
    }

    /// As CSS writes it.
    #[must_use]
    pub fn css(self) -> String {
        let [red, green, blue] = [self.0, self.1, self.2].map(|part| u32::from(part).to_string());
        ["rgb(", &red, " ", &green, " ", &blue, ")"].concat()
    }

    fn luminance(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { power_2_4((value + 0.055) / 1.055) }
        };
        0.2126 * part(self.0) + 0.7152 * part(self.1) + 0.0722 * part(self.2)
    }

    /// WCAG's contrast, 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// This colour with `percent` of another.
    fn mix(self, other: Self, percent: u32) -> Self {
        let part = |a: u8, b: u8| {
            let sum = u32::from(a) * (100 - percent) + u32::from(b) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(part(self.0, other.0), part(self.1, other.1), part(self.2, other.2))
    }

    /// The colour of signs on this ground: white where it is clear, else ink. Either has its
    /// contrast of 3 on every ground.
    #[must_use]
    pub fn sign_on(self) -> Self {
        if self.contrast(WHITE) >= SIGN { WHITE } else { INK }
    }
}

/// `x` to the power of 2.4, for 0 < `x` <= 1: the general power function would be a tenth of what
/// this room weighs. `x`^2.4 = `x`² · (`x`²)^⅕, and Newton finds the fifth root.
fn power_2_4(x: f64) -> f64 {
    let square = x * x;
    let mut root = 1.0;
    for _ in 0..24 {
        let fourth: f64 = root * root * root * root;
        root += (square / fourth - root) / 5.0;
    }
    square * root
}

/// What the style sheet takes from the primary colour.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    pub primary: Rgb,
    /// Signs on `primary`, which nowhere is a ground of text.
    pub sign: Rgb,
    /// The primary colour as text (links, chips): moved away from the ground until readable.
    pub accent: Rgb,
    /// The ground of the visitor's bubbles; the theme's ordinary text is readable on it.
    pub tint: Rgb,
}

impl Palette {
    #[must_use]
    pub fn new(primary: Rgb, dark: bool) -> Self {
        let (ground, away) = if dark { (DARK_GROUND, WHITE) } else { (LIGHT_GROUND, INK) };
        let tint = ground.mix(primary, if dark { 22 } else { 13 });
        let readable = |text: &Rgb| text.contrast(ground) >= TEXT && text.contrast(tint) >= TEXT;
        let accent =
            (0..=100).step_by(5).map(|step| primary.mix(away, step)).find(readable).unwrap_or(away);
        Self { primary, sign: primary.sign_on(), accent, tint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_colour() -> impl Iterator<Item = Rgb> {
        let steps = || (0..=255u8).step_by(15);
        steps().flat_map(move |r| steps().flat_map(move |g| steps().map(move |b| Rgb(r, g, b))))
    }

    #[test]
    fn a_sign_on_any_primary_colour_has_a_contrast_of_3() {
        for colour in every_colour() {
            assert!(colour.contrast(colour.sign_on()) >= SIGN, "{colour:?}");
        }
    }

    #[test]
    fn accent_text_is_readable_on_the_panel_and_on_the_visitors_bubble() {
        for dark in [false, true] {
            let ground = if dark { DARK_GROUND } else { LIGHT_GROUND };
            for colour in every_colour() {
                let palette = Palette::new(colour, dark);
                assert!(palette.accent.contrast(ground) >= TEXT, "{colour:?} dark {dark}");
                assert!(palette.accent.contrast(palette.tint) >= TEXT, "{colour:?} dark {dark}");
            }
        }
    }

    #[test]
    fn ordinary_text_is_readable_on_the_visitors_bubble() {
        for (dark, text) in [(false, Rgb(0x16, 0x1a, 0x23)), (true, Rgb(0xec, 0xee, 0xf2))] {
            for colour in every_colour() {
                let tint = Palette::new(colour, dark).tint;
                assert!(text.contrast(tint) >= 7.0, "{colour:?} dark {dark}");
            }
        }
    }

    #[test]
    fn the_small_power_function_is_the_real_one() {
        for step in 1..=1000 {
            let x = f64::from(step) / 1000.0;
            if x > 0.04 {
                assert!((power_2_4(x) - x.powf(2.4)).abs() < 1e-9, "{x}");
            }
        }
    }

    #[test]
    fn contrast_is_the_one_wcag_defines() {
        let black = Rgb(0, 0, 0);
        assert!((WHITE.contrast(black) - 21.0).abs() < 1e-9);
        assert!((Rgb(0x77, 0x77, 0x77).contrast(WHITE) - 4.478).abs() < 0.001);
    }

    #[test]
    fn only_six_hex_digits_are_a_colour() {
        assert_eq!(Rgb::parse("#5D87FF"), Some(Rgb(0x5d, 0x87, 0xff)));
        for bad in ["5D87FF", "#58f", "#5D87FG", "red", "", "#+D87FF"] {
            assert_eq!(Rgb::parse(bad), None, "{bad:?}");
        }
    }
}
