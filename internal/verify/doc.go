// Package verify is the hot path: it decides whether a token may do something
// now, from memory, for every token it knows.
//
// Laws of this package:
//
//   - The path of a known token takes no lock, allocates nothing and asks no
//     database. Where a rate limit holds, its counter has a lock of its own.
//   - Rights are intersected here, at verification: a token's own statements
//     within its owner's of this moment.
//   - A change is applied ([Engine.Apply]) before it is answered, so that no
//     verification that starts after a revocation was answered succeeds.
//   - A fill that was read before a change cannot bring the older state back.
//   - What cannot be read is unavailable; it is never taken for unknown.
//   - Memory is bounded whatever comes: known tokens, unknown locators, shared
//     records and counters each have their place, and none takes another's.
//   - Time never runs a job here: expiry and overlap are compared at every
//     verification.
package verify
