// Package exports reads what other token systems kept of their tokens, as an import into
// Tokenry: pure functions from bytes to values. Who the tokens are sent to is not its
// matter.
//
// The laws:
//
//   - A row becomes a token ([Row.Token]), is left out because the other system accepts it
//     no more ([Row.Left]), or says what is wrong with it ([Row.Wrong]). Nothing is
//     skipped in silence.
//   - A column that says that a token ended must be there: without it, what was revoked
//     would work again.
//   - What is read is never held as a whole: a row has at most [MaxRow] bytes, and only one
//     is in memory.
//   - No word about a row repeats a hash, a salt, a key or a token string.
//   - The shapes are those of the systems' own tables, by the sources that each names.
package exports
