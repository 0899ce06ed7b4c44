//! Certificates from files: what is accepted, and the sentence for each that is not.

use std::fs;

use tempfile::TempDir;
use weir_harness::tls::{Authority, Issued};

use super::{Tls, time, validity};

fn written(dir: &TempDir, issued: &Issued) -> [std::path::PathBuf; 2] {
    let [certificate, key] = ["tls.crt", "tls.key"].map(|name| dir.path().join(name));
    fs::write(&certificate, &issued.certificate).unwrap();
    fs::write(&key, &issued.key).unwrap();
    [certificate, key]
}

#[test]
fn a_pair_is_read_with_its_dates_and_without_options_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let issued = Authority::new().unwrap().issue(&["gateway.test"]).unwrap();
    let [certificate, key] = written(&dir, &issued);
    let tls = Tls::open(Some(&certificate), Some(&key)).unwrap().unwrap();
    let (from, until) = validity(tls.shown.0.load().cert.first().unwrap()).unwrap();
    assert!(from < time::now() && until > time::now() + super::DAY);
    assert_eq!(tls.server(&["h2"]).unwrap().alpn_protocols, [b"h2".to_vec()]);
    assert!(!format!("{tls:?}").contains("PRIVATE"));
    assert!(Tls::open(None, None).unwrap().is_none());
}

#[test]
fn what_cannot_be_used_is_refused_with_its_file_and_what_is_shown_stays() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new().unwrap();
    let (one, other) = (authority.issue(&["a.test"]).unwrap(), authority.issue(&["b.test"]).unwrap());
    let [certificate, key] = written(&dir, &one);
    let tls = Tls::open(Some(&certificate), Some(&key)).unwrap().unwrap();
    let first = tls.shown.0.load_full();
    let damaged = one.certificate.replace("-----END", "!\n-----END");
    for (file, text, sentence) in [
        (&key, other.key.as_str(), "tls.key is not that of the first certificate in"),
        (&key, one.certificate.as_str(), "tls.key holds no private key in PEM form"),
        (&certificate, one.key.as_str(), "tls.crt holds no certificate"),
        (&certificate, "", "tls.crt holds no certificate"),
        (&certificate, damaged.as_str(), "tls.crt is damaged"),
    ] {
        written(&dir, &one);
        fs::write(file, text).unwrap();
        let refused = format!("{:#}", Tls::open(Some(&certificate), Some(&key)).unwrap_err());
        assert!(refused.contains(sentence), "{refused}");
        assert!(!refused.contains("BEGIN"), "{refused}");
        tls.reload();
        assert!(std::sync::Arc::ptr_eq(&first, &tls.shown.0.load_full()));
    }
    written(&dir, &one);
    fs::remove_file(&key).unwrap();
    let refused = format!("{:#}", Tls::open(Some(&certificate), Some(&key)).unwrap_err());
    assert!(refused.contains("cannot read the") && refused.contains("No such file"), "{refused}");
    written(&dir, &other);
    tls.reload();
    assert!(!std::sync::Arc::ptr_eq(&first, &tls.shown.0.load_full()));
}
