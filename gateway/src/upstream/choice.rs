//! Which target of an upstream a request goes to: by weight, and never twice to one that could not be reached.

use weir_domain::snapshot::UpstreamTarget;

/// The index of a target, drawn by weight among those not in `tried`; `None` when none is left. `draw` gives a number
/// from 0 to below its argument.
pub(super) fn choose(targets: &[UpstreamTarget], tried: &[usize], draw: impl FnOnce(u64) -> u64) -> Option<usize> {
    let open = || targets.iter().enumerate().filter(|(index, target)| target.weight > 0 && !tried.contains(index));
    let total: u64 = open().map(|(_, target)| u64::from(target.weight)).sum();
    let mut candidates = open();
    let (first, _) = candidates.next()?;
    if candidates.next().is_none() {
        return Some(first);
    }
    let mut left = draw(total);
    for (index, target) in open() {
        let weight = u64::from(target.weight);
        if left < weight {
            return Some(index);
        }
        left -= weight;
    }
    Some(first)
}

#[cfg(test)]
mod tests {
    use weir_domain::snapshot::Address;

    use super::*;

    fn targets(weights: &[u32]) -> Vec<UpstreamTarget> {
        let address = Address {
            tls: false,
            host: "h".into(),
            port: 1,
            authority: "h:1".into(),
            path: String::new(),
            allow_private: true,
        };
        weights.iter().map(|&weight| UpstreamTarget { address: address.clone(), weight }).collect()
    }

    #[test]
    fn shares_are_exactly_the_weights() {
        let targets = targets(&[3, 0, 1]);
        let mut shares = [0; 3];
        for number in 0..4 {
            shares[choose(&targets, &[], |total| number % total).unwrap()] += 1;
        }
        assert_eq!(shares, [3, 0, 1]);
    }

    #[test]
    fn a_tried_target_is_left_out_until_none_is_left() {
        let targets = targets(&[5, 1, 0]);
        assert_eq!(choose(&targets, &[0], |_| 0), Some(1));
        assert_eq!(choose(&targets, &[0, 1], |_| 0), None);
        assert_eq!(choose(&targets, &[1], |_| 0), Some(0));
    }
}
