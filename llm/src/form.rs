//! Forms with files (`multipart/form-data`, RFC 7578), read for where their fields lie: the caller's bytes go on as they
//! are, but for the model's name. What two parsers could read differently is refused, because the provider would act on
//! another model than the one that was decided on.

use std::ops::Range;

use memchr::memmem;

use crate::error::RequestError;

/// The most fields of a form.
const MAX_FIELDS: usize = 128;
/// The longest head of a part, in bytes.
const MAX_HEAD: usize = 4 << 10;
/// Fields on which something hangs.
const NAMES: [&str; 6] = ["model", "stream", "n", "size", "quality", "response_format"];

/// The fields of a form, in their order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form {
    fields: Vec<Field>,
}

#[derive(Debug, PartialEq, Eq)]
struct Field {
    name: String,
    is_file: bool,
    value: Range<usize>,
}

impl Form {
    /// Reads a body of the given `content-type`.
    ///
    /// # Errors
    /// A sentence that says what is wrong, for the caller.
    pub(crate) fn read(content_type: &str, body: &[u8]) -> Result<Self, RequestError> {
        let boundary = boundary(content_type)?;
        let delimiter = format!("--{boundary}");
        let Some(mut at) = body.starts_with(delimiter.as_bytes()).then_some(delimiter.len()) else {
            return Err(malformed("it does not begin with the boundary that content-type names"));
        };
        let next = memmem::Finder::new(format!("\r\n{delimiter}").as_bytes()).into_owned();
        let mut fields: Vec<Field> = Vec::new();
        loop {
            let rest = body.get(at..).unwrap_or_default();
            if rest.starts_with(b"--") {
                break;
            }
            if !rest.starts_with(b"\r\n") || fields.len() == MAX_FIELDS {
                return Err(malformed("a boundary is not followed by a line break, or there are too many fields"));
            }
            let length = memmem::find(rest.get(..MAX_HEAD.min(rest.len())).unwrap_or_default(), b"\r\n\r\n");
            let length = length.ok_or_else(|| malformed("the head of a field has no end, or is too long"))?;
            let (name, is_file) = head_of(rest.get(..length).unwrap_or_default())?;
            let start = at + length + 4;
            // The line break before a boundary belongs to it; the one behind a head may be the same.
            let end = next.find(body.get(start - 2..).unwrap_or_default()).map(|found| start - 2 + found);
            let end = end.ok_or_else(|| malformed("its last boundary is missing: the body is cut"))?;
            let value = start..end.max(start);
            check_name(&name, is_file, &fields)?;
            fields.push(Field { name, is_file, value });
            at = end + 2 + delimiter.len();
        }
        Ok(Self { fields })
    }

    /// Where the text of a field lies.
    pub(crate) fn span(&self, name: &str) -> Option<Range<usize>> {
        self.fields.iter().find(|field| field.name == name && !field.is_file).map(|field| field.value.clone())
    }

    /// The text of a field.
    pub(crate) fn text<'a>(&self, name: &str, body: &'a [u8]) -> Option<&'a str> {
        body.get(self.span(name)?).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The bytes of the first file.
    pub(crate) fn file<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        self.fields.iter().find(|field| field.is_file).and_then(|field| body.get(field.value.clone()))
    }
}

fn malformed(problem: &str) -> RequestError {
    RequestError::Malformed(format!("the form cannot be read: {problem}; send multipart/form-data as RFC 7578 has it"))
}

/// The parameter `boundary` of a media type.
fn boundary(content_type: &str) -> Result<&str, RequestError> {
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let mut found = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
    });
    let (first, second) = (found.next(), found.next());
    let plain = |text: &&str| {
        (1..=70).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b))
    };
    match first.filter(plain) {
        Some(boundary) if second.is_none() && kind.trim().eq_ignore_ascii_case("multipart/form-data") => Ok(boundary),
        _ => Err(malformed("content-type is not multipart/form-data with one boundary")),
    }
}

/// The name of the field with this head, and whether it is a file.
fn head_of(head: &[u8]) -> Result<(String, bool), RequestError> {
    let head = std::str::from_utf8(head).map_err(|_| malformed("the head of a field is not UTF-8"))?;
    let mut disposition = None;
    for line in head.split("\r\n").filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("the head of a field is no header"))?;
        match name.to_ascii_lowercase().as_str() {
            "content-disposition" if disposition.is_none() => disposition = Some(value),
            "content-transfer-encoding" if !matches!(value.trim(), "7bit" | "8bit" | "binary") => {
                return Err(malformed("a field has a content-transfer-encoding, which RFC 7578 does away with"));
            }
            "content-disposition" => return Err(malformed("a field has two content-dispositions")),
            _ => {}
        }
    }
    let disposition = disposition.ok_or_else(|| malformed("a field has no content-disposition"))?;
    let (mut name, mut is_file) = (None, false);
    for (key, value) in parameters(disposition)? {
        match key.to_ascii_lowercase().as_str() {
            "name" if name.is_none() => name = Some(value),
            "name" | "name*" => return Err(malformed("a field has two names")),
            "filename" | "filename*" => is_file = true,
            _ => {}
        }
    }
    Ok((name.ok_or_else(|| malformed("a field has no name"))?, is_file))
}

/// The parameters of `form-data; name="a"; filename="b"`.
fn parameters(disposition: &str) -> Result<Vec<(&str, String)>, RequestError> {
    let wrong = || malformed("a content-disposition is not form-data with a name");
    let mut rest = disposition.trim().strip_prefix("form-data").ok_or_else(wrong)?.trim_start();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let parameter = rest.strip_prefix(';').ok_or_else(wrong)?.trim_start();
        if parameter.is_empty() {
            break;
        }
        let (key, behind) = parameter.split_once('=').ok_or_else(wrong)?;
        let mut value = String::new();
        if let Some(quoted) = behind.strip_prefix('"') {
            let mut characters = quoted.char_indices();
            let end = loop {
                match characters.next().ok_or_else(wrong)? {
                    (at, '"') => break at,
                    (_, '\\') => value.push(characters.next().ok_or_else(wrong)?.1),
                    (_, other) => value.push(other),
                }
            };
            rest = quoted.get(end + 1..).unwrap_or_default().trim_start();
        } else {
            let end = behind.find(';').unwrap_or(behind.len());
            behind.get(..end).unwrap_or_default().trim_end().clone_into(&mut value);
            rest = behind.get(end..).unwrap_or_default();
        }
        found.push((key.trim(), value));
    }
    Ok(found)
}

/// A field that decides something stands there once, in its own letters, and is no file.
fn check_name(name: &str, is_file: bool, before: &[Field]) -> Result<(), RequestError> {
    let Some(meant) = NAMES.into_iter().find(|meant| name.trim().eq_ignore_ascii_case(meant)) else { return Ok(()) };
    if name != meant {
        let problem = format!("differs from '{meant}' in case or space only, and a provider may take it for that");
        return Err(RequestError::field(name.to_owned(), problem, format!("write '{meant}', once")));
    }
    if is_file || before.iter().any(|field| field.name == name) {
        return Err(RequestError::field(meant, "stands there twice, or is a file", "send it once, as text"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
