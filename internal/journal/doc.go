// Package journal keeps what a rotation of many tokens has done so far, in a file, so
// that whatever ends it (an interrupt, a power cut) it goes on where it was, and no
// token is rotated twice.
//
// Laws of this package:
//
//   - A file is a head and then a line of JSON for each step, of which the last one
//     about a token counts. Lines are only ever added.
//   - The plan is there as a whole or not at all.
//   - A step is on the disk before it is taken: what is not written did not happen.
//   - It holds no secret: who reads it learns which tokens there are, and their labels.
//   - A journal of other things is refused and never written over.
package journal
