//! What a model gets to see with a question.

use retrieval::{Document, Headings, Index, grounds, passages};

fn index() -> Index {
    let markdown = "# Tea\n\n## Green tea\n\nGreen tea steeps for two minutes at 80 degrees.\n\n\
        ## Opening hours\n\nThe shop is open on weekdays. It sells teapots for two.\n";
    Index::new(passages(&Document {
        data_source_id: "shop".into(),
        name: "tea".into(),
        url: Some("/tea".into()),
        headings: Headings::Anchored,
        markdown: markdown.into(),
    }))
}

#[test]
fn a_passage_that_answers_is_cited_and_one_that_shares_a_word_is_not() {
    let index = index();
    let found = grounds(&index, "How long does green tea steep?", 5);
    let cited: Vec<_> = found.iter().filter_map(|(_, source)| source.as_ref()).collect();
    assert_eq!(cited.len(), 1);
    assert_eq!(cited[0].url.as_deref(), Some("/tea#green-tea"));
    assert!(cited[0].snippet.contains("two minutes"));

    let foreign = grounds(&index, "Which two countries border Portugal and Andorra by land?", 5);
    assert!(foreign.iter().all(|(_, source)| source.is_none()), "{foreign:?}");
}
