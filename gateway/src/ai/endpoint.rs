//! Which paths are model endpoints, and in which dialect each is spoken.

use http::{HeaderMap, Method};
use pingora_http::RequestHeader;
use weir_domain::dialect::Dialect;
use weir_domain::operation::Operation as ModelOperation;
use weir_llm::Addressed;

use crate::authn::{self, Denial};

/// A model endpoint that a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The dialect of answers, errors included.
    pub dialect: Dialect,
    /// What is asked for.
    pub operation: Operation,
}

impl Endpoint {
    /// Puts the caller's key where every other one stands, if the clients of this endpoint have another place for it.
    pub(crate) fn adopt_key(&self, request: &mut RequestHeader) -> Result<(), Denial> {
        if self.dialect == Dialect::Gemini {
            authn::adopt_google(request)?;
        }
        if self.operation == Operation::Realtime {
            authn::adopt_subprotocol(request)?;
        }
        Ok(())
    }
}

/// What a model endpoint is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A chat: `POST /v1/chat/completions`, `POST /v1/messages`, `POST /v1/responses`.
    Chat,
    /// Vectors for texts: `POST /v1/embeddings`.
    Embeddings,
    /// Documents in the order of how well they fit a query: `POST /v1/rerank`, `POST /v2/rerank`.
    Rerank,
    /// Counting, or what is only passed on: `POST /v1/messages/count_tokens`, `POST /v1/responses/input_tokens`,
    /// `/v1/images/…`, `/v1/audio/…`, `/v1/moderations`, `/v1/completions`.
    Model(ModelOperation),
    /// A call whose path says what the body does not: `POST /v1beta/models/{model}:generateContent`,
    /// `:streamGenerateContent`, `:countTokens`, `:embedContent`, `:batchEmbedContents`, the same under `/v1/`.
    Addressed(ModelOperation, Addressed),
    /// The list of models: `GET /v1/models`, `GET /v1beta/models`.
    ListModels,
    /// One model: `GET /v1/models/{id}`, `GET /v1beta/models/{id}`.
    GetModel(String),
    /// A session over a WebSocket: `GET /v1/realtime?model=…`.
    Realtime,
    /// What would let a caller speak with the vendor past the gateway: the vendor's own short-lived keys, and sessions that
    /// are not WebSockets. `POST /v1/realtime`, `/v1/realtime/client_secrets`, `/v1/realtime/calls`, …
    PastTheGateway,
    /// The path is known, the method is not; what would be is said.
    WrongMethod(&'static str),
}

/// Whose SDK sends a request, as far as its headers tell: Anthropic's names its version, Google's has a header of its own
/// for the key.
#[must_use]
pub(crate) fn sdk(headers: &HeaderMap) -> Dialect {
    if headers.contains_key(super::beta::VERSION) {
        Dialect::Anthropic
    } else if headers.contains_key("x-goog-api-key") {
        Dialect::Gemini
    } else {
        Dialect::Openai
    }
}

/// The model endpoint at a path, if there is one. `either` is whose SDK asks: it decides the shape of what several
/// dialects keep at the same path.
#[must_use]
pub fn endpoint(method: &Method, path: &str, query: Option<&str>, either: Dialect) -> Option<Endpoint> {
    let (dialect, operation, allowed) = match path {
        "/v1/chat/completions" => (Dialect::Openai, Operation::Chat, Method::POST),
        "/v1/messages" => (Dialect::Anthropic, Operation::Chat, Method::POST),
        "/v1/responses" => (Dialect::Responses, Operation::Chat, Method::POST),
        "/v1/embeddings" => (Dialect::Openai, Operation::Embeddings, Method::POST),
        "/v1/rerank" | "/v2/rerank" => (Dialect::Openai, Operation::Rerank, Method::POST),
        "/v1/messages/count_tokens" => {
            (Dialect::Anthropic, Operation::Model(ModelOperation::CountTokens), Method::POST)
        }
        "/v1/responses/input_tokens" => {
            (Dialect::Responses, Operation::Model(ModelOperation::CountTokens), Method::POST)
        }
        "/v1/models" => (either, Operation::ListModels, Method::GET),
        REALTIME if *method == Method::POST => (Dialect::Openai, Operation::PastTheGateway, Method::POST),
        REALTIME => (Dialect::Openai, Operation::Realtime, Method::GET),
        _ if path.strip_prefix(REALTIME).is_some_and(|rest| rest.starts_with('/')) => {
            (Dialect::Openai, Operation::PastTheGateway, method.clone())
        }
        "/v1beta/models" => (Dialect::Gemini, Operation::ListModels, Method::GET),
        _ if let Some(addressed) = addressed(path, query) => (Dialect::Gemini, addressed, Method::POST),
        _ if *method == Method::POST && names_method(path) => return None,
        _ if let Some(id) = path.strip_prefix("/v1beta/models/").filter(|id| !id.is_empty()) => {
            (Dialect::Gemini, Operation::GetModel(decode(id)), Method::GET)
        }
        _ => {
            if let Some(operation) = path.strip_prefix("/v1").and_then(ModelOperation::at) {
                let operation = Operation::Model(operation);
                let operation = if method == Method::POST { operation } else { Operation::WrongMethod("POST") };
                return Some(Endpoint { dialect: Dialect::Openai, operation });
            }
            let id = path.strip_prefix("/v1/models/").filter(|id| !id.is_empty())?;
            (either, Operation::GetModel(decode(id)), Method::GET)
        }
    };
    let wrong = if allowed == Method::POST { "POST" } else { "GET" };
    let operation = if *method == allowed { operation } else { Operation::WrongMethod(wrong) };
    Some(Endpoint { dialect, operation })
}

/// A call of Gemini's dialect: `…/models/{model}:{method}`. Names may hold slashes and colons of their own.
fn addressed(path: &str, query: Option<&str>) -> Option<Operation> {
    let rest = path.strip_prefix("/v1beta/models/").or_else(|| path.strip_prefix("/v1/models/"))?;
    let (model, method) = rest.rsplit_once(':')?;
    let (operation, stream) = match method {
        "generateContent" => (ModelOperation::Chat, false),
        "streamGenerateContent" => (ModelOperation::Chat, true),
        "countTokens" => (ModelOperation::CountTokens, false),
        "embedContent" | "batchEmbedContents" => (ModelOperation::Embeddings, false),
        _ => return None,
    };
    let batch = method == "batchEmbedContents";
    let events = query.unwrap_or_default().split('&').any(|pair| pair.eq_ignore_ascii_case("alt=sse"));
    let addressed = Addressed { model: decode(model), stream, json_array: stream && !events, batch };
    Some(Operation::Addressed(operation, addressed))
}

/// Whether a path names a method of a model as Gemini's dialect does; whoever posts there means that, and not a model whose
/// name has a colon.
fn names_method(path: &str) -> bool {
    let rest = path.strip_prefix("/v1beta/models/").or_else(|| path.strip_prefix("/v1/models/"));
    rest.is_some_and(|rest| rest.contains(':'))
}

/// Where OpenAI has realtime sessions.
const REALTIME: &str = "/v1/realtime";
/// What is served, for who asked for something else.
const SERVED: &str = "POST /v1/chat/completions, POST /v1/messages, POST /v1/responses, POST /v1/embeddings, POST /v1/rerank, POST \
     /v1/messages/count_tokens, POST /v1/responses/input_tokens, POST /v1/completions, POST /v1/moderations, POST \
     /v1/images/generations, POST /v1/images/edits, POST /v1/images/variations, POST /v1/audio/speech, POST \
     /v1/audio/transcriptions, POST /v1/audio/translations, /v1/files, /v1/uploads, /v1/batches and \
     /v1/messages/batches (in a provider's account), GET /v1/realtime as a WebSocket, POST \
     /v1beta/models/{model}:generateContent, POST /v1beta/models/{model}:streamGenerateContent, POST \
     /v1beta/models/{model}:countTokens, POST /v1beta/models/{model}:embedContent, POST \
     /v1beta/models/{model}:batchEmbedContents, GET /v1/models, GET /v1/models/{id}, GET /v1beta/models and GET \
     /v1beta/models/{id}; what else a vendor has is at /providers/{id}/…, for applications that may use the provider's own \
     API";
/// The first segments below `/v1/` of what OpenAI has there; the list is that of the official Python SDK 3.54.
const OPENAI: [&str; 31] = [
    "agents",
    "assistants",
    "audio",
    "batches",
    "chat",
    "chatkit",
    "completions",
    "containers",
    "content_provenance_checks",
    "conversations",
    "decisions",
    "embeddings",
    "evals",
    "files",
    "fine_tuning",
    "images",
    "live",
    "models",
    "moderations",
    "organization",
    "projects",
    "realtime",
    "safety",
    "skills",
    "threads",
    "uploads",
    "vaults",
    "vector_stores",
    "videos",
    "webhook_endpoints",
    "webhook_event_types",
];
/// The same of Anthropic, where OpenAI has nothing; its SDKs tell themselves by a header. Source: the official Python
/// SDK 2.12.
const ANTHROPIC: [&str; 3] = ["complete", "messages", "organizations"];
/// Where Google keeps its API, and where it takes files in.
const GEMINI: [&str; 2] = ["/v1beta/", "/upload/v1beta/"];
/// Where a client of OpenAI's dialect ends up whose base URL lacks `/v1`.
const UNVERSIONED: &str = "/chat/completions";
/// Where one of Anthropic's, which adds `/v1` itself, ends up when its base URL has it too.
const TWICE: &str = "/v1/v1/";

/// The dialect that is spoken at a path of a vendor's API, served or not; `None` where no vendor has anything.
/// `anthropic` as for [`endpoint`].
#[must_use]
pub(crate) fn dialect_at(path: &str, anthropic: bool) -> Option<Dialect> {
    if path == UNVERSIONED {
        return Some(Dialect::Openai);
    }
    if GEMINI.iter().any(|begin| path.starts_with(begin)) || addressed(path, None).is_some() {
        return Some(Dialect::Gemini);
    }
    let rest = path.strip_prefix(TWICE).or_else(|| path.strip_prefix("/v1/"))?;
    let first = rest.split('/').next().unwrap_or_default();
    if anthropic || ANTHROPIC.contains(&first) {
        return Some(Dialect::Anthropic);
    }
    if first == "responses" {
        return Some(Dialect::Responses);
    }
    OPENAI.contains(&first).then_some(Dialect::Openai)
}

/// What lies in an account at a vendor, at the vendor's own path: files and batches. The dialect, and the path below
/// `/v1`; `anthropic` as for [`endpoint`].
#[must_use]
pub(crate) fn account_at(path: &str, anthropic: bool) -> Option<(Dialect, &str)> {
    let rest = path.strip_prefix("/v1")?;
    let below = |begin: &str| rest.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let found = match anthropic {
        _ if below("/messages/batches") => Dialect::Anthropic,
        true if below("/files") => Dialect::Anthropic,
        false if below("/files") || below("/batches") || below("/uploads") => Dialect::Openai,
        _ => return None,
    };
    Some((found, rest))
}

/// What to say at a vendor's path that is not served.
#[must_use]
pub(crate) fn not_served(method: &Method, path: &str) -> String {
    let shown: String = path.chars().filter(|c| !c.is_control()).take(100).collect();
    if path == UNVERSIONED {
        return format!("nothing is served at {shown}; let the client's base URL end with /v1");
    }
    if path.starts_with(TWICE) {
        return format!("nothing is served at {shown}; this client adds /v1 itself: take it out of its base URL");
    }
    format!("Weir does not serve {method} {shown}; served are {SERVED}")
}

/// Undoes percent-encoding, which SDKs apply to the `/` of `provider/model`.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| first == b'%').and_then(|d| std::str::from_utf8(d).ok());
        if let Some(byte) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
            bytes.push(byte);
            rest = behind.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_operation_and_dialect() {
        let at = |method: Method, path: &str, anthropic: bool| {
            endpoint(&method, path, None, if anthropic { Dialect::Anthropic } else { Dialect::Openai })
        };
        let is = |dialect, operation| Some(Endpoint { dialect, operation });
        assert_eq!(at(Method::POST, "/v1/chat/completions", true), is(Dialect::Openai, Operation::Chat));
        assert_eq!(at(Method::POST, "/v1/messages", false), is(Dialect::Anthropic, Operation::Chat));
        assert_eq!(at(Method::POST, "/v1/embeddings", false), is(Dialect::Openai, Operation::Embeddings));
        for path in ["/v1/rerank", "/v2/rerank"] {
            assert_eq!(at(Method::POST, path, false), is(Dialect::Openai, Operation::Rerank));
        }
        assert_eq!(at(Method::POST, "/v1/responses", false), is(Dialect::Responses, Operation::Chat));
        let counted = Operation::Model(ModelOperation::CountTokens);
        assert_eq!(at(Method::POST, "/v1/responses/input_tokens", false), is(Dialect::Responses, counted));
        assert_eq!(at(Method::GET, "/v1/models", false), is(Dialect::Openai, Operation::ListModels));
        assert_eq!(at(Method::GET, "/v1/models", true), is(Dialect::Anthropic, Operation::ListModels));
        assert_eq!(
            at(Method::GET, "/v1/models/demo%2Fecho", false),
            is(Dialect::Openai, Operation::GetModel("demo/echo".into()))
        );
        assert_eq!(at(Method::GET, "/v1/messages", false), is(Dialect::Anthropic, Operation::WrongMethod("POST")));
        assert_eq!(at(Method::POST, "/v1/models", false), is(Dialect::Openai, Operation::WrongMethod("GET")));
        assert_eq!(at(Method::GET, "/v1/realtime", false), is(Dialect::Openai, Operation::Realtime));
        assert_eq!(at(Method::PUT, "/v1/realtime", false), is(Dialect::Openai, Operation::WrongMethod("GET")));
        assert_eq!(at(Method::POST, "/v1/realtime", false), is(Dialect::Openai, Operation::PastTheGateway));
        for path in ["/v1/realtime/client_secrets", "/v1/realtime/sessions", "/v1/realtime/calls/rtc_1/accept"] {
            assert_eq!(at(Method::POST, path, false), is(Dialect::Openai, Operation::PastTheGateway), "{path}");
        }
        for other in ["/v1", "/v1/realtimes", "/v1/models/", "/v1/chat", "/v1/chat/completions/", "/v1/messagesx", "/"]
        {
            assert_eq!(at(Method::POST, other, false), None, "{other}");
        }
    }

    #[test]
    fn geminis_paths_name_the_model_and_the_form_of_the_answer() {
        let at = |path: &str, query| match endpoint(&Method::POST, path, query, Dialect::Openai)? {
            Endpoint { dialect: Dialect::Gemini, operation: Operation::Addressed(ModelOperation::Chat, addressed) } => {
                Some((addressed.model, addressed.stream, addressed.json_array))
            }
            _ => None,
        };
        let is = |model: &str, stream, list| Some((model.to_owned(), stream, list));
        for (path, query, expected) in [
            ("/v1beta/models/chat:generateContent", None, is("chat", false, false)),
            ("/v1/models/chat:generateContent", Some("alt=sse"), is("chat", false, false)),
            ("/v1beta/models/chat:streamGenerateContent", Some("key=x&alt=sse"), is("chat", true, false)),
            ("/v1beta/models/chat:streamGenerateContent", Some("key=x&alt=json"), is("chat", true, true)),
            ("/v1beta/models/chat:streamGenerateContent", None, is("chat", true, true)),
            ("/v1beta/models/demo/demo-small:generateContent", None, is("demo/demo-small", false, false)),
            ("/v1beta/models/ollama%2Fllama3%3A8b:generateContent", None, is("ollama/llama3:8b", false, false)),
            ("/v1beta/models/ollama/llama3:8b:generateContent", None, is("ollama/llama3:8b", false, false)),
            ("/v1beta/models/chat:asyncBatchEmbedContent", None, None),
            ("/v1beta/models/chat", None, None),
        ] {
            assert_eq!(at(path, query), expected, "{path} {query:?}");
        }
        for (method, batch) in [("embedContent", false), ("batchEmbedContents", true)] {
            let path = format!("/v1beta/models/ollama/llama3:8b:{method}");
            let found = endpoint(&Method::POST, &path, None, Dialect::Openai).map(|found| found.operation);
            let addressed = Addressed { model: "ollama/llama3:8b".into(), batch, ..Addressed::default() };
            assert_eq!(found, Some(Operation::Addressed(ModelOperation::Embeddings, addressed)), "{path}");
        }
        let google = endpoint(&Method::GET, "/v1/models", None, Dialect::Gemini).map(|e| e.dialect);
        assert_eq!(google, Some(Dialect::Gemini), "its newer SDKs ask there");
        let get = |path: &str| endpoint(&Method::GET, path, None, Dialect::Openai).map(|e| (e.dialect, e.operation));
        assert_eq!(get("/v1beta/models"), Some((Dialect::Gemini, Operation::ListModels)));
        let one = Operation::GetModel("demo/demo-small".into());
        assert_eq!(get("/v1beta/models/demo/demo-small"), Some((Dialect::Gemini, one)));
        let wrong = Some((Dialect::Gemini, Operation::WrongMethod("POST")));
        for method in ["generateContent", "embedContent"] {
            assert_eq!(get(&format!("/v1beta/models/demo/x:{method}")), wrong, "it is no model of that name");
        }
        for made_up in ["/v1beta/models/chat:foo", "/v1/models/chat:foo", "/v1beta/models/ollama/llama3:8b:predict"] {
            let found = endpoint(&Method::POST, made_up, None, Dialect::Openai);
            assert_eq!(found, None, "{made_up}: whoever is told to use GET is led astray");
        }
        assert_eq!(get("/v1/models/llama3:8b"), Some((Dialect::Openai, Operation::GetModel("llama3:8b".into()))));
    }

    #[test]
    fn what_is_not_served_is_refused_in_the_dialect_of_its_vendor() {
        use Dialect::{Anthropic, Gemini, Openai, Responses};
        for (path, plain, versioned) in [
            ("/v1/fine_tuning/jobs", Some(Openai), Some(Anthropic)),
            ("/v1/responses/resp_1/cancel", Some(Responses), Some(Anthropic)),
            ("/v1/chat/completions/", Some(Openai), Some(Anthropic)),
            ("/v1/messages/count_tokens", Some(Anthropic), Some(Anthropic)),
            ("/v1/messages/batches", Some(Anthropic), Some(Anthropic)),
            ("/v1/complete", Some(Anthropic), Some(Anthropic)),
            ("/v1/v1/messages", Some(Anthropic), Some(Anthropic)),
            ("/v1/files", Some(Openai), Some(Anthropic)),
            ("/chat/completions", Some(Openai), Some(Openai)),
            ("/v1beta/files", Some(Gemini), Some(Gemini)),
            ("/upload/v1beta/files", Some(Gemini), Some(Gemini)),
            ("/v1beta/cachedContents", Some(Gemini), Some(Gemini)),
            ("/v1beta/models/x:predict", Some(Gemini), Some(Gemini)),
            ("/v1beta/models/x:batchEmbedContents", Some(Gemini), Some(Gemini)),
            ("/v1/models/a:generateContent", Some(Gemini), Some(Gemini)),
            ("/v1/models/a:other", Some(Openai), Some(Anthropic)),
            ("/v1/orders", None, Some(Anthropic)),
            ("/orders", None, None),
            ("/v1", None, None),
        ] {
            assert_eq!((dialect_at(path, false), dialect_at(path, true)), (plain, versioned), "{path}");
        }
    }

    #[test]
    fn who_asks_for_something_else_is_told_what_there_is() {
        let said = not_served(&Method::POST, "/v1/fine_tuning/jobs");
        assert!(said.contains("POST /v1/fine_tuning/jobs") && said.contains("POST /v1/chat/completions"), "{said}");
        for path in ["files", "uploads", "batches", "messages/batches", "realtime", "responses", "rerank"] {
            assert!(said.split([' ', ',']).any(|word| word.strip_prefix("/v1/") == Some(path)), "{path}: {said}");
        }
        assert!(not_served(&Method::POST, "/chat/completions").contains("base URL end with /v1"));
        assert!(not_served(&Method::POST, "/v1/v1/messages").contains("out of its base URL"));
        assert!(said.contains("/providers/{id}/…"), "{said}");
        let longest = not_served(&Method::GET, &format!("/v1/{}", "x".repeat(8_000)));
        assert!(longest.len() < said.len() + 100, "{longest}");
    }

    #[test]
    fn bad_percent_encoding_is_left_as_it_is() {
        assert_eq!(decode("a%2"), "a%2");
        assert_eq!(decode("%zz%41"), "%zzA");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }
}
