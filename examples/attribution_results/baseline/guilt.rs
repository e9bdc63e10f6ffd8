//! The guilt probability of Papadimitriou and Garcia-Molina, "Data Leakage
//! Detection", IEEE TKDE 23(1), 2011, section 4:
//! `Pr{G_i | S} = 1 - prod_{t in S, t in R_i} (1 - (1 - p) / |V_t|)`,
//! where V_t are the agents that got object t and p is the chance that the
//! target could guess an object.

/// ln of the chance that agent `i` did not leak an object that `holders` agents
/// got: to be added up over the leaked objects that it got.
pub(crate) fn ln_innocent(p: f64, holders: usize) -> f64 {
    libm::log1p(-(1.0 - p) / holders as f64)
}

/// The guilt probability of every agent, given the objects that each one got.
pub(crate) fn guilt(leaked: &[usize], agents: &[Vec<usize>], p: f64) -> Vec<f64> {
    let got = |object: &usize| agents.iter().filter(|own| own.contains(object)).count();
    let innocent = |own: &Vec<usize>| -> f64 {
        leaked.iter().filter(|object| own.contains(object)).map(|object| ln_innocent(p, got(object))).sum()
    };
    agents.iter().map(|own| -libm::expm1(innocent(own))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::tests::{close, numbers, vectors};

    #[test]
    fn the_worked_example_is_the_published_one() {
        let have = guilt(&[1, 2, 3], &[vec![1, 2], vec![1, 3]], 0.2);

        assert!(close(&have, &numbers(&vectors()["PGM example p=.2"])), "{have:?}");
    }

    #[test]
    fn guilt_falls_with_the_chance_to_guess() {
        let agents = [(0..16).collect::<Vec<usize>>(), (0..8).collect()];
        let objects: Vec<usize> = (0..16).collect();
        let vectors = vectors();
        let want = vectors["PGM |S|=16 R2=8 p=.2,.5,.9"].as_array().expect("three");

        for (p, want) in [0.2, 0.5, 0.9].into_iter().zip(want) {
            let have = guilt(&objects, &agents, p);

            assert!(close(&have, &numbers(want)), "{have:?}");
        }
    }
}
