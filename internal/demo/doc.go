// Package demo fills a new server with a product's life of two months, so that
// whoever looks at it for the first time sees tokens of every kind in every state,
// with owners, rights, uses and an audit.
//
// Laws of this package:
//
//   - It does what it does through the client, as a product would, so that the
//     sample data is never what the API would refuse.
//   - Things happen in the order of their days, the oldest first; the audit tells a
//     past that could have been. The server is given the [Calendar] as its clock.
//   - Names are of the domains and networks that are reserved for examples (RFC
//     2606, RFC 5737): nothing in it is anybody's.
//   - Every account has the same [Password], so nothing of it may be reachable by
//     others: whoever serves it listens on the loopback unless told otherwise.
package demo
