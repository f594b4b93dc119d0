package store

import (
	"context"

	"github.com/tokenry/tokenry/internal/migrate"
)

// Lists are the statements that pages are read with, for tests of how an engine
// goes about them.
func Lists() map[string]string {
	return map[string]string{
		"secrets under a key":       keyNeeded,
		"what is presented":         presented,
		"tokens":                    listTokens,
		"tokens of a member":        listTokensMember,
		"tokens of an account":      listTokensServiceAccount,
		"tokens made with a token":  listTokensCreatedWith,
		"tokens made by somebody":   listTokensCreatedBy,
		"tokens of a kind":          listTokensKind,
		"revoked tokens":            listTokensEnded,
		"disabled tokens":           listTokensDisabled,
		"tokens that wait":          listTokensWaiting,
		"tokens whose end has come": listLapsed,
		"tokens that nobody uses":   unusedDue,
		"how many nobody uses":      countUnused,
		"a few that expire":         listTokensFew,
		"how many expire":           countFew,
		"a part of the tokens":      partOfAll + partEnds,
		"a part of a kind":          partOfKind,
		"audit of an action":        listAuditAction,
		"actions":                   actionsFrom,
		"the end of the audit":      auditSince,
		"the beginning of it":       auditUntil,
		"tokens that expired":       countExpired,
		"scheduled ends":            countLapsed,
		"a standing token":          standingToken,
		"tokens that were revoked":  tokensRevoked,
		"tokens that lapsed":        tokensLapsed,
		"tokens that lapse":         tokensLapsing,
		"ephemeral tokens":          tokensOver,
		"members removed":           membersRemoved,
		"accounts removed":          accountsRemoved,
		"unended of a member":       unendedOfMember,
		"unended of an account":     unendedOfAccount,
		"a window of members":       membersWindow,
		"a window of accounts":      accountsWindow,
		"a window of tokens":        tokensWindow,
		"members who name":          membersNaming,
		"accounts that name":        accountsNaming,
		"tokens that name":          tokensNaming,
		"tokens that expire next":   listExpireFirst,
		"audit":                     listAudit,
		"audit of a token":          listAuditToken,
		"audit of an actor":         listAuditActor,
		"audit with a token":        listAuditWith,
		"audit from a time":         listAuditFrom,
		"a part of the stream":      streamed,
		"what waits for a stream":   streamBehind,
	}
}

// Claims are the statements that deliveries are claimed by, and the index of each.
func Claims() map[string]string {
	return map[string]string{
		longestHealthy: "INDEX webhooks_due (", longestFailing: "INDEX webhooks_due_failing (", dueOfEndpoint: "INDEX deliveries_waiting (",
		underWay: "INDEX deliveries_leased", moveDue: "INDEX deliveries_waiting (",
	}
}

// ShowSetting reads a setting as it is within a change.
func ShowSetting(ctx context.Context, s *Store, name string) (value string, err error) {
	b, err := s.begin(ctx, inLine)
	if err != nil {
		return "", err
	}
	defer b.end()
	return one(b.session, func(v *string) []any { return []any{v} }, `SELECT current_setting($1)`, name)
}

// SetTempStore says where a SQLite store's changes have their temporary files.
func SetTempStore(ctx context.Context, s *Store, kind string) error {
	_, err := s.eng.writer.ExecContext(ctx, `PRAGMA temp_store = `+kind)
	return err
}

// Older lists the nodes that know less than so much more than this build.
func Older(s *Store) (func(context.Context, int64) ([]migrate.Node, error), int64) {
	return s.eng.nodes.older, s.eng.version
}
