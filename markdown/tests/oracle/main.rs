//! Held to pulldown-cmark: whatever stands in the subset, both read alike.

mod documents;
mod tree;

use proptest::prelude::*;

#[track_caller]
fn alike(text: &str) -> Result<(), TestCaseError> {
    let oracle = tree::oracle(text);
    prop_assume!(oracle.is_some());
    let (ours, oracle) = (tree::ours(text), oracle.unwrap_or_default());
    prop_assert!(ours == oracle, "{text}\n---- ours\n{ours:#?}\n---- the oracle's\n{oracle:#?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_global_rejects: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn running_text_is_read_like_the_oracle_reads_it(text in documents::inline()) {
        alike(&text)?;
    }

    #[test]
    fn documents_are_read_like_the_oracle_reads_them(text in documents::document()) {
        alike(&text)?;
    }

    #[test]
    fn lines_without_a_plan_are_read_like_the_oracle_reads_them(text in documents::soup()) {
        alike(&text)?;
    }
}

#[test]
fn real_looking_answers_are_read_like_the_oracle_reads_them() {
    let mut seen = 0;
    for entry in
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus")).expect("corpus")
    {
        let path = entry.expect("entry").path();
        let text = std::fs::read_to_string(&path).expect("readable");
        if let Err(error) = alike(&text) {
            panic!("{}: {error}", path.display());
        }
        seen += 1;
    }
    assert!(seen >= 20, "{seen} answers in the corpus");
}
