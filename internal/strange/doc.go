// Package strange sees what is strange about the use of a token, and tells its owner: that
// it comes from a network it never came from, after a long silence, or is refused many times
// when it never was.
//
// Laws of this package:
//
//   - No verification knows of it: everything is worked out of what is written behind, once
//     that is written.
//   - What is strange is judged by pure functions over values; where usage may be missing,
//     and while a token is new, nothing is. Lost usage takes notices away and makes none.
//   - Each fact is news to one node alone, and what is open about a token is one notice,
//     whatever is added to it: the owner is told once in a day, and mailed once in hours.
//   - A token that is used from everywhere is told of once.
//   - The token in question answers nothing about itself.
package strange
