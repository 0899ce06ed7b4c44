//! What is too long, too deep or cut off is kept up to there, and never with a part of what is taken out.

use super::*;

#[test]
fn what_is_huge_ends_at_the_limit_and_never_within_something_that_is_taken_out() {
    let rules = rules(|_| {});
    let filler = "all is well, ";
    let text = json!({"a": filler.repeat(400_000), "b": "ann@mail.example"}).to_string();
    let kept = rules.body(&secrets(), &mut TakenOut::default(), text.as_bytes(), 2_000);
    assert!(kept.truncated && kept.text.len() <= 2_000 && kept.text.len() > 1_900, "{}", kept.text.len());
    assert_eq!(kept.bytes, text.len() as u64);
    for shift in 0..40 {
        let text = format!("{}ann.with-a-long-name@mail.example and more", "x ".repeat(480 + shift));
        for content in [text.clone(), json!({"a": text}).to_string(), json!([text, "more"]).to_string()] {
            let kept = rules.body(&secrets(), &mut TakenOut::default(), content.as_bytes(), 1_000);
            assert!(!kept.text.contains("ann.") && kept.text.len() <= 1_000, "{}", kept.text);
        }
        // Many addresses: their marks are shorter than they are.
        let many = "ann.with-a-long-name@mail.example ".repeat(400 + shift);
        let kept = rules.body(&secrets(), &mut TakenOut::default(), many.as_bytes(), 3_000);
        assert!(!kept.text.contains("ann.") && kept.truncated, "{}", kept.text);
    }
    // One that is longer than all that is looked at, and is dropped with the end.
    let key = format!("so weir_{}", "7".repeat(9_000));
    for content in [key.clone(), json!({"a": key, "b": 1}).to_string()] {
        let kept = rules.body(&secrets(), &mut TakenOut::default(), content.as_bytes(), 300);
        assert!(kept.truncated && !kept.text.contains("777"), "{}", kept.text);
    }
    let deep = "[".repeat(100_000);
    assert!(rules.body(&secrets(), &mut TakenOut::default(), deep.as_bytes(), MOST).truncated);
    let events = chunks(&vec!["words "; 5_000]);
    let kept = rules.events(&secrets(), &mut TakenOut::default(), events, (1 << 20, true), 4_096);
    assert!(kept.truncated && kept.text.len() <= 4_096, "{}", kept.text.len());
}

#[test]
fn what_is_like_json_and_cannot_be_read_is_kept_only_up_to_there() {
    let rules = rules(|redact| redact.members = vec!["ssn".to_owned()]);
    let kept = body(&rules, r#"{"a": 1, "b": "x", "ssn": "123"#);
    assert_eq!((kept.text.as_str(), kept.truncated), (r#"{"a":1,"b":"x","ssn":"[redacted:member]""#, true));
    let kept = streamed(&rules, vec![Event { name: String::new(), data: r#"{"ssn": "12"#.to_owned() }]);
    assert_eq!(kept.text, "data: [redacted:cut]\n\n");
    let done = streamed(&rules, vec![Event { name: String::new(), data: "[DONE]".to_owned() }]);
    assert_eq!(done.text, "data: [DONE]\n\n");
    assert_eq!(body(&rules, "[note] ann@mail.example").text, "[note] [redacted:email]");
}
