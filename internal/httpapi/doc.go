// Package httpapi is the HTTP door: one table of routes, one adapter, one way
// in which an error is answered.
//
// Laws of this package:
//
//   - A route is a value (see [Route]). The multiplexer, the OpenAPI document,
//     the reference page and the permission tests are all made from the one
//     table; a route without a scope marker does not start.
//   - The door decides no permission. It establishes who calls and hands the
//     question to the authority; only whether a caller may verify is answered
//     here, from the engine's own decision about the caller.
//   - Who calls is told by one Authorization: Bearer header. Cookies are not
//     looked at, and a token in an address is refused before anything else.
//   - Nothing that was submitted is repeated in an answer or in the log: no
//     value ever, a name only if it is [a-z_]{1,40}. The log names the route's
//     pattern, not the path.
//   - What one client says about another (X-Forwarded-For and its kin) counts
//     only from a trusted proxy.
//   - A secret is written by the four verbs that make one, and nowhere else.
//   - Verification reads no database for what memory holds, and its answer is
//     appended by hand.
//   - No goroutine is started here; clock and randomness are handed over.
package httpapi
