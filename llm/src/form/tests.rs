//! Forms are read to the byte, and what is ambiguous is refused.

use super::*;

const TYPE: &str = "multipart/form-data; boundary=xx";

fn body(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut text = String::new();
    for (head, value) in parts {
        text.push_str(&format!("--xx\r\n{head}\r\n\r\n{value}\r\n"));
    }
    text.push_str("--xx--\r\n");
    text.into_bytes()
}

fn plain(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"")
}

#[test]
fn fields_and_files_are_found_where_they_lie() {
    let file = "content-disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".wav\"\r\nContent-Type: audio/wav";
    let body = body(&[(&plain("model"), "whisper-1"), (file, "RIFF\r\n--x\r\n\r\n"), (&plain("prompt"), "")]);
    let form = Form::read(TYPE, &body).unwrap();
    assert_eq!(&body[form.span("model").unwrap()], b"whisper-1");
    assert_eq!(form.text("prompt", &body), Some(""));
    assert_eq!(form.file(&body), Some(b"RIFF\r\n--x\r\n\r\n".as_slice()));
    assert_eq!((form.span("file"), form.span("other")), (None, None));
    let quoted = "Multipart/Form-Data; charset=utf-8; Boundary=\"xx\"";
    assert_eq!(Form::read(quoted, &body).unwrap(), form);
}

#[test]
fn what_two_parsers_could_read_differently_is_refused() {
    let model = plain("model");
    let twice = body(&[(&model, "a"), (&model, "b")]);
    let names = [
        "Content-Disposition: form-data; name=\"Model\"",
        "Content-Disposition: form-data; name=\" model\"",
        "Content-Disposition: form-data; name=\"model\"; name=\"x\"",
        "Content-Disposition: form-data; name=\"x\"; name*=utf-8''model",
        "Content-Disposition: form-data; name=\"model\"; filename=\"m\"",
        "Content-Disposition: form-data; name=\"model",
        "Content-Disposition: form-data",
        "Content-Disposition: attachment; name=\"model\"",
        "Content-Disposition: form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"model\"",
        "Content-Disposition: form-data; name=\"model\"\r\nContent-Transfer-Encoding: base64",
        "X: y",
        "no header",
    ];
    let bodies = names.iter().map(|head| body(&[(head, "v")]));
    for bad in bodies.chain([
        twice,
        Vec::new(),
        b"--xx".to_vec(),
        b"--xx--".to_vec().split_off(3),
        b"--xx\r\n".to_vec(),
        b"preamble\r\n--xx--\r\n".to_vec(),
        b"--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno end".to_vec(),
        format!("--xx\r\nX: {}\r\n\r\nv\r\n--xx--", "y".repeat(MAX_HEAD)).into_bytes(),
    ]) {
        assert!(Form::read(TYPE, &bad).is_err(), "{}", String::from_utf8_lossy(&bad));
    }
    for kind in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=xx",
        "text/plain; boundary=xx",
        "multipart/form-data; boundary=xx; boundary=yy",
        "multipart/form-data; boundary=\"x\u{7f}\"",
    ] {
        assert!(Form::read(kind, &body(&[(&plain("a"), "b")])).is_err(), "{kind}");
    }
}

#[test]
fn no_cut_of_a_form_is_taken_or_panics() {
    let whole = body(&[(&plain("model"), "m"), (&plain("b"), "c")]);
    let end = whole.len() - 4;
    for cut in 0..end {
        assert!(Form::read(TYPE, &whole[..cut]).is_err(), "{cut}");
    }
    assert!(Form::read(TYPE, &whole).is_ok());
}
