// Package column says how the fields of records stand in the columns of a table, so
// that each record lists its fields once, for writing and for reading.
//
// Laws of this package:
//
//   - Times are integers, JSON is text, digests are bytes: what both engines keep alike.
//   - What is zero or nil is NULL, and NULL is read as that; nil and empty stay two
//     things where a record tells them apart.
//   - A column that does not fit its field is an error without the value in it.
package column
