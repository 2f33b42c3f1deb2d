//! Numbers as people write them.

/// A float that JavaScript summed up carries noise in its last digits; whole numbers stay digit for digit.
pub(super) fn without_noise(number: &str) -> String {
    let is_noisy = number.contains('.') && number.len() > 12;
    match number.parse::<f64>().ok().filter(|_| is_noisy) {
        Some(float) => {
            let rounded = format!("{float:.6}");
            rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        None => number.strip_suffix(".0").unwrap_or(number).to_owned(),
    }
}
