package office_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/office/officetest"
)

// special are the verbs that take no caller, and why nobody need be asked.
func special() map[string]string {
	return map[string]string{
		"FirstUse":            "the secret is the proof",
		"EndLapsed":           "a job",
		"DisableUnused":       "a job",
		"DisableConfirmed":    "a job",
		"SupportContact":      "shown to whoever cannot sign in",
		"ClaimLetters":        "the sender",
		"SettleLetter":        "the sender",
		"NoticeExpiring":      "a job",
		"ReportReuse":         "told by verification",
		"ReportStrange":       "told by what was written of usage",
		"ClaimPosts":          "the sender",
		"StillDue":            "the sender",
		"SettlePost":          "the sender",
		"NextNotification":    "the sender",
		"ForgetNotifications": "a job",
		"Purge":               "a job",
		"FinishRemovals":      "a job",
		"Figures":             "metrics, without a name in them",
		"Retentions":          "a job",
		"Resolve":             "verification, which says nothing of it",
		"Alone":               "verification, which says nothing of it",
		"Prepare":             "a start",
		"Bootstrap":           "the first Owner, before anybody is there; the set-up code is the proof",
		"SetupCode":           "a start",
		"IsSetUp":             "the first page",
		"CheckSetupCode":      "the code is the proof",
		"Observe":             "composition",
		"Ping":                "readiness",
		"Revision":            "a number",
		"Prefixes":            "public: every token begins with one",
		"Unsettled":           "readiness",
		"Now":                 "the time",
		"Ungiven":             "metrics",
		"KeepTime":            "a job",
		"Lacking":             "what a key that is not here would decide",
		"LackingNamed":        "what a key that is not here would decide",
		"SettleClock":         "whoever has the database and the keyring",
		"NoteRestore":         "whoever has the database and the keyring",
		"ReadSignIn":          "who somebody is comes before any right",
		"VerifyToken":         "verification",
		"VerifyOwner":         "verification",
		"VerifyWorkspace":     "verification",
		"VerifyFormats":       "verification",
		"VerifyDerived":       "verification",
		"Settle":              "verification",
		"NamesAny":            "a warning at a start",
	}
}

// TestEveryVerbTakesItsCallerFirst: whoever calls a verb says on whose behalf, or the
// verb is one of a list that says why not.
func TestEveryVerbTakesItsCallerFirst(t *testing.T) {
	t.Parallel()
	var want, got []string
	for name, why := range special() {
		if why == "" {
			t.Errorf("%s is special without a reason", name)
		}
		want = append(want, name)
	}
	for _, room := range []string{"tokens", "approval", "owners", "rights", "outbox", "retention", "insight", "imports", "strange", "unused", "office"} {
		files, err := filepath.Glob("../" + room + "/*.go")
		officetest.Must(t, err)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			officetest.Must(t, err)
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && isVerb(fn, room) && !takesCaller(fn) {
					got = append(got, fn.Name.Name)
				}
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verbs without a caller (-said here +in the code):\n%s", diff)
	}
}

// isVerb says whether a function is a method of the room's own type.
func isVerb(fn *ast.FuncDecl, room string) bool {
	if fn.Recv == nil || !fn.Name.IsExported() {
		return false
	}
	star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	id, ok := star.X.(*ast.Ident)
	return ok && strings.EqualFold(id.Name, room)
}

// takesCaller says whether the caller comes behind the context.
func takesCaller(fn *ast.FuncDecl) bool {
	if ps := fn.Type.Params.List; len(ps) > 1 {
		sel, ok := ps[1].Type.(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Caller"
	}
	return false
}
