// Package office puts the rooms of verbs together over one authority, and holds the
// few verbs that stand in more than one of them: setting up, signing in, bringing a
// backup back, and answering a page from one snapshot.
//
// Laws of this package:
//
//   - There is one gate and one batch, whatever the room of a verb. Doors get the
//     verbs; the gate itself they do not get.
//   - What an event has for the outside is written in its transaction ([outbox.Write]).
//   - Establishing who somebody is comes before any right: signing in is a machine's
//     mutation, and is given chapters about people alone.
package office

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/approval"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/federation"
	"github.com/tokenry/tokenry/internal/imports"
	"github.com/tokenry/tokenry/internal/insight"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/internal/retention"
	"github.com/tokenry/tokenry/internal/rights"
	"github.com/tokenry/tokenry/internal/scim"
	"github.com/tokenry/tokenry/internal/strange"
	"github.com/tokenry/tokenry/internal/tokens"
	"github.com/tokenry/tokenry/internal/unused"
	"github.com/tokenry/tokenry/token"
)

// Office answers all verbs. It is safe for use by many goroutines.
type Office struct {
	*tokens.Tokens
	*owners.Owners
	*rights.Rights
	*outbox.Outbox
	*retention.Retention
	*insight.Insight
	*federation.Federation
	*scim.Scim
	*imports.Imports
	*approval.Approval
	*strange.Strange
	*unused.Unused
	in *authority.Authority
	// turnedAway are the sign-ins that were refused.
	turnedAway *authority.Refusals[turnedAway, string]
}

// New makes an Office over an authority of its own; it starts nothing. What is told of
// events is [outbox.Write]'s, whatever the options say.
func New(o authority.Options) *Office {
	o.Tell = outbox.Write
	return over(authority.New(o), refusalsOfSignIns())
}

func over(in *authority.Authority, refused *authority.Refusals[turnedAway, string]) *Office {
	people, roles := owners.New(in), rights.New(in)
	return &Office{
		Tokens: tokens.New(in), Owners: people, Rights: roles, Scim: scim.New(in, people, roles), Outbox: outbox.New(in),
		Retention: retention.New(in), Insight: insight.New(in), Strange: strange.New(in),
		Approval:   approval.New(in),
		Unused:     unused.New(in),
		Imports:    imports.New(in, imports.Make{Draft: tokens.Draft, Place: tokens.Place}),
		Federation: federation.New(in, federation.Mint{Draft: tokens.Draft, Issue: tokens.IssueEphemeral}), in: in, turnedAway: refused,
	}
}

// Observe adds an observer of commits. It is for composition, before the first verb.
func (a *Office) Observe(o authority.Observer) { a.in.Observe(o) }

// Ping answers whether the database can be read.
func (a *Office) Ping(ctx context.Context) error { return a.in.Ping(ctx) }

// Revision answers the revision of now.
func (a *Office) Revision(ctx context.Context) (int64, error) { return a.in.Revision(ctx) }

// Prefixes are the token prefixes of this instance, the current one first.
func (a *Office) Prefixes(ctx context.Context) ([]token.Prefix, error) { return a.in.Prefixes(ctx) }

// Unsettled answers why nobody knows what time it is, if so.
func (a *Office) Unsettled() (clock.Doubt, bool) { return a.in.Unsettled() }

// Now is the moment that is counted from; to whoever sits it is always the same.
func (a *Office) Now() time.Time { return a.in.Now().UTC() }

// Ungiven counts what was refused because of that.
func (a *Office) Ungiven() uint64 { return a.in.Ungiven() }

// Lacking is [authority.Authority.Lacking].
func (a *Office) Lacking(id token.KeyID) error { return a.in.Lacking(id) }

// LackingNamed is [authority.LackingNamed].
func (a *Office) LackingNamed(ctx context.Context, id token.KeyID) error {
	return authority.LackingNamed(ctx, a.in, id)
}

// KeepTime is [authority.Authority.KeepTime].
func (a *Office) KeepTime(ctx context.Context) error { return a.in.KeepTime(ctx) }

// SettleClock is [authority.Authority.SettleClock].
func (a *Office) SettleClock(ctx context.Context, at time.Time) (was time.Time, err error) {
	return a.in.SettleClock(ctx, at)
}

// ChangesSince is [authority.Authority.ChangesSince].
func (a *Office) ChangesSince(ctx context.Context, c authority.Caller, at authority.Where, target string, since int64) ([]api.AuditEvent, error) {
	return a.in.ChangesSince(ctx, c, at, target, since)
}
