//! Aligned columns. Widths are counted in characters, before any colour.

use super::terminal::{Mood, Paint, clean};

/// One cell.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    mood: Mood,
}

impl Cell {
    /// A text in a colour.
    pub(super) fn with_mood(text: &str, mood: Mood) -> Self {
        Self { text: clean(text), mood }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::with_mood(text, Mood::Neutral)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::from(number.to_string())
    }
}

/// Rows below a line of headings. The first column is text; the others stand at the right when
/// their heading begins with a space.
pub(super) fn table<const N: usize>(
    headings: [&str; N],
    rows: &[[Cell; N]],
    paint: Paint,
) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].text.chars().count());
        cells.chain([headings[column].trim().chars().count()]).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let is_right = headings.map(|heading| heading.starts_with(' '));
    let line = |cells: [(String, usize); N]| {
        let cells = cells.into_iter().enumerate().map(|(column, (text, length))| {
            let gap = " ".repeat(widths[column] - length);
            if is_right[column] { gap + &text } else { text + &gap }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let headings = headings.map(str::trim);
    let head = line(headings.map(|text| (paint.heading(text), text.chars().count())));
    let rows = rows.iter().map(|row| {
        line(
            row.each_ref()
                .map(|cell| (paint.mood(cell.mood, &cell.text), cell.text.chars().count())),
        )
    });
    std::iter::once(head).chain(rows).collect()
}

/// Lines of a name and a value each.
pub(super) fn facts(rows: &[(&str, Cell)], paint: Paint) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let line = |(name, cell): &(&str, Cell)| {
        let gap = " ".repeat(width - name.chars().count());
        format!("{}{gap}  {}\n", paint.heading(name), paint.mood(cell.mood, &cell.text))
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn columns_are_aligned_and_foreign_texts_are_harmless() {
        let rows = [
            [Cell::from("default"), Cell::from(9_516), Cell::from("yes")],
            [Cell::from("å\x1b[2J"), Cell::from(7), Cell::with_mood("no", Mood::Bad)],
        ];
        expect![[r#"
            name        codes  up
            default      9516  yes
            å\u{1b}[2J      7  no
        "#]]
        .assert_eq(&table(["name", " codes", "up"], &rows, Paint::Plain));
    }

    #[test]
    fn colours_do_not_move_columns() {
        let rows = [[Cell::with_mood("no", Mood::Bad), Cell::from("x")]];
        let coloured = table(["up", "y"], &rows, Paint::Colours);
        assert_eq!(coloured, "\x1b[1mup\x1b[0m  \x1b[1my\x1b[0m\n\x1b[31mno\x1b[0m  x\n");
    }

    #[test]
    fn facts_are_aligned() {
        let rows = [("id", Cell::from("ver_1")), ("status", Cell::from("pending"))];
        assert_eq!(facts(&rows, Paint::Plain), "id      ver_1\nstatus  pending\n");
    }
}
