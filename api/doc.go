// Package api is the wire: the request and response types of Tokenry's HTTP
// interface, and the error codes every door and the client share.
//
// Laws of this package:
//
//   - It imports the standard library only, so that a program that uses the
//     client links nothing else.
//   - Field names are snake_case; times are RFC 3339 in UTC and null when they
//     never were; durations are written like 90d, 24h or 30m.
//   - Absent, null and a value are three different things in a request: see [Opt].
//   - A [Code] is spelled once, here, with its HTTP status and what to do about it.
//   - A list that may be null in an answer says so with the tag nullable, which
//     the OpenAPI document is made from.
//   - No type of this package holds a secret except [Issued], [VerifyRequest]
//     and [Bootstrapped].
package api
