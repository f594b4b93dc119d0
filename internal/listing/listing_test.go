package listing_test

import (
	"net/url"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/listing"
)

func at(t *testing.T, address string) listing.Address {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return listing.At(*u)
}

func says(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

func TestAnotherOrderBeginsAtTheFirstPage(t *testing.T) {
	t.Parallel()
	a := at(t, "/tokens?did=saved&page=3&q=a+b&sort=label&undo=x")
	says(t, a.SortLink("label"), "/tokens?q=a+b&sort=-label")
	says(t, a.SortLink("used"), "/tokens?q=a+b&sort=used")
	says(t, a.With("q", ""), "/tokens?page=3&sort=label")
	says(t, a.Here(), "/tokens?page=3&q=a+b&sort=label")
	says(t, at(t, "/tokens?did=saved").Here(), "/tokens")
	says(t, a.File("/tokens/export", "workspace"), "/tokens/export?kind=workspace&q=a+b")
	says(t, a.Sorted("label"), "ascending")
	says(t, at(t, "/tokens?sort=-label").Sorted("label"), "descending")
	says(t, a.Sorted("used"), "none")
}

func TestColumnsThatWereChosenAreShown(t *testing.T) {
	t.Parallel()
	if got := listing.Chosen(""); len(got) != len(listing.Columns())-1 {
		t.Errorf("%v", got)
	}
	if got := listing.Chosen(listing.Keys([]string{"used", "no such"})); len(got) != 1 || got[0].Key != "used" {
		t.Errorf("%v", got)
	}
	if got := listing.Chosen(listing.Keys(nil)); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// TestWhatNoFilterHasNarrowsNothing: an address is what somebody typed.
func TestWhatNoFilterHasNarrowsNothing(t *testing.T) {
	t.Parallel()
	for query, narrows := range map[string]bool{
		"": false, "status=none&kind=other&only=strange&unused_for=long&q=+": false, "deleted=1": false,
		"status=active": true, "kind=service": true, "only=outside": true, "only=expiring": true, "only=unused": true, "q=a": true, "owner=a": true,
		"role=Viewer": true, "scope=a:b": true, "resource=x": true, "created_by=a": true, "created_with=b": true, "unused_for=30d": true,
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if f := listing.Filter(q.Get); listing.Narrows(f) != narrows {
			t.Errorf("%q: %+v", query, f)
		}
	}
	f := listing.Filter(url.Values{"unused_for": {"30d"}, "deleted": {"1"}}.Get)
	if f.UnusedFor.Value != 30*api.Day || !f.Deleted || !listing.More(f) {
		t.Errorf("%+v", f)
	}
}

func TestALongListIsWorthASearch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		names listing.Names
		long  bool
	}{
		{listing.NamesOf(8, "", "", false), false}, {listing.NamesOf(9, "", "", false), true}, {listing.NamesOf(0, "x", "", false), true},
		{listing.NamesOf(1, "", "/next", false), true}, {listing.NamesOf(1, "", "", true), true},
	} {
		if c.names.Long != c.long {
			t.Errorf("%+v", c.names)
		}
	}
}
