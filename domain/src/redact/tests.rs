//! What must not be kept never is: nested, escaped, in numbers and names, cut into pieces, huge.

mod elsewhere;
mod limits;

use serde_json::{Value, json};

use super::*;
use crate::spec::{Builtin, Redact};

const KEY: &str = "sk-proj-canary/7f3a+9b1c5d";
const MOST: usize = 64 * 1024;

fn rules(change: impl FnOnce(&mut Redact)) -> Redactor {
    let mut written = Redact::default();
    change(&mut written);
    Redactor::new(&written).unwrap()
}

fn secrets() -> Secrets {
    let yaml = "kind: Provider\nid: p\nspec:\n  protocol: openai\n  base_url: https://x.example\n  keys: [{id: k, secret: KEY}]\n  headers: {x-auth: Bearer header-canary-77}\n";
    let documents = crate::yaml::documents(&yaml.replace("KEY", KEY)).unwrap();
    let resources: Vec<_> =
        documents.iter().map(|d| crate::resource::Resource::from_document(&d.value).unwrap()).collect();
    struct Plain;
    impl crate::secret::ResolveSecret for Plain {
        fn resolve(&self, reference: &crate::secret::SecretRef) -> Result<crate::secret::Secret, String> {
            crate::secret::Secret::new(reference.0.clone()).ok_or_else(|| "empty".to_owned())
        }
    }
    let catalog = crate::catalog::Catalog::built_in().unwrap();
    let input = crate::compile::Input { revision: 1, resources: &resources, secrets: &Plain, catalog: &catalog };
    Secrets::of(&crate::compile::compile(&input).unwrap()).unwrap()
}

fn body(rules: &Redactor, content: &str) -> Body {
    rules.body(&secrets(), &mut TakenOut::default(), content.as_bytes(), MOST)
}

/// A stream of pieces of text in the shape of OpenAI's.
fn chunks(pieces: &[&str]) -> Vec<Event> {
    let event = |piece: &&str| {
        let data = json!({"id": "chatcmpl-1", "choices": [{"delta": {"content": piece}, "index": 0}]});
        Event { name: String::new(), data: data.to_string() }
    };
    pieces.iter().map(event).collect()
}

fn streamed(rules: &Redactor, events: Vec<Event>) -> Body {
    rules.events(&secrets(), &mut TakenOut::default(), events, (1_000, false), MOST)
}

/// What a reader of the kept events can put together.
fn said(body: &Body) -> String {
    let data = body.text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str::<Value>(data).ok())
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn what_is_recognised_is_taken_out_of_text_and_nothing_else_is() {
    let rules = rules(|_| {});
    for (text, kept, what) in [
        ("mail Ann.O'Neil+x@mail.example.co.uk now", "mail [redacted:email] now", "email"),
        ("über@bücher.example.", "[redacted:email].", "email"),
        ("a%40b.example", "[redacted:email]", "email"),
        ("card 4111 1111 1111 1111 123", "card [redacted:card] 123", "card"),
        ("5500-0000-0000-0004,", "[redacted:card],", "card"),
        ("378282246310005", "[redacted:card]", "card"),
        ("to12 DE89 3704 0044 0532 0130 00 AND", "to12 [redacted:iban] AND", "iban"),
        ("gb82west12345698765432", "[redacted:iban]", "iban"),
        ("call +49 (0)30 1234-567!", "call [redacted:phone]!", "phone"),
        ("030/1234567", "[redacted:phone]", "phone"),
        ("06-12345678", "[redacted:phone]", "phone"),
        ("(212) 555-0187", "[redacted:phone]", "phone"),
    ] {
        let kept_body = body(&rules, text);
        assert_eq!(kept_body.text, kept, "{text}");
        assert_eq!(kept_body.redacted, BTreeMap::from([(what.to_owned(), 1)]), "{text}");
    }
    for text in [
        "4111 1111 1111 1112 fails its check",
        "DE88370400440532013000 too",
        "at 2026-11-23T01:02:03.123456Z on 10.0.0.1:8080",
        "1764000000000000",
        "on 05/11/2026, 01-02-2026, a @ b, v1.2.3, 1,234,567.89, order 12345678",
        "0198f2c4-7b1e-7c3a-9d52-1f0c8e6a4b21",
    ] {
        let kept = body(&rules, text);
        assert_eq!((kept.text.as_str(), kept.redacted.len()), (text, 0));
    }
    let off = self::rules(|redact| redact.builtin = vec![Builtin::Card]);
    assert_eq!(body(&off, "a@b.example 4111111111111111").text, "a@b.example [redacted:card]");
}

#[test]
fn keys_of_providers_and_of_weir_are_taken_out_whatever_a_team_says() {
    let none = rules(|redact| redact.builtin = Vec::new());
    let key = crate::credential::generate(&[7; crate::credential::ENTROPY]);
    let escaped: String = KEY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    for text in [
        format!("before {KEY} after"),
        json!({"a": [{"b": format!("x{KEY}y")}]}).to_string(),
        json!({KEY: 1}).to_string(),
        format!("{{\"a\":\"{escaped}\"}}"),
        format!("{{\"a\":\"{escaped}\" and no JSON any more {KEY}"),
        json!({"arguments": json!({"k": KEY}).to_string().replace('/', "\\/")}).to_string(),
        json!({"deep": json!({"deeper": json!({"k": KEY}).to_string()}).to_string()}).to_string(),
        json!({"sent": "Bearer header-canary-77", "alone": "header-canary-77"}).to_string(),
        format!("{key} and {}", &key[..30]),
        format!("weirat_{}", "Zx9-".repeat(10)),
    ] {
        let kept = body(&none, &text);
        for canary in [KEY, "7f3a", "header-canary", key.as_str(), &key[22..30], "Zx9-Zx9-", "\\u0037\\u0066"] {
            assert!(!kept.text.contains(canary), "{canary} in {}", kept.text);
        }
        assert!(kept.redacted["secret"] > 0, "{text}");
    }
}

#[test]
fn members_and_pointers_are_taken_out_where_they_stand() {
    let rules = rules(|redact| {
        redact.members = vec!["SSN".to_owned(), "größe".to_owned()];
        redact.pointers = vec!["/messages/*/name".to_owned(), "/a~1b/m~0n".to_owned()];
        redact.patterns = vec![r"CUST-\d+".to_owned()];
    });
    let text = json!({
        "ssn": {"whole": ["x"]}, "list": [{"Ssn": 123}, {"GRÖSSE": 1, "Größe": 1}],
        "messages": [{"name": "Ann", "content": "is CUST-77 and"}, {"name": "Bob"}],
        "name": "stays", "a/b": {"m~n": true, "x": false},
        "arguments": "{\"ssn\": \"1-2-3\", \"n\": 1.50}", "not json": "{\"ssn\": \"1-2-3",
    });
    let kept = body(&rules, &text.to_string());
    let read: Value = serde_json::from_str(&kept.text).unwrap();
    assert_eq!(read["ssn"], "[redacted:member]");
    assert_eq!(read["list"], json!([{"Ssn": "[redacted:member]"}, {"GRÖSSE": 1, "Größe": "[redacted:member]"}]));
    assert_eq!(read["messages"][0], json!({"name": "[redacted:pointer]", "content": "is [redacted:pattern] and"}));
    assert_eq!((&read["name"], &read["a/b"]["x"]), (&json!("stays"), &json!(false)));
    assert_eq!(read["a/b"]["m~n"], "[redacted:pointer]");
    assert_eq!(read["arguments"], r#"{"ssn":"[redacted:member]","n":1.5}"#);
    assert!(!read["not json"].as_str().unwrap().contains("1-2-3"), "{read}");
    assert_eq!((kept.redacted["pointer"], kept.redacted["pattern"]), (3, 1));
}

#[test]
fn numbers_and_names_are_looked_at_and_the_rest_stays_exact() {
    let text = r#"{"card":4111111111111111,"n":-9223372036854775808,"u":18446744073709551615,"f":0.1,"e":1e3,"t":[true,null,[],{}],"a@b.example":"é\n\"\\","d":1,"d":2}"#;
    let kept = body(&rules(|_| {}), text);
    assert_eq!(
        kept.text,
        r#"{"card":"[redacted:card]","n":-9223372036854775808,"u":18446744073709551615,"f":0.1,"e":1000.0,"t":[true,null,[],{}],"[redacted:email]":"é\n\"\\","d":1,"d":2}"#
    );
    assert!(!kept.truncated && kept.bytes == text.len() as u64);
}

/// What is split over events is found at every cut, and what a reader puts together does not hold it.
#[test]
fn what_is_split_over_events_does_not_slip_through() {
    let rules = rules(|redact| redact.patterns = vec!["CUST-\\d+".to_owned()]);
    for (secret, what) in [
        ("ann@mail.example", "email"),
        ("4111 1111 1111 1111", "card"),
        ("DE89370400440532013000", "iban"),
        ("CUST-123456", "pattern"),
        (KEY, "secret"),
    ] {
        let text = format!("so {secret}, yes");
        for cut in 1..text.len() {
            let kept = streamed(&rules, chunks(&[&text[..cut], &text[cut..]]));
            assert_eq!(said(&kept), format!("so [redacted:{what}], yes"), "{secret} cut at {cut}");
        }
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let kept = streamed(&rules, chunks(&letters.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(said(&kept), format!("so [redacted:{what}], yes"), "{secret} by letters");
        assert_eq!(kept.redacted, BTreeMap::from([(what.to_owned(), 1)]), "counted once: {kept:?}");
    }
}

#[test]
fn pieces_that_come_interleaved_are_told_apart() {
    let piece = |index: u64, text: &str| Event {
        name: String::new(),
        // The index stands behind the text.
        data: json!({"choices": [{"delta": {"content": text}, "index": index}]}).to_string(),
    };
    let events = vec![piece(0, "ann@mail"), piece(1, "4111 1111 "), piece(0, ".example!"), piece(1, "1111 1111?")];
    let kept = streamed(&rules(|_| {}), events);
    assert_eq!(said(&kept), "[redacted:email][redacted:card]!?");
    let anthropic = |kind: &str, text: &str, index: u64| Event {
        name: "content_block_delta".to_owned(),
        data: json!({"type": "content_block_delta", "index": index, "delta": {"type": kind, "text": text}}).to_string(),
    };
    let kept = streamed(
        &rules(|_| {}),
        vec![
            anthropic("text_delta", "a@b.", 0),
            anthropic("text_delta", "x", 1),
            anthropic("text_delta", "example", 0),
        ],
    );
    assert!(!kept.text.contains("example") && !kept.text.contains("a@b"), "{}", kept.text);
    assert!(kept.text.starts_with("event: content_block_delta\ndata: {"), "{}", kept.text);
}

/// The arguments of a tool come as pieces of JSON, with escapes cut in two and members whose values follow later.
#[test]
fn arguments_of_tools_in_pieces_are_read_as_the_json_that_they_make() {
    let rules = rules(|redact| redact.members = vec!["ssn".to_owned()]);
    let event = |piece: &str| {
        Event {
        name: String::new(),
        data: json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}}]})
            .to_string(),
    }
    };
    let arguments = r#"{"to": "ann\u0040mail.example", "ssn": "123-45", "n": 1}"#;
    for cut in 1..arguments.len() {
        let (left, right) = arguments.split_at(cut);
        let kept = streamed(&rules, vec![event(left), event(right)]);
        assert!(!kept.text.contains("123") && !kept.text.contains("mail.example"), "{cut}: {}", kept.text);
    }
    // The stream breaks off within the value.
    let kept = streamed(&rules, vec![event(r#"{"n": 1, "s"#), event(r#"sn": "123-4"#)]);
    assert!(!kept.text.contains("123"), "{}", kept.text);
    // Without rules for members the escapes alone are undone.
    let kept = streamed(&self::rules(|_| {}), vec![event(r#"{"to": "ann\u00"#), event(r#"40mail.example"}"#)]);
    assert!(!kept.text.contains("mail.example"), "{}", kept.text);
}

#[test]
fn media_become_a_digest_and_a_size() {
    use base64::Engine as _;
    let bytes: Vec<u8> = (0..600_u32).map(|n| u8::try_from(n * 7 % 251).unwrap()).collect();
    let data = base64::engine::general_purpose::STANDARD.encode(&bytes);
    let digest = media::digest(&bytes);
    assert!(digest.starts_with("[media: 600 bytes, sha256 "));
    let url = format!("data:image/png;base64,{data}");
    let text = json!({"url": url, "data": data, "text": format!("see ![]({url})!"), "short": "aGVsbG8="}).to_string();
    let kept = body(&rules(|_| {}), &text);
    let read: Value = serde_json::from_str(&kept.text).unwrap();
    assert_eq!((&read["url"], &read["data"]), (&json!(format!("data:image/png;{digest}")), &json!(digest)));
    assert_eq!(read["text"], format!("see ![](data:image/png;{digest})!"));
    assert_eq!((&read["short"], kept.redacted["media"]), (&json!("aGVsbG8="), 3));
    // In a stream, in pieces of odd lengths.
    let (mut rest, mut pieces) = (data.as_str(), Vec::new());
    for length in 90..190_usize {
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        rest = behind;
        if piece.is_empty() {
            break;
        }
        pieces.push(piece);
    }
    let long = format!("{}{}", data, data);
    assert!(long.len() > 1_024 && pieces.len() > 3);
    let doubled: Vec<&str> = pieces.iter().chain(&pieces).copied().collect();
    let kept = streamed(&rules(|_| {}), chunks(&doubled));
    assert!(said(&kept).starts_with("[media: ") && said(&kept).len() < 120, "{}", said(&kept));
    // What is no text at all.
    let kept = rules(|_| {}).body(&secrets(), &mut TakenOut::default(), &[0xff, 0xfe, 0x00], MOST);
    assert!(kept.text.starts_with("[media: 3 bytes") && !kept.truncated);
}

/// A `data:` URL may be said to hold anything, and an event may be called anything.
#[test]
fn nothing_hides_in_what_media_are_said_to_be_nor_in_the_name_of_an_event() {
    let rules = rules(|redact| redact.patterns = vec![r"CUST-\d+".to_owned()]);
    for head in
        [KEY.to_owned(), format!("image/png;name={KEY}"), "a/b;name=CUST-77".into(), " ann@mail.example ".into()]
    {
        let url = format!("data:{head};base64,AAAA");
        for text in [json!({"url": url}).to_string(), url.clone(), format!("see {url}, and"), format!("{KEY}{url}")] {
            let kept = body(&rules, &text);
            assert!(
                !kept.text.contains("canary") && !kept.text.contains("CUST-") && !kept.text.contains("ann"),
                "{}",
                kept.text
            );
        }
        let kept = streamed(&rules, chunks(&[&url]));
        assert!(
            !kept.text.contains("canary") && !kept.text.contains("CUST-") && !kept.text.contains("ann"),
            "{}",
            kept.text
        );
    }
    let kept = streamed(&rules, vec![Event { name: format!("e-{KEY}"), data: "{}".to_owned() }]);
    assert_eq!(kept.text, "event: e-[redacted:secret]\ndata: {}\n\n");
}

#[test]
fn faults_name_the_field_and_how_to_mend_it() {
    let fault = |change: fn(&mut Redact)| {
        let mut written = Redact::default();
        change(&mut written);
        let wrong = Redactor::new(&written).unwrap_err();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        format!("{}: {}", wrong[0].0, wrong[0].1)
    };
    for (told, wanted) in [
        (
            fault(|r| r.patterns = vec!["ok".into(), "(".into()]),
            "patterns[1]: is no regular expression: unclosed group",
        ),
        (fault(|r| r.patterns = vec!["x*".into()]), "patterns[0]: matches the empty text"),
        (fault(|r| r.patterns = vec!["\\w{1000}{100}".into()]), "patterns[0]: takes more than"),
        (fault(|r| r.pointers = vec!["name".into()]), "pointers[0]: \"name\" is no JSON pointer"),
        (fault(|r| r.pointers = vec!["/a~2".into()]), "pointers[0]: a ~ in a JSON pointer"),
        (fault(|r| r.members = vec![String::new()]), "members[0]: 0 bytes long"),
        (fault(|r| r.members = vec!["x".into(); 65]), "members: 65 entries; give 64 at most"),
    ] {
        assert!(told.starts_with(wanted), "{told}");
    }
}

#[test]
fn short_numbers_are_looked_at_where_a_team_has_own_patterns_or_words_are_noted() {
    let text = r#"{"n":[4711,12.5,-3,815]}"#;
    assert_eq!(body(&rules(|_| {}), text).text, text);
    let own = rules(|redact| redact.patterns = vec![r"^(4711|12\.5|-3)$".to_owned()]);
    let out = r#""[redacted:pattern]""#;
    assert_eq!(body(&own, text).text, format!(r#"{{"n":[{out},{out},{out},815]}}"#));
    let places = rules(|redact| redact.members = vec!["customer".to_owned()]);
    let mut taken = TakenOut::default();
    _ = places.body(&secrets(), &mut taken, br#"{"customer": 47114}"#, MOST);
    let kept = places.body(&secrets(), &mut taken, br#"{"id": 47114, "n": 815}"#, MOST);
    assert_eq!(kept.text, r#"{"id":"[redacted:member]","n":815}"#);
}

/// The marks of what was taken out are short, so that the end of what was looked at comes within what is kept.
#[test]
fn the_end_of_a_stream_that_goes_on_holds_no_half_of_a_secret() {
    let rules = rules(|redact| redact.patterns = vec![r"CUST-[a-z]+-\d+".to_owned()]);
    let begin = "all is well, ".repeat(200);
    for pieces in
        [vec![begin.as_str(), "and CUST-ann-", "mus"], vec![&begin, "and ", "CUST-annmus"], vec!["CUST-annmus"]]
    {
        let kept = rules.events(&secrets(), &mut TakenOut::default(), chunks(&pieces), (1 << 20, true), MOST);
        assert!(!kept.text.contains("mus") && kept.truncated, "{pieces:?}: {}", kept.text);
        assert_eq!(said(&kept).contains("all is well"), pieces.len() > 1, "{}", kept.text);
        let whole = rules.events(&secrets(), &mut TakenOut::default(), chunks(&pieces), (9, false), MOST);
        assert!(said(&whole).ends_with("mus"), "nothing is dropped of a whole one: {}", whole.text);
    }
    // Half a number within the arguments of a tool.
    let rules = self::rules(|redact| redact.members = vec!["ssn".to_owned()]);
    let kept = rules.events(&secrets(), &mut TakenOut::default(), chunks(&[r#"{"n": "#, "41111111"]), (99, true), MOST);
    assert!(!kept.text.contains("4111") && kept.text.contains("[redacted:cut]"), "{}", kept.text);
    // What ended long before stays.
    let mut events = vec![Event { name: String::new(), data: json!({"model": "gpt-canary"}).to_string() }];
    events.extend(chunks(&[&begin, &begin, &begin]));
    let kept = rules.events(&secrets(), &mut TakenOut::default(), events, (1 << 20, true), MOST);
    assert!(kept.text.contains("gpt-canary"), "{}", kept.text);
}

#[test]
fn arguments_of_a_tool_in_one_event_are_read_as_json() {
    let rules = rules(|redact| redact.members = vec!["ssn".to_owned()]);
    let kept = streamed(&rules, chunks(&[r#"{"ssn": "123-45", "n": 1}"#]));
    assert_eq!(said(&kept), r#"{"ssn":"[redacted:member]","n":1}"#);
}
