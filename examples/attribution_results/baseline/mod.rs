//! What the engine is compared with: published ways to name a leaker, each as
//! its authors give it.

pub(crate) mod count_table;
pub(crate) mod guilt;
pub(crate) mod tardos;

#[cfg(test)]
pub(crate) mod tests {
    //! The reference's numbers.

    /// `vectors.json` as the reference implementation printed it.
    pub(crate) fn vectors() -> serde_json::Value {
        serde_json::from_str(include_str!("../../../tests/vectors/attribution/vectors.json")).expect("vectors are JSON")
    }

    pub(crate) fn numbers(value: &serde_json::Value) -> Vec<f64> {
        value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
    }

    pub(crate) fn close(have: &[f64], want: &[f64]) -> bool {
        have.len() == want.len() && have.iter().zip(want).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs().max(1.0))
    }
}
