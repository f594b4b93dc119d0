// Package metrics is what a process tells Prometheus of itself beside what its doors count:
// of the database, of what waits for a turn, of what is sent, of what memory holds, and what
// was counted of the tokens.
//
// Laws of this package:
//
//   - A label is a word of this program: nothing that a client chose, no token, no tenant.
//   - A scrape counts nothing: it is told what is known, with its age.
//   - What can fail is told before it failed, as a zero, so that an alarm can be written.
package metrics
