package ledger

import "time"

// Figures are what an operator is told of all tenants together; nobody is named.
type Figures struct {
	// Expiring are the tokens, neither revoked nor deleted, that expire within a day,
	// a week and thirty days, the shorter ones counted in the longer; Expired are past
	// their expiry.
	ExpiringDay, ExpiringWeek, ExpiringMonth, Expired int64
	Mails, Deliveries                                 Backlog
	// NoticesSent and NoticesUnsent are the notices about tokens that have not expired
	// yet, by whether a mail server accepted one.
	NoticesSent, NoticesUnsent int64
}

// Backlog is what was not sent yet. Of what failed at least once, Retrying are
// counted in Waiting too.
type Backlog struct {
	Waiting, Retrying int64
	// Oldest and OldestRetrying are when the oldest of them were made; zero for none.
	Oldest, OldestRetrying time.Time
}

// FigureReader counts.
type FigureReader interface {
	// Figures are those of the whole instance.
	Figures(now time.Time) (Figures, error)
	// TokenStates counts a workspace's tokens that are not deleted, or those of one
	// member, by their state and the week from now in which they expire.
	TokenStates(workspace, member ID, now time.Time) ([]TokenState, error)
	// FirstToExpire lists active tokens of a workspace, or of one member, that
	// expire until a moment, the next to expire first.
	FirstToExpire(workspace, member ID, now, until time.Time, limit int) ([]Token, error)
}

// TokenState is a number of tokens that are alike.
type TokenState struct {
	// State is a status of api, or StateBlocked.
	State string
	// Week is in how many whole weeks they expire, below TokenWeeks; -1 for those that
	// have expired, or do later or never.
	Week  int
	Count int
}

const (
	// StateBlocked is that of a token which is active by itself and does not work: its
	// owner is not active, or it is not valid yet.
	StateBlocked = "blocked"
	// TokenWeeks is how many weeks TokenState tells apart.
	TokenWeeks = 13
)
