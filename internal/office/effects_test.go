package office_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/office/officetest"
)

// effects is what every verb that changes something does to power. What takes it
// away is never refused for the clock, and goes first; what gives it waits. Who
// adds a verb says here what it does: what asks give itself, or keeps books, is
// neither, and says why.
func effects() map[string]string {
	return map[string]string{
		"ActivateMember":        "gives",
		"ActivateUser":          "gives",
		"AddAdmin":              "gives",
		"Bootstrap":             "gives",
		"ClaimLetters":          "neither",
		"ClaimPosts":            "neither",
		"CopiedKeyring":         "neither",
		"CreateMember":          "gives",
		"CreateServiceAccount":  "gives",
		"CreateToken":           "gives",
		"CreateTrustRule":       "gives",
		"CreateWebhook":         "gives",
		"CreateWorkspace":       "gives",
		"DeactivateMember":      "takes",
		"DeactivateUser":        "takes",
		"DeleteResource":        "takes",
		"DeleteRole":            "gives", // what an own version hid holds again
		"ApproveToken":          "gives",
		"RefuseToken":           "takes",
		"DeleteScope":           "gives", // what an own version hid holds again
		"DeleteTrustRule":       "takes",
		"DeleteWebhook":         "takes",
		"DeleteWorkspace":       "takes",
		"DisableServiceAccount": "takes",
		"DisableToken":          "takes",
		"EditInstancePolicy":    "gives",
		"EditMember":            "gives",
		"EditPolicy":            "gives",
		"EditServiceAccount":    "gives",
		"EditToken":             "gives",
		"EditTrustRule":         "gives",
		"ExchangeToken":         "gives",
		"endGiven":              "takes",       // what a rule gave that was changed
		"forgetUsed":            "gives",       // destroys by age
		"EditWebhook":           "gives takes", // takes where it only disables
		"createUser":            "gives",
		"changeUser":            "gives takes", // takes where it deactivates
		"createGroup":           "gives",
		"changeGroup":           "gives",
		"removeGroup":           "gives", // a role with a tight limit may be what is taken away
		"EditWorkspace":         "gives",
		"EndLapsed":             "whenIdle",
		"piece":                 "whenIdle", // of what nobody uses
		"settle":                "whenIdle",
		"ConfirmUnused":         "neither", // a job disables; asks
		"EnableServiceAccount":  "gives",
		"EnableToken":           "gives",
		"FirstUse":              "takes",   // ends the old secret
		"ForgetNotifications":   "gives",   // destroys by age
		"SetupCode":             "neither", // asks
		"NoteRestore":           "neither", // ends sessions
		"OnboardResource":       "gives",
		"Prepare":               "neither", // before the first start
		"PutMember":             "gives",
		"PutRole":               "gives",
		"PutScope":              "gives",
		"PutWorkspace":          "gives",
		"RecoveryToken":         "gives",
		"RemoveAdmin":           "takes",
		"removeMember":          "takes",
		"RemoveServiceAccount":  "takes",
		"ReportLeaks":           "takes",
		"ReportReuse":           "takes",   // may revoke
		"ReportStrange":         "neither", // tells
		"AnswerStrangeUse":      "gives",   // ends a warning
		"ResetAccessToken":      "neither", // a reset takes; making the first one, and its life again, ask
		"ResetToken":            "takes",
		"ResumeWorkspace":       "gives",
		"RetireSecrets":         "takes",
		"RevealToken":           "gives",
		"RotateToken":           "gives",
		"RotateWebhookSecret":   "gives",
		"SettleClock":           "neither", // the way out
		"SettleLetter":          "neither",
		"SettlePost":            "neither",
		"SignIn":                "neither", // establishes who somebody is; what gives, asks SignInTx.Give
		"SuspendWorkspace":      "takes",
		"TransferToken":         "gives",
		"change":                "neither",  // an erasure
		"Advance":               "whenIdle", // a piece of a removal
		"step":                  "whenIdle", // a piece of a removal
		"decideRole":            "takes",    // of a role whose removal has begun
		"claim":                 "neither",  // the name of a bulk call
		"forgetRetries":         "gives",    // destroys by age
		"joinMore":              "neither",
		"notice":                "gives",   // tells by age
		"purgeSome":             "gives",   // destroys by age
		"Refused":               "neither", // the audit of refusals
		"deleteOne":             "takes",
		"endFamily":             "takes",
		"revokeOne":             "takes",
		"revokeBySecret":        "takes", // by its holder, or whoever verifies
		"sendNow":               "gives",
	}
}

func TestEveryVerbSaysWhatItDoesToPower(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	var files []string
	for _, room := range []string{"authority", "tokens", "approval", "owners", "rights", "federation", "scim", "outbox", "retention", "insight", "strange", "unused", "office"} {
		in, err := filepath.Glob("../" + room + "/*.go")
		officetest.Must(t, err)
		files = append(files, in...)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		officetest.Must(t, err)
		f, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		officetest.Must(t, err)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				effectsIn(fn, got)
			}
		}
	}
	if diff := cmp.Diff(effects(), got); diff != "" {
		t.Errorf("verbs and their effects (-said here +in the code):\n%s", diff)
	}
}

// effectsIn notes with which effects a function changes something. Those that pass
// on the effect that they are given are no verbs.
func effectsIn(fn *ast.FuncDecl, into map[string]string) {
	var all []string
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := ""
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			name = sel.Sel.Name
		}
		switch name {
		case "Mutate":
			all = append(all, "gives")
		case "Withdraw":
			all = append(all, "takes")
		case "Piece":
			all = append(all, "whenIdle")
		}
		for _, arg := range call.Args {
			if e := effectNamed(arg); e != "" {
				all = append(all, e)
			}
		}
		return true
	})
	inner := []string{"Mutate", "Withdraw", "Piece", "line", "next"}
	if slices.Sort(all); len(all) > 0 && !slices.Contains(inner, fn.Name.Name) {
		into[fn.Name.Name] = strings.Join(slices.Compact(all), " ")
	}
}

// effectNamed is the effect that an argument names, of the room itself or of the
// authority's.
func effectNamed(arg ast.Expr) string {
	if sel, ok := arg.(*ast.SelectorExpr); ok {
		arg = sel.Sel
	}
	id, ok := arg.(*ast.Ident)
	if !ok {
		return ""
	}
	return map[string]string{"Gives": "gives", "Takes": "takes", "whenIdle": "whenIdle", "Neither": "neither"}[id.Name]
}
