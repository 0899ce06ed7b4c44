//! Amazon Bedrock Converse, upstream only. Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.

mod documents;
pub(crate) mod error;
mod family;
pub(crate) mod read_answer;
pub(crate) mod read_stream;
mod reasoning;
mod usage;
mod write_blocks;
pub(crate) mod write_request;
