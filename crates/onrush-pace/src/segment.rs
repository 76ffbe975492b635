//! A share of a profile that can be played without talking to the other shares.

/// The `index`th of `of` shares: the numbers that leave the remainder `index` when divided by `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    index: u32,
    of: u32,
}

impl Segment {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// The `index`th (from 0) of `of` segments.
    ///
    /// # Panics
    /// When `index` is not below `of`.
    pub fn new(index: u32, of: u32) -> Self {
        assert!(index < of, "segment {index} of {of} does not exist");
        Self { index, of }
    }

    /// The `index`th of `of` segments of this segment: machines divide a plan, their threads divide again.
    ///
    /// # Panics
    /// When `index` is not below `of`.
    #[must_use]
    pub fn part(self, index: u32, of: u32) -> Self {
        assert!(index < of, "part {index} of {of} does not exist");
        Self { index: self.index + self.of * index, of: self.of * of }
    }

    /// Its place, from 0.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    pub fn of(self) -> u32 {
        self.of
    }

    /// How many of the numbers 0 to `total` (excluded) it owns.
    pub fn share_of(self, total: u64) -> u64 {
        let (index, of) = (u64::from(self.index), u64::from(self.of));
        total / of + u64::from(index < total % of)
    }

    /// The numbers below `total` that it owns.
    pub fn numbers(self, total: u64) -> impl Iterator<Item = u64> {
        (u64::from(self.index)..total).step_by(self.of as usize)
    }
}
