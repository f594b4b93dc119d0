// Package phrase says what the pages of the console say, in English: how long ago, how
// many, who, what a token may do and what became of it.
//
// Laws of this package:
//
//   - It is words about values that it is handed. It asks nobody, and decides nothing.
//   - What is said to a person is a sentence that one would say aloud.
package phrase
