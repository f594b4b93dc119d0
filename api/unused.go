package api

import "time"

// Unused is what the policy disable_unused_after means for a token that nobody uses.
type Unused struct {
	// Since is when counting began: with its last use, or when it was made, began to be valid,
	// was approved or enabled again, or since when no usage is missing, whichever is latest.
	Since time.Time `json:"since"`
	// WarnedAt is when its owner was first told.
	WarnedAt time.Time `json:"warned_at"`
	// DisableAt is when it is disabled if nobody uses it; null once it was.
	DisableAt *time.Time `json:"disable_at"`
	// DisabledAt is when it was.
	DisabledAt *time.Time `json:"disabled_at"`
}

// UnusedTokens is where the policy disable_unused_after stands in a workspace.
type UnusedTokens struct {
	// After is what the policy says; 0 disables none.
	After Duration `json:"after"`
	// RecordedSince is since when no usage is missing, before which nothing counts; null while
	// nobody knows.
	RecordedSince *time.Time `json:"recorded_since"`
	// Warned is how many tokens have a day on which they are disabled if nobody uses them.
	Warned int `json:"warned"`
	// Next are the first 50 of them by that day, for whoever may read tokens; else empty.
	Next []UnusedToken `json:"next"`
	// Waiting is what has reached its day and is more than may be disabled in a day; null
	// where nothing waits.
	Waiting *UnusedWaiting `json:"waiting"`
	// Confirmed is the last yes to what waited, while it counts; null where there is none.
	Confirmed *UnusedConfirmed `json:"confirmed"`
	// Preview is what another policy would mean now, where that was asked for; else null.
	Preview *UnusedPreview `json:"preview"`
}

// UnusedPreview is what a policy would mean for a workspace's tokens now.
type UnusedPreview struct {
	After Duration `json:"after"`
	// Warned is how many would be warned now, and Unused how many of them were not used for so
	// long already. None would be disabled before 14 days have passed.
	Warned int `json:"warned"`
	Unused int `json:"unused"`
	// More says that there are more tokens than the 20,000 that were looked at.
	More bool `json:"more"`
}

// UnusedToken is a token that has a day.
type UnusedToken struct {
	ID      string `json:"id"`
	Locator string `json:"locator"`
	Label   string `json:"label"`
	// Owner is its address.
	Owner     string    `json:"owner"`
	Since     time.Time `json:"since"`
	DisableAt time.Time `json:"disable_at"`
}

// UnusedWaiting are tokens that wait to be disabled: a tenth of a workspace's in each day is,
// and one at least, and more with a yes.
type UnusedWaiting struct {
	Count int `json:"count"`
	// UpTo is the moment by which all of them had reached their day. It names them, with Count.
	UpTo time.Time `json:"up_to"`
	// Since is when they began to wait.
	Since time.Time `json:"since"`
}

// UnusedConfirmed is a yes to disabling tokens that waited.
type UnusedConfirmed struct {
	At time.Time `json:"at"`
	// By is the address of who said it; null when nobody knows any more.
	By *string `json:"by"`
	// Left is how many of those that were shown are not disabled yet.
	Left int       `json:"left"`
	UpTo time.Time `json:"up_to"`
	// Until is when it ends to count.
	Until time.Time `json:"until"`
}

// ConfirmUnused says yes to disabling the tokens that wait, as they were shown.
type ConfirmUnused struct {
	// Count and UpTo are those of what waits: if it is something else by now, nothing is
	// confirmed, and the answer is changed_meanwhile.
	Count int       `json:"count"`
	UpTo  time.Time `json:"up_to"`
}
