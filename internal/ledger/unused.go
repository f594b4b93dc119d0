package ledger

import (
	"time"

	"github.com/tokenry/tokenry/token"
)

// Unused is what is kept of a token that nobody uses; its names never change.
type Unused struct {
	// Since is when counting began, WarnedAt when its owner was told.
	Since    time.Time `json:"since"`
	WarnedAt time.Time `json:"warned_at"`
	// Owner is who was told, a member or a service account; 0 is the workspace.
	Owner ID `json:"owner,omitempty"`
	// DisabledAt is when it was disabled for that; zero before. After is the policy of then.
	DisabledAt time.Time     `json:"disabled_at,omitzero"`
	After      time.Duration `json:"after,omitempty"`
}

// UnusedState is how far a workspace has come with disabling what nobody uses.
type UnusedState struct {
	Workspace ID
	// Agreed is until when a yes counts of which something is left; zero for none.
	Agreed time.Time
	Facts  UnusedFacts
}

// UnusedFacts are the rest of it; their names never change.
type UnusedFacts struct {
	// Done is what was disabled lately without a yes, the oldest first.
	Done []UnusedDone `json:"done,omitempty"`
	// Waits is what is more than may be disabled in a day; nil where nothing waits.
	Waits *UnusedWaits `json:"waits,omitempty"`
	// Yes is the last yes.
	Yes *UnusedYes `json:"yes,omitempty"`
}

// UnusedDone is how many were disabled within an hour.
type UnusedDone struct {
	At time.Time `json:"at"`
	N  int       `json:"n"`
}

// UnusedWaits are so many tokens that had reached their day at a moment.
type UnusedWaits struct {
	N     int       `json:"n"`
	UpTo  time.Time `json:"up_to"`
	Since time.Time `json:"since"`
	// ToldAt is when administrators were last told.
	ToldAt time.Time `json:"told_at,omitzero"`
}

// UnusedYes is who agreed to what was shown; By is as Token.DisabledBy.
type UnusedYes struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	N     int       `json:"n"`
	Left  int       `json:"left"`
	UpTo  time.Time `json:"up_to"`
	Until time.Time `json:"until"`
}

// UnusedNote is what one mail tells of one token, or of all that wait in a workspace.
type UnusedNote struct {
	// What is one of the following.
	What          string `json:"what"`
	Workspace     string `json:"workspace"`
	WorkspaceName string `json:"workspace_name,omitempty"`
	TokenID       string `json:"token_id,omitempty"`
	Locator       string `json:"locator,omitempty"`
	Label         string `json:"label,omitempty"`
	Mask          string `json:"mask,omitempty"`
	Owner         string `json:"owner,omitempty"`
	// Since is since when it was not used, At when it is, or was, disabled.
	Since time.Time `json:"since,omitzero"`
	At    time.Time `json:"at,omitzero"`
	// N is how many wait.
	N int `json:"n,omitempty"`
}

// What a note tells.
const (
	UnusedWarned   = "warned"
	UnusedDisabled = "disabled"
	UnusedWaiting  = "waiting"
)

// UnusedReader reads what nobody uses.
type UnusedReader interface {
	// UnusedDue names a workspace's tokens whose UnusedDue is not after a moment, the first
	// to be due first.
	UnusedDue(workspace ID, by time.Time, limit int) ([]token.Locator, error)
	// CountUnused counts them.
	CountUnused(workspace ID, by time.Time) (int, error)
	UnusedState(workspace ID) (UnusedState, error)
	// UnusedAgreed lists the workspaces that have a yes of which something is left.
	UnusedAgreed() ([]ID, error)
}

// UnusedWriter changes it.
type UnusedWriter interface {
	PutUnusedState(UnusedState) error
	DeleteUnusedState(workspace ID) error
}
