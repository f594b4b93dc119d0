// Package outbox holds what is told to the outside: the endpoints of webhooks, the
// deliveries and mails that follow from events, and the notices of what is about to
// end. It writes and hands out; sending is somebody else's.
//
// Laws of this package:
//
//   - What follows from an event is written in the event's own transaction ([Write]):
//     told is what happened, and nothing else.
//   - A claim is a lease. What was sent, and never settled, is sent again; what was
//     settled is not.
//   - A claim costs the same whatever waits, and no endpoint or tenant keeps the
//     others waiting.
//   - An endpoint's secret leaves once; no delivery and no mail holds a token's.
package outbox

import "github.com/tokenry/tokenry/internal/authority"

// Outbox are the verbs about webhooks, mails and notices. They are safe for use by many
// goroutines.
type Outbox struct{ in *authority.Authority }

// New makes the verbs over an authority.
func New(in *authority.Authority) *Outbox { return &Outbox{in: in} }
