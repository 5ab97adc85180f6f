//! From text to one query of `sqlparser`, within bounds of size and depth.

use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::{Dialect as Grammar, PostgreSqlDialect, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::guard::MAX_JOINS;
use crate::names::Dialect;
use crate::refusal::Refusal;

/// Bytes of a statement at most, before and after it is rewritten.
pub(crate) const MAX_BYTES: usize = 20_000;
/// A chain such as `1 + 1 + …` becomes a tree as deep as it is long, which is dropped recursively.
const MAX_TOKENS: usize = 4_000;
/// Open brackets at most. The parser tries some of them in two ways, so each level may cost double.
const MAX_BRACKETS: usize = 20;
const MAX_RECURSION: usize = 50;

/// The only statement of the text, when it is a query.
///
/// # Errors
/// [`Refusal`] when it is too big, no SQL, more than one statement, or no query.
pub(crate) fn query(sql: &str, dialect: Dialect) -> Result<Box<Query>, Refusal> {
    if sql.len() > MAX_BYTES {
        return Err(Refusal::TooLong);
    }
    if sql.contains('\0') {
        return Err(Refusal::Nul);
    }
    let grammar: &dyn Grammar = match dialect {
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
    };
    let tokens = Tokenizer::new(grammar, sql)
        .tokenize_with_location()
        .map_err(|error| syntax_error(error.location.line, error.location.column))?;
    check_kind(&tokens)?;
    check_size(&tokens)?;
    let mut statements = Parser::new(grammar)
        .with_recursion_limit(MAX_RECURSION)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| refusal(&error))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(query),
        (Some(_), true) => Err(Refusal::NotAQuery),
        _ => Err(Refusal::NotOneStatement),
    }
}

/// Keeps all but one query away from the parser, whose rules for other statements are many.
fn check_kind(tokens: &[TokenWithSpan]) -> Result<(), Refusal> {
    let mut words = tokens
        .iter()
        .map(|token| &token.token)
        .filter(|token| !matches!(token, Token::Whitespace(_) | Token::EOF));
    match words.next() {
        None => return Err(Refusal::NotOneStatement),
        Some(Token::LParen) => {}
        Some(Token::Word(word)) if matches!(word.keyword, Keyword::SELECT | Keyword::WITH) => {}
        Some(_) => return Err(Refusal::NotAQuery),
    }
    let mut after = words.skip_while(|token| **token != Token::SemiColon);
    if after.any(|token| *token != Token::SemiColon) {
        return Err(Refusal::NotOneStatement);
    }
    Ok(())
}

fn check_size(tokens: &[TokenWithSpan]) -> Result<(), Refusal> {
    let (mut count, mut open, mut joins) = (0_usize, 0_usize, 0_usize);
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => open += 1,
            Token::RParen | Token::RBracket | Token::RBrace => open = open.saturating_sub(1),
            // Joins without a condition nest to the right, without end and without a bracket.
            Token::Word(word) if word.keyword == Keyword::JOIN => joins += 1,
            _ => {}
        }
        count += 1;
        if count > MAX_TOKENS || open > MAX_BRACKETS {
            return Err(Refusal::TooComplex);
        }
        if joins > MAX_JOINS {
            return Err(Refusal::TooManyJoins);
        }
    }
    Ok(())
}

/// The parser's own message repeats the statement; its position is enough.
fn refusal(error: &ParserError) -> Refusal {
    let message = match error {
        ParserError::RecursionLimitExceeded => return Refusal::TooComplex,
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let position = message.rsplit_once("at Line: ").map(|(_, position)| position);
    let (line, column) = position.and_then(|p| p.split_once(", Column: ")).unwrap_or(("", ""));
    syntax_error(line.trim().parse().unwrap_or(0), column.trim().parse().unwrap_or(0))
}

fn syntax_error(line: u64, column: u64) -> Refusal {
    Refusal::Syntax { line, column }
}
