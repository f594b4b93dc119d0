package listing_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/listing"
)

// TestAFileOfTokensHasEachFieldInItsColumn: whoever reads it goes by the head.
func TestAFileOfTokensHasEachFieldInItsColumn(t *testing.T) {
	t.Parallel()
	when, text := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), func(s string) *string { return &s }
	row := listing.Cells(api.Token{
		ID: "i", Locator: "l", Kind: "personal", Owner: api.Principal{Address: "ada@example.com", Name: "Ada"}, Label: "CI", Description: "d", Masked: "m", Role: text("Viewer"),
		Scopes: []string{"a:b", "c:d"}, Resources: []string{"x", "y"}, Status: "active", Usable: true, BlockedBy: text("b"), OutsidePolicy: true, CreatedAt: when, CreatedBy: "eve",
		LastUsedIP: text("192.0.2.1"), AllowedIPs: []string{"192.0.2.0/24", "::1/128"}, ExpiresAt: &when,
	})
	head := listing.Head()
	if len(row) != len(head) || len(slices.Compact(slices.Sorted(slices.Values(head)))) != len(head) {
		t.Fatalf("%d cells under %d names", len(row), len(head))
	}
	for name, want := range map[string]string{
		"id": "i", "locator": "l", "kind": "personal", "owner": "ada@example.com", "owner_name": "Ada", "label": "CI", "masked": "m", "role": "Viewer", "scopes": "a:b c:d",
		"resources": "x y", "status": "active", "usable": "true", "blocked_by": "b", "outside_policy": "true", "created_by": "eve", "created_with": "", "last_used_at": "",
		"last_used_ip": "192.0.2.1", "revoke_reason": "", "allowed_ips": "192.0.2.0/24 ::1/128", "expires_at": "2026-11-30T12:00:00Z", "created_at": "2026-11-30T12:00:00Z",
	} {
		if got := row[slices.Index(head, name)]; got != want {
			t.Errorf("%s says %q, want %q", name, got, want)
		}
	}
}

// TestWhatWasDoneTogetherIsTakenBackTogether: and nothing is offered where nothing was done.
func TestWhatWasDoneTogetherIsTakenBackTogether(t *testing.T) {
	t.Parallel()
	p := listing.Place{Href: lists + "?q=ci"}
	says(t, p.UndoAll(nil), lists+"?q=ci")
	says(t, p.UndoAll([]string{"a/b/1", "a/c/2"}), lists+"?q=ci&undo=a%2Fb%2F1+a%2Fc%2F2")
	says(t, at(t, lists).Leading("/x"), "/x")
	says(t, at(t, lists+"?did=saved").Leading("/x"), "/x")
	says(t, at(t, lists+"?q=ci").Leading("/x"), "/x?from="+url.QueryEscape(lists+"?q=ci"))
}

// Turning a list over and over, going back and reloading end at the same address, and a
// choice of columns is read as it was written.
func TestLawAnAddressIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := url.Values{}
		for _, name := range []string{"q", "sort", "page", "did", "undo", "status", "after"} {
			if rapid.Bool().Draw(t, name) {
				q.Set(name, rapid.StringOfN(rapid.SampledFrom([]rune("a -&=%/é")), 1, 4, -1).Draw(t, "value"))
			}
		}
		a := listing.At(url.URL{Path: lists, RawQuery: q.Encode()})
		u, err := url.Parse(a.Here())
		if err != nil || listing.At(*u).Here() != a.Here() || strings.Contains(a.Here(), "did=") || strings.Contains(a.Here(), "undo=") {
			t.Fatalf("%s becomes %s, %v", a.URL.String(), a.Here(), err)
		}
		keys := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"token", "scope", "owner", "created", "used", "none", "other"}), rapid.ID[string]).Draw(t, "columns")
		for _, c := range listing.Columns() {
			if slices.Contains(keys, c.Key) != slices.Contains(listing.Chosen(listing.Keys(keys)), c) {
				t.Fatalf("%s of %v", c.Key, keys)
			}
		}
	})
}
