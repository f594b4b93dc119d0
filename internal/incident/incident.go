package incident

import (
	"cmp"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
)

// Week is how far back an entry looks.
const Week = 7 * 24 * time.Hour

// Entry is one token that was found, and what is known of it.
type Entry struct {
	api.FoundToken
	// Uses are those of the last week, by address; nil where they may not be seen.
	Uses []Use `json:"uses"`
	// Made is what was made with it.
	Made api.Descendants `json:"made"`
	// Done says what was done about it here; empty for nothing.
	Done string `json:"done"`
}

// Use is what was done from one address.
type Use struct {
	// Address is empty where none is known.
	Address string    `json:"address"`
	Agent   string    `json:"user_agent"`
	Allowed int64     `json:"allowed"`
	Denied  int64     `json:"denied"`
	First   time.Time `json:"first_at"`
	Last    time.Time `json:"last_at"`
}

// Uses sums activity up by address since a moment, the latest first.
func Uses(all []api.Activity, since time.Time) []Use {
	by := map[string]*Use{}
	for _, a := range all {
		if a.LastAt.Before(since) {
			continue
		}
		var address string
		if a.IP != nil {
			address = *a.IP
		}
		u := by[address]
		if u == nil {
			u = &Use{Address: address, First: a.FirstAt}
			by[address] = u
		}
		if a.Outcome == api.CodeOK {
			u.Allowed += a.Count
		} else {
			u.Denied += a.Count
		}
		if a.FirstAt.Before(u.First) {
			u.First = a.FirstAt
		}
		if a.LastAt.After(u.Last) {
			u.Last, u.Agent = a.LastAt, cmp.Or(a.UserAgent, u.Agent)
		}
	}
	out := make([]Use, 0, len(by))
	for _, u := range by {
		out = append(out, *u)
	}
	slices.SortFunc(out, func(a, b Use) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Address, b.Address)) })
	return out
}

// Calls counts what was allowed and refused in the last week.
func (e Entry) Calls() (allowed, denied int64) {
	for _, u := range e.Uses {
		allowed, denied = allowed+u.Allowed, denied+u.Denied
	}
	return allowed, denied
}

// Live says that ending the token would stop something.
func (e Entry) Live() bool {
	return e.Token != nil && e.Token.Status != api.StatusRevoked && e.Token.Status != api.StatusExpired
}

// Report is what is told of an incident.
type Report struct {
	At time.Time `json:"at"`
	// By is who made it, Workspace where.
	By        string  `json:"by"`
	Workspace string  `json:"workspace"`
	Entries   []Entry `json:"items"`
}
