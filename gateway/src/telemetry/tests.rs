//! Promises of the metrics.

use weir_domain::ledger::Traffic;

use super::*;

const NAMED: Settled = Settled { written: true, named: true };

fn record(traffic: Traffic, route: &str, model: &str, outcome: Outcome) -> Record {
    let json = serde_json::json!({
        "id": "r", "node": "n", "at": 0, "duration_us": 3_000, "upstream_us": 2_000, "traffic": traffic,
        "team": "t", "application": "a", "key": "k", "method": "GET", "path": "/secret/path", "service": "s",
        "route": route, "model": model, "provider": "p", "upstream_model": model, "stream": false, "status": 200,
        "outcome": outcome, "error": "", "cost": 125_000, "request_bytes": 0, "response_bytes": 0,
        "usage": {"tokens": {"input_uncached": 7, "output_text": 3}, "source": "provider"},
        "attempts": [],
    });
    serde_json::from_value(json).unwrap()
}

#[test]
fn requests_tokens_and_cost_are_counted() {
    let telemetry = Telemetry::new("n1").unwrap();
    telemetry.settled(&record(Traffic::Rest, "orders", "", Outcome::Ok), NAMED);
    telemetry.settled(&record(Traffic::Rest, "orders", "", Outcome::Ok), NAMED);
    telemetry.settled(&record(Traffic::Ai, "", "fast", Outcome::Ok), Settled { written: false, named: true });
    let text = telemetry.render(&Drain::default(), true, 7);
    for line in [
        r#"weir_requests_total{outcome="ok",route="orders",status="2xx",traffic="rest",node="n1"} 2"#,
        r#"weir_requests_total{outcome="ok",route="fast",status="2xx",traffic="ai",node="n1"} 1"#,
        r#"weir_tokens_total{kind="input",model="fast",provider="p",node="n1"} 7"#,
        r#"weir_tokens_total{kind="output",model="fast",provider="p",node="n1"} 3"#,
        r#"weir_cost_nanodollars_total{model="fast",provider="p",node="n1"} 125000"#,
        r#"weir_gateway_seconds_bucket{traffic="rest",node="n1",le="0.001"} 2"#,
        r#"weir_journal_records_total{node="n1"} 2"#,
        r#"weir_config_revision{node="n1"} 7"#,
        r#"weir_ready{node="n1"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("secret"));
}

#[test]
fn callers_cannot_make_labels() {
    let telemetry = Telemetry::new("n").unwrap();
    for n in 0..100 {
        for outcome in [Outcome::Refused, Outcome::Ok] {
            let made_up = Settled { written: true, named: false };
            telemetry.settled(&record(Traffic::Ai, "", &format!("made-up-{n}"), outcome), made_up);
        }
    }
    let text = telemetry.render(&Drain::default(), true, 0);
    assert!(!text.contains("made-up"), "{text}");
    assert!(text.contains(r#"route="other""#));
}

#[test]
fn configured_names_are_bounded_too() {
    let telemetry = Telemetry::new("n").unwrap();
    for n in 0..routes::MAX_NAMES + 50 {
        telemetry.settled(&record(Traffic::Ai, "", &format!("p/name-{n}"), Outcome::Ok), NAMED);
    }
    let text = telemetry.render(&Drain::default(), true, 0);
    let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(count("weir_cost_nanodollars_total{"), routes::MAX_NAMES + 1);
    assert_eq!(count("weir_requests_total{"), routes::MAX_NAMES + 1);
    assert!(text.contains(r#"weir_tokens_total{kind="input",model="other",provider="p",node="n"} 350"#));
}
