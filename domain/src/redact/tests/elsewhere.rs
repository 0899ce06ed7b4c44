//! What is taken out of a body for where it stands is not found in the same body written in another dialect.

use super::*;

/// What goes for where it stands in one dialect stands elsewhere in another.
#[test]
fn what_is_taken_out_of_one_body_is_taken_out_of_the_other_shape_of_it() {
    let rules = rules(|redact| {
        redact.members = vec!["user".to_owned()];
        redact.pointers = vec!["/messages/*/name".to_owned(), "/choices/*/delta/content".to_owned()];
    });
    let mut taken = TakenOut::default();
    let secrets = secrets();
    let openai =
        json!({"user": {"id": "somebody-4712", "number": 471_147}, "messages": [{"name": "Ann", "content": "hi"}]});
    _ = rules.body(&secrets, &mut taken, openai.to_string().as_bytes(), MOST);
    let anthropic = json!({"metadata": {"user_id": "somebody-4712"}, "system": "of Ann, 471147", "n": "hi"});
    let kept = rules.body(&secrets, &mut taken, anthropic.to_string().as_bytes(), MOST);
    assert_eq!(
        kept.text,
        r#"{"metadata":{"user_id":"[redacted:member]"},"system":"of [redacted:member], [redacted:member]","n":"hi"}"#
    );
    // A stream, whose pieces make one text.
    _ = rules.events(&secrets, &mut taken, chunks(&["tru", "th is ", "out"]), (9, false), MOST);
    let delta = |text: &str| Event { name: String::new(), data: json!({"delta": {"text": text}}).to_string() };
    let kept = rules.events(&secrets, &mut taken, vec![delta("t"), delta("ruth is o"), delta("ut")], (9, false), MOST);
    assert!(!kept.text.contains("ruth") && kept.text.contains("[redacted:member]"), "{}", kept.text);
}

/// Words that are certain to be found in another shape are looked for there; of anything else the digest alone may stay.
#[test]
fn what_would_not_be_found_in_another_shape_is_known() {
    let rules = rules(|redact| {
        redact.members = vec!["ssn".to_owned()];
        redact.pointers = vec!["/messages/*/content".to_owned(), "/user".to_owned()];
    });
    let hidden = |content: &Value, most: usize| {
        let mut taken = TakenOut::default();
        _ = rules.body(&secrets(), &mut taken, content.to_string().as_bytes(), most);
        taken.hidden()
    };
    let long = "long words ".repeat(1_000);
    let many: Vec<Value> = (0..257).map(|n| json!({"content": format!("word number {n}")})).collect();
    for (content, shows) in [
        (json!({"user": "somebody-4712", "ssn": 471_147, "x": {"ssn": null}, "messages": [{"content": ""}]}), false),
        (json!({"user": "Ann Lee", "messages": [{"role": "user"}]}), false),
        (json!({"user": r#"{"patient":"Ann"}"#}), true),
        (json!({"user": r#" {"patient":"Ann"}"#}), true),
        (json!({"user": r#"["Ann"]"#}), true),
        (json!({"user": "1.50"}), true),
        (json!({"user": " padded "}), true),
        (json!({"user": "two\nlines"}), true),
        (json!({"user": "data:text/plain;base64,QW5u"}), true),
        (json!({"user": "Al"}), true),
        (json!({"user": 4711}), true),
        (json!({"user": 47.114711}), true),
        (json!({"user": -471_147}), true),
        (json!({"ssn": true}), true),
        (json!({"ssn": ["somebody"]}), true),
        (json!({"ssn": {"somebody": null}}), true),
        (json!({"arguments": r#"{"ssn":{"a":"somebody"}}"#}), true),
        (json!({"arguments": r#"{"a":"somebody"#}), true),
        (json!({"messages": [{"content": long}]}), true),
        (json!({"messages": many}), true),
        (json!({"messages": &many[..256]}), false),
        (json!({"aaa": "x".repeat(MOST), "user": "behind what is looked at"}), true),
    ] {
        let begin: String = content.to_string().chars().take(80).collect();
        assert_eq!(hidden(&content, MOST).may_show_elsewhere(), shows, "{begin}");
    }
    // In pieces; and a stream that goes on behind what was looked at.
    let rules = super::rules(|redact| redact.pointers = vec!["/choices/*/delta/content".to_owned()]);
    for (pieces, cut, shows) in [
        (&["once"][..], false, false),
        (&["again", "again"], false, false),
        (&["in ", "two"], false, true),
        (&["once"], true, true),
    ] {
        let mut taken = TakenOut::default();
        _ = rules.events(&secrets(), &mut taken, chunks(pieces), (9, cut), MOST);
        assert_eq!(taken.hidden().may_show_elsewhere(), shows, "{pieces:?} {cut}");
        assert!(!taken.hidden().may_show_elsewhere(), "asked twice");
    }
    // The other way only what the same rule did not do there.
    let rules = super::rules(|redact| redact.members = vec!["ssn".to_owned(), "parts".to_owned()]);
    let by = |content: Value| {
        let mut taken = TakenOut::default();
        _ = rules.body(&secrets(), &mut taken, content.to_string().as_bytes(), MOST);
        taken.hidden()
    };
    let (parts, ssn) = (by(json!({"parts": [{"text": "so"}]})), by(json!({"a": r#"{"ssn":{"n":1}}"#})));
    assert!(parts.may_show_in(&ssn) && !parts.may_show_in(&parts) && !by(json!({"parts": "plain"})).may_show_in(&ssn));
    let kept = withheld(b"Ann", 9);
    assert!(kept.text.contains("3 bytes, sha256 ") && !kept.text.contains("Ann") && kept.truncated, "{}", kept.text);
    assert_eq!((kept.bytes, &kept.redacted), (9, &BTreeMap::from([("withheld".to_owned(), 1)])));
}
