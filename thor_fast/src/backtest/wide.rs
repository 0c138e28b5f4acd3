//! The widest registers that this processor has, chosen when the program runs.
//!
//! The same operations in the same order on more lanes at once: nothing is fused or reordered, so the answers are the
//! same bits on every processor. What is to run wide has to be inlined into the work.

/// Does the work compiled for AVX2 where there is AVX2, and for any processor of the kind elsewhere.
#[inline(always)]
pub(super) fn wide<T>(work: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(work)
}
