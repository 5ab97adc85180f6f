//! Buckets for times, so that percentiles of millions of them come from a few hundred counts.
//!
//! Up to 63 ms each millisecond is a bucket; above, each power of two is cut into 32. A bucket's
//! middle is at most 1.6 % from any time in it.

const EXACT: u64 = 64;
const PARTS_LOG2: u32 = 5;

/// The bucket of a time in milliseconds.
#[must_use]
pub fn bucket(ms: i64) -> i64 {
    let ms = u64::try_from(ms).unwrap_or(0);
    if ms < EXACT {
        return i64::try_from(ms).unwrap_or(0);
    }
    let power = ms.ilog2();
    let part = (ms >> (power - PARTS_LOG2)) & 31;
    i64::try_from(EXACT + u64::from(power - 6) * 32 + part).unwrap_or(i64::MAX)
}

/// The middle of a bucket in milliseconds.
#[must_use]
pub fn middle(bucket: i64) -> i64 {
    let bucket = u64::try_from(bucket).unwrap_or(0);
    if bucket < EXACT {
        return i64::try_from(bucket).unwrap_or(0);
    }
    let (power, part) = ((bucket - EXACT) / 32 + 6, (bucket - EXACT) % 32);
    let shift = u32::try_from(power).unwrap_or(u32::MAX).min(62) - PARTS_LOG2;
    let low = (32 + part) << shift;
    i64::try_from(low + (1_u64 << shift) / 2).unwrap_or(i64::MAX)
}

/// The percentile of counted buckets, which come in order; 0 when there are none.
#[must_use]
pub fn percentile(counts: &[(i64, i64)], percent: i64) -> i64 {
    let total: i64 = counts.iter().map(|(_, count)| count).sum();
    // The nearest rank: the smallest time that so many percent do not exceed.
    let rank = (total * percent + 99) / 100;
    let mut seen = 0;
    for &(bucket, count) in counts {
        seen += count;
        if seen >= rank {
            return middle(bucket);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bucket_keeps_a_time_to_within_three_percent(ms in 0_i64..10_000_000_000) {
            let kept = middle(bucket(ms));
            prop_assert!((kept - ms).abs() * 100 <= ms * 3, "{ms} became {kept}");
        }

        #[test]
        fn buckets_are_in_the_order_of_their_times(a in 0_i64..100_000_000, b in 0_i64..100_000_000) {
            prop_assert_eq!(a <= b, a <= b && bucket(a) <= bucket(b));
        }
    }

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        assert_eq!(percentile(&[], 50), 0);
        let counts: Vec<_> = (1..=10).map(|ms| (ms, 1)).collect();
        assert_eq!([50, 95, 99, 100].map(|p| percentile(&counts, p)), [5, 10, 10, 10]);
        assert_eq!(percentile(&[(7, 1)], 50), 7);
    }
}
