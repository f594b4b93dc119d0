package move

import (
	"fmt"

	"github.com/tokenry/tokenry/internal/ledger"
)

// Table is one that is copied.
type Table struct {
	Name string
	// Usage says that it stands in the database of usage, where that is one of its own.
	Usage bool
}

// Copied are the tables that are copied, each after those that it refers to.
func Copied() []Table {
	var all []Table
	for _, name := range []string{
		"key_checks", "instance", "users", "workspaces", "catalogue_stamps", "roles", "scopes", "resources",
		"members", "service_accounts", "tokens", "secrets", "token_counts", "removals",
		"audit", "audit_anchors", "audit_streams", "audit_stream_gaps",
		"factors", "identities", "sessions", "signin_addresses", "signin_attempts", "signin_codes",
		"webhooks", "webhook_secrets", "deliveries", "mails", "notices", "reuses_told", "strange", "unused", "idempotency", "trust_rules", "exchanges",
	} {
		all = append(all, Table{Name: name})
	}
	for _, name := range []string{
		"usage_batches", "usage_last", "usage_hours", "usage_days", "usage_scopes", "usage_activity", "usage_denials", "usage_reuses", "usage_meters",
		"usage_networks",
	} {
		all = append(all, Table{Name: name, Usage: true})
	}
	return all
}

// NotCopied are the tables that are not, and why.
func NotCopied() map[string]string {
	return map[string]string{
		"head":    "its one row is taken over last, when everything else is there: whoever reads it may believe the rest",
		"changes": "what nodes have to learn of; a node begins with the newest revision",
		"leases":  "they are of processes",
		"runner":  "it is of a process; the number that it counts is compared on its own side alone",
		"builds":  "each side's own migrations say which builds it suits", "usage_builds": "as builds",
		"usage_recorded": "since when nothing is missing of usage is known where it is recorded, and begins anew elsewhere",
		"server":         "a version from before many nodes wrote it, about its process",
	}
}

// Decide says whether a move between two databases begins, or goes on where it was, by
// their fences (nil is none) and whether anything is stored in the new one.
func Decide(from, to *ledger.Fence, address string, empty bool) (again bool, err error) {
	switch {
	case from != nil && to != nil && to.State == ledger.FenceArriving && from.Run == to.Run:
		return true, nil
	case from != nil && from.State != ledger.FenceLeaving:
		return false, &ledger.FenceError{Fence: *from}
	case to != nil && to.State == ledger.FenceArriving:
		return false, fmt.Errorf("%s is being moved into %s already, since %s, by another move: go on with that one, or drop the database and make an empty one",
			to.With, address, to.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	case to != nil && to.State != ledger.FenceGivenUp:
		return false, &ledger.FenceError{Fence: *to}
	case to == nil && !empty:
		return false, fmt.Errorf("in %s an instance was set up already, and a move never mixes two: name an empty database (CREATE DATABASE …)", address)
	}
	return false, nil
}

// MayAbandon says whether the old database may be taken back into use: not once the new
// one may have been.
func MayAbandon(from, to *ledger.Fence) error {
	switch {
	case from == nil:
		return fmt.Errorf("this database is not being moved, and takes changes: there is nothing to give up")
	case from.State == ledger.FenceLeaving:
		return nil // the new one is opened only after this one was left
	case from.State == ledger.FenceLeft && to != nil && to.Run == from.Run:
		return nil
	}
	return &ledger.FenceError{Fence: *from}
}
