// Package intake sends the tokens of an export to a server, a hundred at a time, and tells
// what became of each. Which server that is, and how it is reached, is its caller's.
//
// The laws:
//
//   - Nothing is imported unless it was said so: without, the server only answers what
//     would become of each token.
//   - Whatever ends it, it may be run again: what is there already is left as it is.
//   - What was not imported is told with its line, and makes the command fail.
package intake
