// Package audit is the chain: what an event looks like when it is written down, how
// each row is bound to the one before, and how anybody with the keyring sees that
// none was changed, removed, reordered or inserted.
//
// There is one chain for each workspace and one for the instance. A row's hash is
// over the hash before it, its number and the digest of its payload, under a key of
// the keyring. So a payload can be erased, and old rows can be purged behind an
// anchor, without breaking the chain; both are sealed, which only this program can
// do. A tail that was cut is seen by whoever noted the head.
//
// Nothing here writes: the verbs do, in the transaction of what they tell of.
package audit
