// Package fill writes very many tokens into a database, so that what must stay flat can
// be measured at a size, and by anybody again.
//
// Laws of this package:
//
//   - What it writes follows from a seed and a moment alone: two databases that are
//     filled alike answer alike. Only row numbers and the audit's keys differ.
//   - Every row is one that the verbs could have written: tokens verify, the audit is
//     whole, counts are kept. It goes past the verbs because they would take hours.
//   - Three tenths of all tokens stand in one workspace, since a list must be as quick
//     there as in a small one.
//   - It is for databases that are thrown away: its tokens are secrets that the seed
//     tells, so nothing of it may be reachable by others.
package fill
