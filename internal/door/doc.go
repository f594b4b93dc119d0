// Package door holds what every door has to say in the same words: where a request
// comes from and what it is called, who is signed in, which cookie says so, what
// is compressed, and what becomes of a panic. It decides nothing. Its laws:
//
//   - An address is the connection's own, unless the connection is a trusted
//     proxy's. What anybody else says about a third party counts for nothing.
//   - Behind trusted proxies it is the first entry from the right of
//     X-Forwarded-For that is no such proxy. Where a proxy says what cannot be
//     read, there is no address, which is in no allow-list: nothing to the left of
//     it is looked at, for a client may have written that.
//   - An address is plain: mapped IPv4 is IPv4, and there is no port and no zone.
//     So the same client is one key of a throttle, and one entry of an audit.
//   - A request is named by the server, and its answer, the log and the audit have
//     that name. What a client says of itself is bounded before it is kept.
//   - A panic is told to the log without the value it was made with, and never half
//     answered: see [MayAnswer].
package door
