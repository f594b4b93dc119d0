// Package server puts the rooms of the house together: it opens the keyring and
// the database, builds the rules and the doors, listens, and shuts all of it
// down in order.
//
// Laws of this package:
//
//   - A start either serves or leaves nothing open. What it made on the way (a
//     keyring, an empty database) stays, and the next start uses it.
//   - A keyring that others can read is refused, and one is never written over.
//     Nothing of it is printed.
//   - Whoever no longer holds the database stops answering at once, before
//     anything else: another server may have taken over.
//   - Stopping is orderly: no new connections, then an end of what was taken,
//     then the database. A request that was taken is answered, as long as the
//     shutdown timeout allows.
//   - What is printed for people holds no secret but the one-time setup code.
package server
