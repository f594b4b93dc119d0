// Package usage writes behind what was done with tokens: when each was last
// used, from where, for what, and how often it was refused.
//
// Laws of this package:
//
//   - Recording never waits for a store, and never fails. For a token, an
//     address and a path that were seen since the last write it allocates nothing.
//   - Memory is bounded whatever is presented. What finds no room is counted more
//     coarsely (the workspace instead of the token, the day's rest instead of a
//     path); only what cannot be counted so either is dropped, and the drop is
//     counted.
//   - Nothing that is recorded is lost while there is room for it: a batch that
//     the store did not take is sent again under its name, so that it counts once.
//     A crash loses what was recorded since the last write.
//   - No row of a token is written, and no decision waits for what is known here.
//   - A secret is not kept: not as a token, and not in a path or an agent that
//     somebody put one into.
package usage
