//! W3C trace context: by what a service's spans and ours find each other.
//!
//! <https://www.w3.org/TR/trace-context/>

/// Which request a service is told that it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace of the request. Never 0.
    pub trace: u128,
    /// The span of this attempt at it. Never 0.
    pub span: u64,
    /// Whether the service is asked to keep its spans.
    pub sampled: bool,
}

/// Which traces are sampled: those whose last 56 bits are not below this. The number decides and no luck beside it, as
/// [OpenTelemetry's consistent sampling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/)
/// has it, so that others who sample by the same rule keep the same traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling(u64);

/// The bits of a trace's number that are random for all who look at it.
const RANDOM: u32 = 56;
/// How long the header's value is.
const LENGTH: usize = 55;

impl Sampling {
    /// Of all traces a share, from 0 to 1.
    pub fn of(share: f64) -> Self {
        let all = 1_u64 << RANDOM;
        Self(all - (share.clamp(0.0, 1.0) * all as f64) as u64)
    }

    fn takes(self, trace: u128) -> bool {
        (trace as u64) & ((1 << RANDOM) - 1) >= self.0
    }
}

impl Default for Sampling {
    /// All of them.
    fn default() -> Self {
        Self::of(1.0)
    }
}

impl TraceContext {
    /// That of three random numbers.
    pub fn of(numbers: [u64; 3], sampling: Sampling) -> Self {
        let [high, low, span] = numbers;
        // All zeros are no number (W3C Trace Context §3.2.2.3).
        let trace = (u128::from(high) << 64 | u128::from(low)).max(1);
        Self { trace, span: span.max(1), sampled: sampling.takes(trace) }
    }

    /// Another attempt at the same request: of the same trace, with a span of its own.
    #[must_use]
    pub fn another(self, span: u64) -> Self {
        Self { span: span.max(1), ..self }
    }

    /// The span of the whole request, which those of its attempts are a part of. The service never hears of it.
    pub fn whole(self) -> u64 {
        ((self.trace >> 64) as u64 ^ self.trace as u64).max(1)
    }

    /// The value of the header `traceparent`.
    pub fn traceparent(self) -> [u8; LENGTH] {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        put_hex(&mut text[3..35], self.trace);
        put_hex(&mut text[36..52], self.span.into());
        text[LENGTH - 1] += u8::from(self.sampled);
        text
    }
}

fn put_hex(to: &mut [u8], mut number: u128) {
    for digit in to.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_that_of_the_standard() {
        let context = TraceContext {
            trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span: 0x00f0_67aa_0ba9_02b7,
            sampled: true,
        };
        let expected = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(&context.traceparent(), expected);
        let none = TraceContext::of([0, 0, 0], Sampling::of(0.0));
        assert_eq!(&none.traceparent(), b"00-00000000000000000000000000000001-0000000000000001-00");
    }

    #[test]
    fn a_share_is_sampled_and_the_number_says_which() {
        let numbers = (0..20_000_u64).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for (share, expected) in [(0.0, 0), (0.01, 200), (0.5, 10_000), (1.0, 20_000)] {
            let sampling = Sampling::of(share);
            let sampled = numbers.clone().filter(|low| TraceContext::of([7, *low, 1], sampling).sampled).count();
            assert!(sampled.abs_diff(expected) <= 20, "{share}: {sampled}");
        }
        let (few, many) = (Sampling::of(0.1), Sampling::of(0.3));
        let is_in = |low, sampling| TraceContext::of([7, low, 1], sampling).sampled;
        assert!(
            numbers.clone().all(|low| !is_in(low, few) || is_in(low, many)),
            "a smaller share is a part of a larger"
        );
    }

    #[test]
    fn attempts_are_parts_of_one_whole() {
        let first = TraceContext::of([1, 2, 3], Sampling::default());
        let second = first.another(9);
        assert_eq!((second.trace, second.whole(), second.sampled), (first.trace, first.whole(), true));
        assert_ne!(second.span, first.span);
    }
}
