//! Media as one address: OpenAI, Cohere and others take a URL or a data URL in the same place.

use serde::{Serialize, Serializer};

use super::Media;

/// Written as a data URL (RFC 2397) without a copy of the data in between.
pub(crate) struct MediaUrl<'a>(pub(crate) Media<'a>);

impl Serialize for MediaUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Media::Url(url) => serializer.serialize_str(url),
            Media::Base64 { media_type, data } => {
                serializer.collect_str(&format_args!("data:{};base64,{}", &**media_type, &**data))
            }
        }
    }
}
