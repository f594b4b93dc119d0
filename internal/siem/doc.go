// Package siem streams the audit to where an operator gathers what happens: a syslog
// server, a file or a webhook.
//
// Laws of this package:
//
//   - What a receiver did not confirm is sent again. A place moves on after that, so each
//     row arrives at least once, and the rows of all chains in one order.
//   - A receiver that is away loses nothing and holds up nobody: rows stay in the database
//     until it is back. What retention deletes meanwhile is told in its place.
//   - Each row brings its proof (see [audit.Record]): the keyring and what arrived say
//     whether anything was changed or is missing.
//   - No error, log or metric holds what may be a secret: of an address it names the scheme,
//     the host and, of a file, the path.
package siem
