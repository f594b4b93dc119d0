package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/usage"
)

// wide makes a token that may read and write tickets and only reads them, a while ago.
func (w *world) wide() api.Token {
	w.Helper()
	for _, scope := range []string{"tickets:read", "tickets:write"} {
		_, err := w.PutScope(w.ctx, w.root, authority.Where{Workspace: "acme"}, scope, api.PutScope{})
		must(w.T, err)
	}
	in := api.CreateToken{Kind: "workspace"}
	in.Label, in.Scopes, in.Resources = api.Some("Chat"), api.Some([]string{"tickets:read", "tickets:write"}), api.Some([]string{"*"})
	i, err := w.CreateToken(w.ctx, w.root, "acme", in)
	must(w.T, err)
	w.at = w.at.Add(40 * 24 * time.Hour)
	w.used(i.Token.Locator, usage.Use{Code: api.CodeOK, Scopes: []string{"tickets:read"}, Resource: "shop"})
	w.at = w.at.Add(48 * time.Hour)
	w.admit("ada@example.com")
	return i.Token
}

// TestWhatIsInUseIsNotTakenUnseen: the form marks what is in use, asks before it is taken,
// and takes an answer to what it asked.
func TestWhatIsInUseIsNotTakenUnseen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.wide()
	edit := list + "/" + one.Locator + "/edit"
	page := w.status(w.as(ada, edit), http.StatusOK)
	w.shows(page, "used once, last 2 days ago", "never used")
	w.labelled(page)
	form := w.filled(page, edit)
	form["scope"] = []string{"tickets:write"}
	asked := w.status(w.as(ada, edit, form), http.StatusUnprocessableEntity)
	w.shows(asked, "This takes away what is in use.", "<code>tickets:read</code>: used once, last 2 days ago")
	w.labelled(asked)
	if k := w.token(one.ID); !slices.Equal(k.Scopes, one.Scopes) {
		t.Errorf("it was taken unseen: %v", k.Scopes)
	}
	again := w.filled(asked, edit)
	w.status(w.as(ada, edit, with(again, "taken", "tickets:write")), http.StatusUnprocessableEntity)
	w.leads(edit, with(again, "taken", "tickets:read"), list+"/"+one.Locator+"?did=saved")
	if k := w.token(one.ID); !slices.Equal(k.Scopes, []string{"tickets:write"}) {
		t.Errorf("it has %v", k.Scopes)
	}
	w.leads(edit, maps.Clone(w.filled(w.as(ada, edit), edit)), list+"/"+one.Locator+"?did=saved")
}

// TestATokenIsNarrowedToWhatItUsedAndBack, as long as nobody changed it since.
func TestATokenIsNarrowedToWhatItUsedAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.wide()
	at := list + "/" + one.Locator
	w.shows(w.status(w.as(ada, at+"/edit"), http.StatusOK), "Narrow to what it used", "did not exercise tickets:write")
	narrow := func() answer {
		return w.status(w.as(ada, at+"/advice", url.Values{"code": {"unused_scopes"}}), http.StatusOK)
	}
	done := narrow()
	w.shows(done, "Narrowed to what it used", "no longer has tickets:write", ">Undo<")
	if k := w.token(one.ID); !slices.Equal(k.Scopes, []string{"tickets:read"}) {
		t.Errorf("narrowed it has %v", k.Scopes)
	}
	undo := w.filled(done, at+"/widen")
	w.leads(at+"/widen", undo, at+"?did=widened")
	if k := w.token(one.ID); !slices.Equal(k.Scopes, one.Scopes) {
		t.Errorf("widened it has %v", k.Scopes)
	}
	w.status(w.as(ada, at+"/widen", undo), http.StatusPreconditionFailed)
	w.member("vera@example.com", "Viewer")
	w.status(w.as("vera@example.com", at+"/widen", undo), http.StatusForbidden)
}

// TestAdviceIsCounted, narrowed to a kind, and leads back to where it was read.
func TestAdviceIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.wide()
	const page = "/workspace/acme/advice"
	all := w.status(w.as(ada, page), http.StatusOK)
	w.shows(all, "More than it uses 1", "did not exercise tickets:write", `action="`+from(list+"/"+one.Locator+"/advice", page)+`"`)
	w.labelled(all)
	w.inert(all)
	some := page + "?code=unused_scopes"
	w.shows(w.as(ada, some), `href="`+from(list+"/"+one.Locator, some)+`"`)
	w.shows(w.as(ada, from(list+"/"+one.Locator, some)), "← Advice</a>")
	w.hides(w.as(ada, page+"?code=shared"), "did not exercise")
	w.shows(w.as(ada, page+"?code=shared"), "Nothing to advise")
	done := w.status(w.as(ada, from(list+"/"+one.Locator+"/advice", some), url.Values{"code": {"unused_scopes"}}), http.StatusOK)
	w.shows(done, `href="`+some+`">Done`)
	w.hides(w.as(ada, page), "did not exercise")
}
