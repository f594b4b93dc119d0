// Package provider is Tokenry's provider for Terraform and OpenTofu, over the Go client.
//
// Laws of this package:
//
//   - A kind of thing is a row: its fields, which are those of the API by the same names,
//     and its calls of the client. What plans, applies, reads, imports and mends is written once.
//   - A secret is never in a plan, a state or a diagnostic. It is remembered in this
//     process, by what it is the secret of, and an ephemeral resource asks for it in the same
//     apply. What ends up nowhere is lost, and a rotation makes another.
//   - What the server says is what the state says. What was written another way and means the
//     same (90d and 2160h) stays as it was written; what is empty and not asked for is null.
//   - What is gone on the server, or revoked, or expired without a rotation, is gone from
//     the state, so that the next plan makes it again.
//   - Every call ends: an attempt within 30 seconds, an operation within two minutes.
//   - An error says the server's code, its message, what to do, and the request to look for.
package provider
