//! The command as somebody meets it who never used it: wrong words, wrong addresses, readers who leave, keys that are
//! pressed. Each ends with one clear sentence and the documented exit code.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use weir_harness::weir::Weir;

use crate::invoke::{Said, WEIR, run, weir};

const BAD: &str = "kind: Team\nid: Bad Id\n";
const TEAM: &str = "kind: Team\nid: shop\n";

#[test]
fn a_wrong_command_line_is_told_with_exit_code_64() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, hint) in [
        (&["frobnicate"][..], "unrecognized subcommand 'frobnicate'"),
        (&["run", "--nonsense"], "unexpected argument '--nonsense'"),
        (&["call"], "<PROMPT>"),
        (&["check"], "<FILE>"),
        (&["apply", "--base", "x", "a.yaml"], "--base"),
        (&["run", "--no-config", "--config", "a.yaml"], "cannot be used with"),
        (&["key"], "Usage:"),
        (&[], "Usage:"),
    ] {
        let said = run(dir.path(), arguments);
        assert_eq!(said.code, Some(64), "{arguments:?}: {said:?}");
        assert!(said.err.contains(hint) && said.out.is_empty(), "{arguments:?}: {said:?}");
    }
    for (command, code) in [("call", 64), ("check", 1)] {
        let said: Said = weir(dir.path()).arg(command).arg(OsStr::from_bytes(b"\xff")).output().unwrap().into();
        assert_eq!(said.code, Some(code), "{said:?}");
        assert!(!said.err.contains("panicked") && said.err.contains(":"), "{}", said.err);
    }
}

#[test]
fn what_cannot_be_used_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("latin"), b"kind: Team\nid: caf\xe9\n").unwrap();
    let free = ["--gateway-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    let database = [&["run", "--database", "mysql://root:sk-canary@db/weir"][..], &free].concat();
    for (arguments, sentence) in [
        (&["export", "--url", "localhost", "--token", "t"][..], "\"localhost\" is not an address such as http://"),
        (&["export", "--url", "ftp://x", "--token", "t"], "mend --url or WEIR_ADMIN_URL"),
        (&["call", "--url", "x:y", "--key", "k", "hi"], "mend --url or WEIR_GATEWAY_URL"),
        (&["check", "latin"], "latin is not text in UTF-8"),
        (&["check", "."], "cannot read .: "),
        (&["run", "--config", "."], "--config . is a directory; name a file"),
        (&["run", "--config", "absent.yaml"], "cannot read the configuration file absent.yaml"),
        (&database, "must begin with postgres:// or sqlite:"),
    ] {
        let said = run(dir.path(), arguments);
        assert_eq!(said.code, Some(1), "{arguments:?}: {said:?}");
        assert!(said.err.starts_with("weir: ") && said.err.contains(sentence), "{arguments:?}: {}", said.err);
        assert!(said.err.lines().count() == 1 && !said.err.contains("canary"), "{arguments:?}: {}", said.err);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "a refused start left something behind");
    let said: Said =
        weir(dir.path()).args([&["run"][..], &free].concat()).env("WEIR_LOG", "a=b=c").output().unwrap().into();
    assert!(said.err.starts_with("weir: WEIR_LOG=\"a=b=c\" is not a log filter; give one such as"), "{said:?}");
}

/// Runs with a stdout whose reader has left already.
fn unheard(mut command: Command) -> Said {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(writer).stderr(Stdio::piped()).output().unwrap().into()
}

#[test]
fn a_reader_who_left_does_not_change_how_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bad.yaml"), BAD).unwrap();
    for (arguments, code) in [(&["check", "bad.yaml"][..], 1), (&["schema"], 0), (&["--help"], 0), (&["version"], 0)] {
        let mut command = weir(dir.path());
        command.args(arguments);
        let said = unheard(command);
        assert_eq!(said.code, Some(code), "{arguments:?}: {said:?}");
        assert!(!said.err.contains("Broken pipe") && !said.err.contains("panicked"), "{arguments:?}: {}", said.err);
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let said: Said = weir(dir.path()).arg("schema").stdout(full).stderr(Stdio::piped()).output().unwrap().into();
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.starts_with("weir: cannot write to stdout: "), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_nobody_listens_to_is_applied_and_colours_are_for_terminals() {
    let server = Weir::start(WEIR, "").await.unwrap();
    fs::write(server.dir().join("team.yaml"), TEAM).unwrap();
    let client = |arguments: &[&str]| {
        let mut command = weir(server.dir());
        command.args(arguments).env("WEIR_ADMIN_URL", server.admin_url()).env("WEIR_DATA_DIR", server.data_dir());
        command
    };
    let plan = format!("{WEIR} plan team.yaml");
    let on_a_terminal = |variables: &[(&str, &str)]| -> String {
        let mut command = Command::new("script");
        command.args(["-qec", &plan, "/dev/null"]).current_dir(server.dir()).stdin(Stdio::null());
        command.env("TERM", "xterm").env_remove("NO_COLOR").envs(variables.iter().copied());
        command.env("WEIR_ADMIN_URL", server.admin_url()).env("WEIR_DATA_DIR", server.data_dir());
        let said = Said::from(command.output().unwrap());
        assert!(said.out.contains("Team/shop"), "{said:?}");
        said.out
    };
    assert!(on_a_terminal(&[]).contains("\x1b[32m+ Team/shop"));
    assert!(on_a_terminal(&[("NO_COLOR", "")]).contains('\x1b'), "an empty NO_COLOR is none (no-color.org)");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert!(!on_a_terminal(&[variable]).contains('\x1b'), "{variable:?}");
    }
    let heard = Said::from(client(&["plan", "team.yaml"]).output().unwrap());
    assert!(!heard.out.contains('\x1b'), "{}", heard.out);

    assert_eq!(unheard(client(&["apply", "team.yaml"])).code, Some(0));
    let left = Said::from(client(&["plan", "--exit-code", "team.yaml"]).output().unwrap());
    assert_eq!(left.code, Some(0), "it was not applied: {left:?}");
    let wrong = Said::from(client(&["export", "--token", "wrong"]).output().unwrap());
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("refused (401)") && wrong.err.contains("WEIR_ADMIN_TOKEN"), "{}", wrong.err);
    let elsewhere = Said::from(client(&["call", "--url", &server.admin_url(), "--key", "k", "hi"]).output().unwrap());
    assert_eq!(elsewhere.code, Some(1));
    assert!(elsewhere.err.contains("is --url (WEIR_GATEWAY_URL) the address of the gateway?"), "{}", elsewhere.err);
}

/// A gateway that begins an answer and never ends it.
fn begun_answer() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        _ = socket.read(&mut head).unwrap();
        let event = "data: {\"choices\":[{\"delta\":{\"content\":\"Once upon\"}}]}\n\n";
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        write!(socket, "{head}{:x}\r\n{event}\r\n", event.len()).unwrap();
        // Until the caller leaves.
        _ = socket.read(&mut [0; 1]);
    });
    format!("http://{address}")
}

#[test]
fn ctrl_c_in_an_answer_ends_it_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = weir(dir.path());
    command.args(["call", "--url", &begun_answer(), "--key", "k", "Tell me a story"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut begin = [0; 9];
    child.stdout.as_mut().unwrap().read_exact(&mut begin).unwrap();
    assert_eq!(&begin, b"Once upon", "what came is shown at once");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (Some(130), "weir: interrupted; the answer is not whole\n"), "{said:?}");
}
