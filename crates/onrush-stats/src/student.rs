//! Student's distribution: how far a mean of few values may be from the truth.

/// How likely a value this far from zero, or farther, is on either side.
pub(crate) fn both_tails(t: f64, freedom: f64) -> f64 {
    if !t.is_finite() {
        return if t.is_nan() { 1.0 } else { 0.0 };
    }
    // More is normal as far as anybody can tell, and slow.
    let freedom = freedom.clamp(1.0, 10_000.0);
    beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// How far from zero a value is that is exceeded on either side with probability `1 - level` altogether.
pub(crate) fn reach(level: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while both_tails(high, freedom) > 1.0 - level && high < 1e9 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if both_tails(middle, freedom) > 1.0 - level { low = middle } else { high = middle }
    }
    high
}

/// The regularised incomplete beta function, by its continued fraction (Numerical Recipes, 6.4).
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

/// Lentz's way of evaluating a continued fraction.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..500_u32 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = value;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            value *= c * d;
        }
        if (value / before - 1.0).abs() < 1e-14 {
            break;
        }
    }
    value
}

/// The logarithm of the gamma function (Lanczos).
fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 6] = [
        76.180_091_729_471_46,
        -86.505_320_329_416_77,
        24.014_098_240_830_91,
        -1.231_739_572_450_155,
        0.120_865_097_386_617_9e-2,
        -0.539_523_938_495_3e-5,
    ];
    let shifted = x + 5.5;
    let series =
        TERMS.iter().enumerate().fold(1.000_000_000_190_015, |sum, (n, term)| sum + term / (x + 1.0 + n as f64));
    (2.506_628_274_631_000_5 * series / x).ln() - shifted + (x + 0.5) * shifted.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From printed tables.
    #[test]
    fn as_in_the_tables() {
        for (level, freedom, expected) in
            [(0.95, 1.0, 12.706), (0.95, 9.0, 2.262), (0.99, 9.0, 3.250), (0.95, 30.0, 2.042), (0.95, 1e9, 1.960)]
        {
            assert!((reach(level, freedom) - expected).abs() < 0.001, "{level} {freedom}: {}", reach(level, freedom));
            assert!((both_tails(expected, freedom) - (1.0 - level)).abs() < 1e-4);
        }
        assert_eq!([both_tails(0.0, 5.0), both_tails(f64::INFINITY, 5.0), both_tails(f64::NAN, 5.0)], [1.0, 0.0, 1.0]);
    }
}
