//! The pools as people see them: for the admin API and for metrics.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use weir_domain::routing::{
    BreakerState, CooldownReason, CooldownState, ErrorSeen, HealthChecks, KeyState as KeyView, RouteState,
    TargetState as TargetView,
};
use weir_domain::snapshot::{HealthCheck, ModelRoute, Snapshot};
use weir_domain::time::{self, Micros};

use super::breaker::{Breaker, Stand};
use super::cooldown::Rest;
use super::health::Health;
use super::state::LastError;
use super::{Pool, Pools};
use crate::counting::clock::Millis;

impl Pools {
    /// The state of every model route, by name.
    pub(crate) fn view(&self, snapshot: &Snapshot) -> Vec<RouteState> {
        let (now, at) = (Instant::now(), time::now());
        let mut routes: Vec<RouteState> =
            snapshot.models.values().map(|route| self.of(snapshot, route).view(now, at)).collect();
        routes.sort_by(|a, b| a.model.cmp(&b.model));
        routes
    }

    /// The state of the one target of a shadow's route.
    pub(in crate::ai) fn shadow(&self, snapshot: &Snapshot, route: &Arc<ModelRoute>) -> Option<TargetView> {
        let pool = self.of(snapshot, route);
        pool.target_view(0, pool.millis(Instant::now()), time::now())
    }

    /// The same for Prometheus, in its text format. Labels are names of the configuration; a target that several routes
    /// lead to stands there once.
    pub(crate) fn metrics(&self, snapshot: &Snapshot, node: &str) -> String {
        let mut targets: Vec<TargetView> = self.view(snapshot).into_iter().flat_map(|route| route.targets).collect();
        targets.sort_by(|a, b| (&a.provider, &a.model).cmp(&(&b.provider, &b.model)));
        targets.dedup_by(|a, b| (&a.provider, &a.model) == (&b.provider, &b.model));
        let mut text = String::new();
        for (name, kind, help, value) in METRICS {
            if targets.is_empty() {
                break;
            }
            let _ = writeln!(text, "# HELP weir_{name} {help}\n# TYPE weir_{name} {kind}");
            for target in &targets {
                let [node, provider, model] = [node, &target.provider, &target.model].map(escaped);
                let Some(value) = value(target) else { continue };
                let _ =
                    writeln!(text, "weir_{name}{{node=\"{node}\",provider=\"{provider}\",model=\"{model}\"}} {value}");
            }
        }
        self.key_metrics(&mut text, &targets, node);
        self.check_metrics(&mut text, snapshot, node);
        text
    }

    /// How the keys stand.
    fn key_metrics(&self, text: &mut String, targets: &[TargetView], node: &str) {
        if targets.iter().all(|target| target.keys.is_empty()) {
            return;
        }
        let help = "Circuit breaker of a provider's key with a model: 0 closed, 1 half-open, 2 open.";
        let _ = writeln!(text, "# HELP weir_provider_key_breaker {help}\n# TYPE weir_provider_key_breaker gauge");
        for (target, key) in targets.iter().flat_map(|target| target.keys.iter().map(move |key| (target, key))) {
            let [node, provider, model, id] = [node, &target.provider, &target.model, &key.id].map(escaped);
            let value = level(key.breaker);
            let _ = writeln!(
                text,
                "weir_provider_key_breaker{{node=\"{node}\",provider=\"{provider}\",model=\"{model}\",key=\"{id}\"}} {value}"
            );
        }
    }

    /// How often providers were asked whether they work. The model is empty where all of a provider's share a check.
    fn check_metrics(&self, text: &mut String, snapshot: &Snapshot, node: &str) {
        let checks = self.checks(snapshot);
        if checks.is_empty() {
            return;
        }
        let help = "Health checks of a provider, or of one model there.";
        let _ = writeln!(text, "# HELP weir_health_checks_total {help}\n# TYPE weir_health_checks_total counter");
        for check in &checks {
            let [node, provider, model] = [node, &check.provider.id, &check.model].map(escaped);
            let (good, failed) = check.health.rounds();
            for (result, rounds) in [("ok", good), ("failed", failed)] {
                let _ = writeln!(
                    text,
                    "weir_health_checks_total{{node=\"{node}\",provider=\"{provider}\",model=\"{model}\",result=\"{result}\"}} {rounds}"
                );
            }
        }
    }
}

/// Name, type, help and value of each metric of a target.
type Metric = (&'static str, &'static str, &'static str, fn(&TargetView) -> Option<f64>);

const METRICS: [Metric; 5] = [
    ("target_picks_total", "counter", "How often a target of a model route was asked.", |t| Some(count(t.picks))),
    ("target_in_flight", "gauge", "Calls under way at a target.", |t| Some(f64::from(t.in_flight))),
    ("target_breaker", "gauge", "Circuit breaker of a target: 0 closed, 1 half-open, 2 open.", |t| {
        Some(level(t.breaker))
    }),
    ("target_cooling", "gauge", "1 while a target is left alone.", |t| Some(flag(t.cooldown.is_some()))),
    ("target_healthy", "gauge", "What its health checks say of a target: 1 healthy, 0 not.", |t| t.healthy.map(flag)),
];

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn level(breaker: BreakerState) -> f64 {
    match breaker {
        BreakerState::Closed => 0.0,
        BreakerState::HalfOpen => 1.0,
        BreakerState::Open => 2.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows floating point only")]
fn count(picks: u64) -> f64 {
    picks as f64
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

impl Pool {
    fn view(&self, now: Instant, at: Micros) -> RouteState {
        let now = self.millis(now);
        RouteState {
            model: self.route.name.clone(),
            route: self.route.id.clone(),
            strategy: self.route.strategy,
            targets: (0..self.route.targets.len()).filter_map(|target| self.target_view(target, now, at)).collect(),
            shadows: Vec::new(),
        }
    }

    fn target_view(&self, at: usize, now: Millis, moment: Micros) -> Option<TargetView> {
        let (target, slot) = (self.route.targets.get(at)?, self.slot(at)?);
        let state = &slot.state;
        let keys = target.provider.keys.iter().zip(&slot.keys).map(|(key, cell)| {
            let (every, this) = (cell.state.cooldown.rest(now), cell.usage.cooldown.rest(now));
            let (requests, tokens) = cell.state.used(key, now);
            KeyView {
                id: key.id.clone(),
                expired: key.expires.is_some_and(|end| end <= moment),
                cooldown: cooldown(if every.left > this.left { every } else { this }, moment),
                breaker: stand(&cell.usage.breaker, now),
                last_error: seen(&cell.usage.last_error.load_full()),
                requests,
                tokens,
            }
        });
        Some(TargetView {
            provider: target.provider.id.clone(),
            model: target.model.clone(),
            priority: target.priority,
            weight: target.weight,
            canary_percent: target.canary.as_ref().map(|canary| canary.percent),
            disabled: target.provider.disabled,
            breaker: stand(&state.breaker, now),
            cooldown: cooldown(state.cooldown.rest(now), moment),
            healthy: slot.health.as_ref().and_then(|health| health.healthy()),
            health_error: slot.health.as_ref().and_then(|health| seen(&health.error())),
            health_checks: slot
                .health
                .as_ref()
                .zip(target.health_check.as_ref())
                .map(|of| checks_made(of, now, moment)),
            latency_ms: state.latency(false).last(),
            stream_latency_ms: state.latency(true).last(),
            in_flight: state.in_flight(),
            picks: state.picks(),
            last_error: seen(&state.last_error.load_full()),
            keys: keys.collect(),
        })
    }
}

fn stand(breaker: &Breaker, now: Millis) -> BreakerState {
    match breaker.stand(now) {
        Stand::Closed => BreakerState::Closed,
        Stand::Open(_) => BreakerState::Open,
        Stand::HalfOpen | Stand::Probing => BreakerState::HalfOpen,
    }
}

fn checks_made((health, check): (&Arc<Health>, &Arc<HealthCheck>), now: Millis, moment: Micros) -> HealthChecks {
    let (good, failed) = health.rounds();
    let last_at = health.age(now).map(|age| moment.saturating_sub(micros(age)));
    let interval_ms = u64::try_from(check.interval.as_millis()).unwrap_or(u64::MAX);
    HealthChecks { last_at, interval_ms, good, failed }
}

fn micros(time: Duration) -> Micros {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn seen(error: &Option<Arc<LastError>>) -> Option<ErrorSeen> {
    error.as_ref().map(|error| ErrorSeen { at: error.at, message: error.message.clone() })
}

fn cooldown(rest: Rest, at: Micros) -> Option<CooldownState> {
    let reason = match rest.cause {
        cause if cause.limited => CooldownReason::Limited,
        cause if cause.told => CooldownReason::Asked,
        _ => CooldownReason::Failed,
    };
    (!rest.left.is_zero()).then(|| CooldownState { until: at.saturating_add(micros(rest.left)), reason })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use weir_domain::snapshot::{ModelRoute, Provider};

    use super::*;
    use crate::ai::pool::cooldown::Cause;

    #[test]
    fn what_is_known_of_a_target_is_shown() {
        let pools = Pools::default();
        let empty = weir_domain::compile::Input {
            revision: 1,
            resources: &[],
            secrets: &Nothing,
            catalog: &weir_domain::catalog::Catalog::built_in().unwrap(),
        };
        let mut snapshot = weir_domain::compile::compile(&empty).unwrap();
        let demo: &Arc<Provider> = &snapshot.providers["demo"];
        let target = weir_domain::snapshot::Target::new(demo, "demo-\"small\"");
        let route = ModelRoute { name: "fast".into(), ..crate::ai::plan::tests::route(vec![target]) };
        snapshot.models.insert("fast".into(), Arc::new(route));
        let pool = pools.of(&snapshot, &snapshot.models["fast"]);
        let state = &pool.slot(0).unwrap().state;
        state.begin();
        let now = pool.millis(Instant::now());
        state.cooldown.cool(Duration::from_secs(9), Cause { told: false, limited: false }, now);
        state.latency(true).observe(Duration::from_millis(80), now);
        let view = pools.view(&snapshot);
        assert_eq!((view.len(), view[0].model.as_str()), (1, "fast"));
        let shown = &view[0].targets[0];
        assert_eq!((shown.in_flight, shown.picks, shown.breaker), (1, 1, BreakerState::Closed));
        assert_eq!(shown.cooldown.map(|c| c.reason), Some(CooldownReason::Failed));
        assert_eq!((shown.latency_ms, shown.stream_latency_ms.map(f32::round)), (None, Some(80.0)));
        let text = pools.metrics(&snapshot, "n1");
        let labels = r#"{node="n1",provider="demo",model="demo-\"small\""}"#;
        for line in [format!("weir_target_picks_total{labels} 1"), format!("weir_target_cooling{labels} 1")] {
            assert!(text.lines().any(|have| have == line), "{line} in {text}");
        }
    }

    struct Nothing;

    impl weir_domain::secret::ResolveSecret for Nothing {
        fn resolve(&self, _: &weir_domain::secret::SecretRef) -> Result<weir_domain::secret::Secret, String> {
            Err("no secrets here".to_owned())
        }
    }
}
