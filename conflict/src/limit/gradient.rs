//! A limit that is found out by how the upstream answers: Gradient2 of Netflix' concurrency-limits, on times to the first
//! byte (the whole time of a model's answer depends on its length, not on load).
//!
//! Samples are taken together in windows, as there: one slow answer says nothing. Each window moves the limit once.

use std::time::Duration;

use tokio::time::Instant;
use weir_domain::spec::Adaptive;

/// The room that a limit always tries to gain.
const QUEUE: f64 = 4.0;
/// How much of a window's verdict becomes true at once.
const SMOOTHING: f64 = 0.2;
/// Windows that the long average looks back on.
const LONG_WINDOWS: f64 = 600.0;
/// Windows that are averaged plainly at the start.
const WARM_UP: u32 = 10;
const DECAY: f64 = 0.95;
const GRADIENT_MIN: f64 = 0.5;
const WINDOW_SAMPLES: u32 = 10;
const WINDOW_MIN: Duration = Duration::from_millis(100);
const WINDOW_MAX: Duration = Duration::from_secs(1);
/// The part of a window's answers that are drops from which on the limit falls as fast as it can.
const DROPS_FULL: f64 = 0.1;

/// The limit, and what is known of the upstream.
#[derive(Debug)]
pub(super) struct Gradient {
    limit: f64,
    /// The long average of windows, in seconds; 0 before the first.
    long: f64,
    windows: u32,
    window: Option<Window>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    samples: u32,
    drops: u32,
    sum: f64,
    fastest: f64,
    in_flight: u32,
}

impl Gradient {
    pub(super) fn new(settings: &Adaptive) -> Self {
        Self { limit: bounded(f64::from(settings.initial), settings), long: 0.0, windows: 0, window: None }
    }

    /// The limit now, within bounds that may have changed since.
    pub(super) fn limit(&self, settings: &Adaptive) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds that are u32")]
        let limit = bounded(self.limit, settings).floor() as u32;
        limit
    }

    /// An answer's first byte came after `time`, while so many were under way.
    pub(super) fn sample(&mut self, now: Instant, time: Duration, in_flight: u32, settings: &Adaptive) {
        let time = time.as_secs_f64().max(1e-6);
        let window = self.window(now);
        window.samples += 1;
        window.sum += time;
        window.fastest = window.fastest.min(time);
        window.in_flight = window.in_flight.max(in_flight);
        self.close(now, settings);
    }

    /// The upstream did not answer in time, or said that it is too much for it (429, 503).
    pub(super) fn dropped(&mut self, now: Instant, in_flight: u32, settings: &Adaptive) {
        let window = self.window(now);
        window.drops += 1;
        window.in_flight = window.in_flight.max(in_flight);
        self.close(now, settings);
    }

    fn window(&mut self, now: Instant) -> &mut Window {
        self.window.get_or_insert(Window {
            began: now,
            samples: 0,
            drops: 0,
            sum: 0.0,
            fastest: f64::INFINITY,
            in_flight: 0,
        })
    }

    /// Judges the window if it is full.
    fn close(&mut self, now: Instant, settings: &Adaptive) {
        let full = self.window.as_ref().is_some_and(|window| {
            let twice = Duration::try_from_secs_f64(window.fastest * 2.0).unwrap_or(WINDOW_MAX);
            let enough = window.samples.saturating_add(window.drops) >= WINDOW_SAMPLES;
            enough && now.saturating_duration_since(window.began) >= twice.clamp(WINDOW_MIN, WINDOW_MAX)
        });
        if full && let Some(window) = self.window.take() {
            self.judge(&window, settings);
        }
    }

    fn judge(&mut self, window: &Window, settings: &Adaptive) {
        let (samples, drops) = (f64::from(window.samples), f64::from(window.drops));
        let pressure = (drops / (samples + drops) / DROPS_FULL).min(1.0);
        let mut gradient = 1.0;
        if window.samples > 0 {
            let short = window.sum / samples;
            let long = self.learn(short);
            let tolerance = f64::from(settings.tolerance_percent.max(100)) / 100.0;
            gradient = (tolerance * long / short).clamp(GRADIENT_MIN, 1.0);
        }
        // Who does not use half of the limit says nothing about where it lies; drops do, whatever is under way.
        if drops == 0.0 && f64::from(window.in_flight) < self.limit / 2.0 {
            return;
        }
        let gradient = gradient.min(1.0 - (1.0 - GRADIENT_MIN) * pressure);
        let new = self.limit * gradient + QUEUE * (1.0 - pressure);
        self.limit = bounded(self.limit * (1.0 - SMOOTHING) + new * SMOOTHING, settings);
    }

    /// Takes a window into the long average, which follows fast when the upstream has become twice as fast.
    fn learn(&mut self, short: f64) -> f64 {
        self.windows = self.windows.saturating_add(1);
        self.long = if self.windows <= WARM_UP {
            let before = f64::from(self.windows - 1);
            (self.long * before + short) / (before + 1.0)
        } else {
            self.long + (short - self.long) * 2.0 / (LONG_WINDOWS + 1.0)
        };
        let long = self.long;
        if long / short > 2.0 {
            self.long *= DECAY;
        }
        long
    }
}

fn bounded(limit: f64, settings: &Adaptive) -> f64 {
    let min = f64::from(settings.min.max(1));
    limit.clamp(min, f64::from(settings.max).max(min))
}
