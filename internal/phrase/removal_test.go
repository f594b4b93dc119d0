package phrase_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/phrase"
)

// TestARemovalSaysWhatGoes: its question, its button and what becomes of it follow from what
// it is, and from whether something else shows again.
func TestARemovalSaysWhatGoes(t *testing.T) {
	t.Parallel()
	over := phrase.Uses{Inherits: true}
	for _, c := range []struct {
		of                  phrase.Removal
		title, button, text string
	}{
		{phrase.Removal{What: "role", Name: "Night"}, "Delete the role Night?", "Delete", "Whoever has it gets another role, or it stays."},
		{phrase.Removal{What: "scope", Name: "a:b"}, "Delete the scope a:b?", "Delete", "It is taken out of every role, grant and token. What needs it is refused from then on."},
		{phrase.Removal{What: "resource", Name: "shop"}, "Delete the resource shop?", "Delete", "Its name is taken out of every grant and token. What was restricted to it alone may then do nothing."},
		{phrase.Removal{What: "role", Name: "Viewer", Uses: over}, "Give up this version of Viewer?", "Give it up", "What it inherits holds again, at once and for everybody who has this role."},
		{phrase.Removal{What: "scope", Name: "a:b", Uses: over}, "Give up this version of a:b?", "Give it up", "What the instance says about it holds again, at once."},
	} {
		says(t, c.of.Title(), c.title)
		says(t, c.of.Do(), c.button)
		says(t, c.of.Text(), c.text)
	}
}

// TestARemovalSaysWhatNamesIt, a sentence each; of the instance's own also in how many
// workspaces, and that there may be more than were looked through.
func TestARemovalSaysWhatNamesIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   phrase.Removal
		used bool
		want []string
	}{
		{phrase.Removal{}, false, nil},
		{phrase.Removal{Uses: phrase.Uses{Members: 1, Tokens: 2, Workspaces: 3}}, true, []string{"1 member", "2 live tokens"}},
		{phrase.Removal{Instance: true, Uses: phrase.Uses{ServiceAccounts: 2, Workspaces: 1}}, true, []string{"2 service accounts, in 1 workspace that use it"}},
		{phrase.Removal{Uses: phrase.Uses{More: true}}, false, []string{"There are very many tokens, so not all were looked through"}},
		{phrase.Removal{Uses: phrase.Uses{Roles: []string{"Support"}, Scopes: []string{"c:d", "a:b"}}}, false, []string{"The role Support", "The scopes c:d and a:b"}},
	} {
		if got := c.of.Uses; c.of.Used() != c.used {
			t.Errorf("%+v is used: %v", got, c.of.Used())
		}
		if diff := cmp.Diff(c.want, c.of.Affected()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestNewcomersAreToldWhatTheyGet(t *testing.T) {
	t.Parallel()
	says(t, phrase.Newcomers("", "Viewer", "groups"), "need an invitation")
	says(t, phrase.Newcomers("acme", "", ""), "become members of acme")
	says(t, phrase.Newcomers("acme", "Viewer", ""), "become members of acme, with the role Viewer")
	says(t, phrase.Newcomers("acme", "", "groups"), "become members of acme, or one that the claim groups gives")
}
