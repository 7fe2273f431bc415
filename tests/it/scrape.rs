//! Metrics as a scraper reads them.

/// One scrape.
#[derive(Debug)]
pub(crate) struct Scrape(Vec<(String, f64)>);

impl Scrape {
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a series has a value");
            (name.to_owned(), value.parse().expect("a value is a number"))
        });
        Self(series.collect())
    }

    /// The sum of a family's series that have all these labels, written as the scrape writes them.
    pub(crate) fn sum(&self, family: &str, labels: &[&str]) -> f64 {
        let mut found = self.0.iter().filter(|(name, _)| {
            let (head, tail) = name.split_once('{').unwrap_or((name, ""));
            head == family && labels.iter().all(|label| tail.contains(label))
        });
        let first = found.next().unwrap_or_else(|| panic!("no series {family} {labels:?}"));
        first.1 + found.map(|(_, value)| value).sum::<f64>()
    }

    /// The names of all series.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }
}
