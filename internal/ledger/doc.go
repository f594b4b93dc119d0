// Package ledger is what is kept: the records, and the contract of the store that
// keeps them.
//
// A record is a row as the rules read it. It is no wire type: what the API calls a
// field can change without changing what old rows mean. Times are UTC with
// microseconds, and the zero time is one that never was. Row numbers are the
// store's own and never leave the program.
//
// The contract stands in chapters, one a concern. Whoever needs one asks for that
// alone; [Reader] and [Tx] are all of them. What is atomic, in which order, and
// which error says what, stands at each method; the package storetest holds every
// engine to it.
package ledger
