//! Any path template is compiled or refused with a reason; its pattern has as many parameters as names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_domain::router::compile_template;

fuzz_target!(|template: &str| {
    match compile_template(template) {
        Ok((pattern, names)) => assert_eq!(pattern.matches('{').count(), names.len()),
        Err(reason) => assert!(!reason.is_empty()),
    }
});
