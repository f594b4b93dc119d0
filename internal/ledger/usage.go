package ledger

import (
	"context"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// UsageStore keeps what was done with tokens, apart from the rows of the
// [Store]: it takes no revision, no lock of the head row, and writes no row of a
// token. There are two of it, over SQLite (in a file of its own) and PostgreSQL,
// with one behaviour, which storetest states as a suite.
//
// Every change it takes is a delta, but for the states of rate limits, which are
// whole and may be added twice. Deltas commute: in whatever order batches
// arrive, and however many nodes send them, the outcome is the same, and counts
// are sums. Tokens are named by their locators, which stay the same for their
// whole life and are never used again. Times are kept to the microsecond, hours
// and days begin in UTC. An address that is not known is the zero Addr; IPv4
// counts as such also when it is mapped into IPv6, and zones are not kept.
type UsageStore interface {
	UsageReader

	// AddUsage adds a batch of deltas as one transaction: all of it or, with an
	// error, nothing. A batch whose ID was added in the last day is not added
	// again, so that one whose outcome is not known can be sent once more.
	//
	// Of a token and day at most ActivityBound rows of activity are kept, and of a
	// token at most ScopeBound scopes; what is beyond goes, for each outcome, into
	// one row with Rest set, or is not kept. The two bounds may be passed by
	// batches that are added at the same moment.
	AddUsage(ctx context.Context, b UsageBatch) error

	// RollUpUsage sums hours that began before a moment up to days, and forgets
	// the IDs of batches that are older than a day. An hour that is added later
	// is summed up by the next call.
	RollUpUsage(ctx context.Context, before, now time.Time) error

	// TrimUsage forgets what a workspace did before a moment: counts, activity,
	// scopes, denials, reuse, networks. When a token was last used stays; of its
	// secrets, that of the last six.
	TrimUsage(ctx context.Context, workspace ID, before time.Time) error

	// ForgetUsage forgets everything about tokens that are purged. The totals of
	// their workspace stay.
	ForgetUsage(ctx context.Context, tokens []token.Locator) error

	// Meters answers the states of rate limits that have not recovered by now, one
	// after the other and in no order.
	Meters(ctx context.Context, now time.Time, f func(Meter)) error
	// ForgetMeters forgets up to so many states of limits that have recovered, and
	// answers how many.
	ForgetMeters(ctx context.Context, now time.Time, limit int) (int, error)
}

// The bounds of a [UsageStore].
const (
	// ActivityBound is how many rows of activity are kept of a token and day.
	ActivityBound = 1000
	// ScopeBound is how many exercised scopes are kept of a token.
	ScopeBound = 500
	// DenialBound is how many denials are kept of a workspace.
	DenialBound = 1000
)

// UsageReader reads what was done with tokens. Answers are of one moment each,
// and of different moments among each other. What is not known is empty, never
// an error.
type UsageReader interface {
	// LastUses answers when tokens and each of their secrets were last used, in
	// no order.
	LastUses(ctx context.Context, tokens []token.Locator) ([]LastUse, error)
	// UsageCounts answers the counts of a token, or of a workspace, in the order
	// of their time. Days hold what was rolled up and what was not.
	UsageCounts(ctx context.Context, q UsageQuery) ([]UsageCount, error)
	// Activity lists a token's, latest first; of one moment, in one fixed order.
	Activity(ctx context.Context, q ActivityQuery) ([]Activity, error)
	// ScopeUses answers which scopes tokens exercised, sorted by token and scope.
	ScopeUses(ctx context.Context, tokens []token.Locator) ([]ScopeUse, error)
	// CountAddresses answers from how many addresses each of the tokens was let
	// through on the days since a moment; those with none are left out.
	CountAddresses(ctx context.Context, tokens []token.Locator, since time.Time) (map[token.Locator]int, error)
	// Addresses lists from where a token was let through on the days since a
	// moment, the latest first.
	Addresses(ctx context.Context, t token.Locator, since time.Time, limit int) ([]AddressUse, error)
	// UsedFrom answers which of the tokens were presented, with a secret that
	// was right, from an address in a network, let through or not.
	UsedFrom(ctx context.Context, tokens []token.Locator, from netip.Prefix) ([]token.Locator, error)
	// Denials lists a workspace's last ones, latest first.
	Denials(ctx context.Context, q DenialQuery) ([]Denial, error)
	// Reuses lists uses of retired secrets of tokens since a moment, latest first.
	Reuses(ctx context.Context, tokens []token.Locator, since time.Time) ([]Reuse, error)
}

// UsageBatch is what happened since the batch before.
type UsageBatch struct {
	// ID names the batch among those of all nodes; At is when it was made.
	ID string
	At time.Time

	Last     []LastUse
	Hours    []HourCount
	Scopes   []ScopeUse
	Activity []Activity
	Denials  []Denial
	Reuses   []Reuse
	// Meters are states and no deltas: of two that one limit counted, the later
	// stays, unless it is later than a full one could be at the time of the batch.
	Meters []Meter
}

// Rows is how many rows the batch has.
func (b *UsageBatch) Rows() int {
	return len(b.Last) + len(b.Hours) + len(b.Scopes) + len(b.Activity) + len(b.Denials) + len(b.Reuses) + len(b.Meters)
}

// LastUse is the last time that a token, with one of its secrets, was let
// through. Of two, the later counts. What is added for a secret is added for the
// token too.
type LastUse struct {
	Workspace ID
	Token     token.Locator
	// Secret is the secret's number; 0 stands for the token, whatever the secret.
	Secret int
	At     time.Time
	Addr   netip.Addr
	Agent  string
}

// HourCount counts decisions of one outcome within one hour. Without a Token it
// counts those of no token that is known, for the workspace alone; every other
// count is also added to the workspace's. Workspace 0 is the instance.
type HourCount struct {
	Workspace ID
	Token     token.Locator
	Hour      time.Time
	Code      api.Code
	Count     int64
}

// ScopeUse says that requests that needed a scope were let through.
type ScopeUse struct {
	Workspace   ID
	Token       token.Locator
	Scope       string
	First, Last time.Time
	Count       int64
}

// Activity is what was done with a token on one day in the same way.
type Activity struct {
	Workspace ID
	Token     token.Locator
	Day       time.Time
	Addr      netip.Addr
	Agent     string
	Method    string
	// Path has no query.
	Path    string
	Outcome api.Code
	// Rest stands for everything of this day and outcome that there was no row
	// for; then Addr, Agent, Method and Path are empty.
	Rest        bool
	First, Last time.Time
	Count       int64
}

// Denial is one request that was refused.
type Denial struct {
	Workspace ID
	// Serial orders the denials of a workspace, the later the larger, and is
	// never used twice.
	Serial int64
	At     time.Time
	// Token is the locator that was presented, also one that no token has.
	Token     token.Locator
	Code      api.Code
	Addr      netip.Addr
	Agent     string
	Method    string
	Path      string
	Scopes    []string
	Resource  string
	RequestID string
}

// Reuse counts the uses of one retired secret within one hour.
type Reuse struct {
	Workspace   ID
	Token       token.Locator
	Secret      int
	Hour        time.Time
	First, Last time.Time
	Addr        netip.Addr // of the last
	Count       int64
}

// UsageQuery asks for the counts of From ≤ start < To.
type UsageQuery struct {
	Workspace ID
	// Token is zero for the workspace's totals.
	Token    token.Locator
	From, To time.Time
	// Days asks for days instead of hours.
	Days bool
}

// UsageCount is how many decisions of an outcome began in an hour or a day.
type UsageCount struct {
	Start time.Time
	Code  api.Code
	Count int64
}

// ActivityQuery asks for the activity of a token whose Last is From ≤ Last < To;
// the zero To is no bound.
type ActivityQuery struct {
	Token    token.Locator
	From, To time.Time
	Limit    int
}

// AddressUse is one address that a token was used from.
type AddressUse struct {
	Addr        netip.Addr
	First, Last time.Time
	Count       int64
}

// DenialQuery narrows the denials of a workspace; zero fields do not.
type DenialQuery struct {
	Workspace ID
	Token     token.Locator
	// RequestID is the request that was refused; empty is any.
	RequestID string
	// Before continues a list: only serials smaller than it.
	Before int64
	Limit  int
}

// DecisionLog remembers the last decisions for [Authority.Explain].
type DecisionLog interface {
	// Decisions answers those that this process made under a request id, the latest first.
	Decisions(requestID string) []LoggedDecision
	// Elsewhere asks the other nodes for one of a workspace, and waits for them for a few
	// seconds; nil is nothing, and all says that every one has answered.
	Elsewhere(ctx context.Context, workspace ID, requestID string) (made *LoggedDecision, all bool)
}

// LoggedDecision is one decision, as far as it is remembered: never a secret.
type LoggedDecision struct {
	RequestID string    `json:"request"`
	At        time.Time `json:"at"`
	// Route is which door asked: verify, forward-auth, introspect, revoke or api.
	Route string `json:"route"`
	// Workspace is the token's when Matched, else the one that was asked about;
	// 0 is none.
	Workspace ID            `json:"workspace"`
	Token     token.Locator `json:"token,omitempty"`
	// Matched says that the secret was right, and Secret is its number.
	Matched bool `json:"matched,omitempty"`
	// Derived says that it was a token derived from that secret; its terms are not kept.
	Derived  bool       `json:"derived,omitempty"`
	Secret   int        `json:"secret,omitempty"`
	Code     api.Code   `json:"code"`
	Scopes   []string   `json:"scopes,omitempty"`
	Resource string     `json:"resource,omitempty"`
	Addr     netip.Addr `json:"addr"`
}

// Meter is the state of one limit, as it is kept over a restart.
type Meter struct {
	// Token is whose limit it is; zero for a workspace's.
	Token token.Locator
	// Workspace is whose limit it is; 0 for a token's.
	Workspace int64
	// Drained is when all that was used is free again, to the microsecond.
	Drained time.Time
	// Requests and Step are the limit that this was counted in: so many, one of
	// which comes free each step.
	Requests int
	Step     time.Duration
}

// SharedMeters are meters that several nodes count in.
type SharedMeters interface {
	// HoldMeters gives f the meters of these names, which are sorted and of which a new one
	// has drained, and keeps those that it answers, while no other does either with any of
	// them; now is the database's. They are not waited for on a disk.
	HoldMeters(ctx context.Context, names []Meter, f func(now time.Time, held []Meter) (changed []Meter)) error
}

// Window is the time in which a used-up limit is free again.
func (m *Meter) Window() time.Duration { return time.Duration(m.Requests) * m.Step }
