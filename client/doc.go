// Package client is Tokenry's Go SDK: one method for each call of the HTTP
// interface, verification with its middleware for net/http, and iterators over
// the lists.
//
//	c, err := client.New("https://tokens.example.com", os.Getenv("TOKENRY_TOKEN"))
//	…
//	http.Handle("GET /tickets", c.Require(client.Scope("tickets:read"))(tickets))
//
// Laws of this package:
//
//   - The client's token goes into the Authorization header of requests to the
//     server it was made for, and nowhere else: no error, log line or printed
//     Client holds it, and a redirect to another address is an error.
//   - An error that the server answered is an *[api.Error] with its code, so
//     errors.Is(err, api.CodeNotFound) asks for it. A server that cannot be
//     reached is api.CodeUnavailable, with the cause to be unwrapped.
//   - What cannot be verified is refused. The middleware never lets a request
//     pass because the server did not answer.
//   - Every verification is asked of the server, so that a revocation holds at
//     once. A [Replica] answers from memory and keeps that; [WithMaxStaleness] does for as
//     long as it says, and does not.
//   - A call is sent again only if sending it twice does what sending it once
//     does, or if it was certainly not sent; never longer than its context allows.
//   - An answer is bounded in size and time.
//   - An empty workspace means the one of the client's own token, [Instance] the
//     instance; a workspace or a member is named by slug or e-mail, id, or ext:ID.
//   - Lists are walked through with range, and fetch a page when it is needed. The
//     second value is an error, after which there is nothing more.
//
// The calls stand in chapters by what they are about, such as [TokenCalls] and
// [MemberCalls]; a [Client] has them all. Each says three things of itself:
//
//   - Which scope of the client's own token it needs, in the workspace that it is
//     about. Without it the error is insufficient_scope or forbidden, and not_found
//     where the caller may not know that the thing is there.
//   - Whether the client repeats it, by itself, when the server was unavailable or
//     asked to wait, and with a key whether the outcome was unknown. A call that was
//     answered busy, or for which there was no connection, was not done, and is
//     repeated whatever stands there; one with [IfMatch] and no key is not.
//   - The refusals of its own. Those that any call has are not named: the codes of a
//     token that is not valid, invalid_field and invalid_parameter for what it says,
//     rate_limited, clock_unsettled for what gives power, changed_meanwhile with
//     [IfMatch], and idempotency_key_reused and _used with [IdempotencyKey].
//
// It imports the standard library, [api], [token] and what a grant means, and nothing else.
package client
