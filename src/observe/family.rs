//! Makes metric families: registered ones whose handles live as long as the daemon, and passing ones
//! that are filled from a reading and encoded at once.

use prometheus::core::Collector;
use prometheus::proto::{self, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
};

/// A registered counter without labels.
pub(super) fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    register(registry, IntCounter::new(name, help))
}

/// A registered counter with labels.
pub(super) fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> IntCounterVec {
    register(registry, IntCounterVec::new(Opts::new(name, help), labels))
}

/// A registered histogram without labels.
pub(super) fn histogram(registry: &Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    register(registry, Histogram::with_opts(options))
}

/// A registered histogram with one label.
pub(super) fn histograms(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    buckets: &[f64],
) -> HistogramVec {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    register(registry, HistogramVec::new(options, &[label]))
}

/// A passing family whose samples were counted elsewhere.
pub(super) fn read_counter<'a, const N: usize>(
    name: &str,
    help: &str,
    labels: [&str; N],
    samples: impl IntoIterator<Item = ([&'a str; N], f64)>,
) -> MetricFamily {
    let metrics = samples.into_iter().map(|(values, value)| {
        let mut counter = proto::Counter::default();
        counter.set_value(value);
        let mut metric = Metric::from_label(pairs(labels, values));
        metric.set_counter(counter);
        metric
    });
    family(name, help, MetricType::COUNTER, metrics.collect())
}

/// A passing family of values that go up and down.
pub(super) fn read_gauge<'a, const N: usize>(
    name: &str,
    help: &str,
    labels: [&str; N],
    samples: impl IntoIterator<Item = ([&'a str; N], f64)>,
) -> MetricFamily {
    let metrics = samples.into_iter().map(|(values, value)| {
        let mut gauge = proto::Gauge::default();
        gauge.set_value(value);
        let mut metric = Metric::from_label(pairs(labels, values));
        metric.set_gauge(gauge);
        metric
    });
    family(name, help, MetricType::GAUGE, metrics.collect())
}

/// How often a value fell between bounds, counted elsewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// The largest value of each bucket, in ascending order.
    pub bounds: Vec<f64>,
    /// Values in each bucket alone, and at last those above every bound.
    pub counts: Vec<u64>,
    /// The sum of all values.
    pub sum: f64,
}

impl Distribution {
    /// Of whole numbers, `per_unit` of which are one of what is shown: 1e6 for microseconds.
    pub fn of(bounds: &[u64], counts: &[u64], sum: u64, per_unit: f64) -> Self {
        let shown = |number: u64| number as f64 / per_unit;
        Self {
            bounds: bounds.iter().copied().map(shown).collect(),
            counts: counts.to_vec(),
            sum: shown(sum),
        }
    }
}

/// A passing family of distributions.
pub(super) fn read_histogram<'a, const N: usize>(
    name: &str,
    help: &str,
    labels: [&str; N],
    samples: impl IntoIterator<Item = ([&'a str; N], &'a Distribution)>,
) -> MetricFamily {
    let metrics = samples.into_iter().map(|(values, read)| {
        let mut below = 0;
        let buckets = read.bounds.iter().zip(&read.counts).map(|(bound, count)| {
            below += count;
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(*bound);
            bucket.set_cumulative_count(below);
            bucket
        });
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(read.counts.iter().sum());
        histogram.set_sample_sum(read.sum);
        let mut metric = Metric::from_label(pairs(labels, values));
        metric.set_histogram(histogram);
        metric
    });
    family(name, help, MetricType::HISTOGRAM, metrics.collect())
}

fn pairs<const N: usize>(labels: [&str; N], values: [&str; N]) -> Vec<LabelPair> {
    let pair = |(label, value): (&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name(label.to_owned());
        pair.set_value(value.to_owned());
        pair
    };
    labels.into_iter().zip(values).map(pair).collect()
}

fn family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

/// # Panics
///
/// When a name, a label or the buckets are not valid, or a name is taken: all are constants of this
/// room, and every test that makes a `Metrics` passes them through here.
fn register<C: Clone + Collector + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    let collector = match made {
        Ok(collector) => collector,
        Err(error) => unreachable!("a metric's constants are valid: {error}"),
    };
    if let Err(error) = registry.register(Box::new(collector.clone())) {
        unreachable!("a metric's name is used once: {error}");
    }
    collector
}
