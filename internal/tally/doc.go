// Package tally counts rate limits of many nodes in one Redis or Valkey.
//
//   - One script decides a request by the server's own clock and consumes from both of its
//     limits or from neither. The keys of a workspace are in one slot of a cluster.
//   - Nothing is sent twice: what is not answered in time may have been counted.
//   - The address never shows in an error, since it may hold a password.
package tally
