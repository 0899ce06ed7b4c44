//! What is left out of what is written: values that say no more than their absence would.

/// Whether a value is its type's own default, for `skip_serializing_if`.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
