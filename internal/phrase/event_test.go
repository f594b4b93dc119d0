package phrase_test

import (
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// TestADifferenceSaysFieldsThatPeopleKnow: what is derived of others is left out, and so
// are the grants that a role says.
func TestADifferenceSaysFieldsThatPeopleKnow(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ before, after, want string }{
		"nothing":                  {`{"a":1}`, `{"a":1}`, ""},
		"a revision":               {`{"revision":1,"effective":[],"overridden":[]}`, `{"revision":2,"effective":[{}],"overridden":["x"]}`, ""},
		"a field of two words":     {`{"allowed_ips":null}`, `{"allowed_ips":["192.0.2.7"]}`, "Allowed ips: none → 192.0.2.7"},
		"what was not there":       {`{}`, `{"label":"x"}`, "Label: none → x"},
		"an empty text":            {`{"label":"x"}`, `{"label":""}`, "Label: x → none"},
		"a number":                 {`{"n":1}`, `{"n":2}`, "N: 1 → 2"},
		"seven names":              {`{"s":[]}`, `{"s":["a","b","c","d","e","f","g"]}`, "S: nothing → a, b, c, d, e, f and 1 more"},
		"a long text":              {`{"s":"` + strings.Repeat("ä", 61) + `"}`, `{"s":"x"}`, "S: " + strings.Repeat("ä", 60) + " → x"},
		"a long object":            {`{"s":null}`, `{"s":{"k":"` + strings.Repeat("x", 70) + `"}}`, `S: none → {"k":"` + strings.Repeat("x", 54)},
		"grants that a role says":  {`{"role":null,"grants":[]}`, `{"role":"Viewer","grants":[{}]}`, "Role: none → Viewer"},
		"grants that no role says": {`{"role":null,"grants":[]}`, `{"role":null,"grants":[{}]}`, "Grants: nothing → [{}]"},
		"two, by their names":      {`{"b":1,"a":1}`, `{"b":2,"a":2}`, "A: 1 → 2; B: 1 → 2"},
		"what is gone":             {`{"a":1}`, `null`, ""},
		"what was made":            {``, `{"a":1}`, ""},
	} {
		if got := strings.Join(phrase.Difference(api.AuditEvent{Before: []byte(c.before), After: []byte(c.after)}), "; "); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

func TestAnActionIsSaidInWords(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{
		"token.created": "Token created.", "trust_rule.edited": "Trust rule edited.", "token.strange_use": "Token used as it never was.", "token.secret_reissued": "Token secret reissued.",
	} {
		says(t, phrase.ActionWord(action), want)
	}
}

// TestARemovalSaysHowFarItIs, in what it counts, and what it takes away.
func TestARemovalSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	one, many := int64(1), int64(2000)
	says(t, phrase.SoFar(api.Removal{Done: 1}), "1 row rewritten so far")
	says(t, phrase.SoFar(api.Removal{Done: 40}), "40 rows rewritten so far")
	says(t, phrase.SoFar(api.Removal{Total: &one}), "0 of 1 token revoked")
	says(t, phrase.SoFar(api.Removal{Done: 40, Total: &many}), "40 of 2000 tokens revoked")
	for kind, want := range map[string]string{
		"member": "The member", "service_account": "The service account", "scope": "The scope", "resource": "The resource", "role": "The role",
	} {
		says(t, phrase.RemovedWord(api.Removal{Kind: kind}), want)
	}
}

// TestADeliverySaysWhatCameOfItLast.
func TestADeliverySaysWhatCameOfItLast(t *testing.T) {
	t.Parallel()
	refused, silent := api.WebhookAttempt{Status: 503}, api.WebhookAttempt{Error: "no route to host"}
	says(t, phrase.Attempts(api.WebhookDelivery{}), "")
	says(t, phrase.Attempts(api.WebhookDelivery{Attempts: []api.WebhookAttempt{silent, refused}}), "Answered 503")
	says(t, phrase.Attempts(api.WebhookDelivery{Attempts: []api.WebhookAttempt{refused, silent}}), "No answer: no route to host")
	says(t, phrase.EventWords([]string{"*"}), "All events")
	says(t, phrase.EventWords([]string{"token.revoked"}), "token.revoked")
	says(t, phrase.EventWords([]string{"a.b", "c.d", "e.f", "g.h"}), "a.b, c.d, e.f and 1 more")
	says(t, phrase.Pretty([]byte(`{"a":[1]}`)), "{\n  \"a\": [\n    1\n  ]\n}")
	says(t, phrase.Pretty([]byte(`{"a":`)), `{"a":`)
}

// TestAChainSaysHowMuchOfItWasLookedAt: what is said to be unchanged is what was looked at.
func TestAChainSaysHowMuchOfItWasLookedAt(t *testing.T) {
	t.Parallel()
	says(t, phrase.Chain(0, 0, 0), "0 events follow from one another, unchanged.")
	says(t, phrase.Chain(1, 0, 0), "1 event was looked at, and is unchanged.")
	says(t, phrase.Chain(7, 0, 0), "7 events follow from one another, unchanged.")
	says(t, phrase.Chain(7, 500, 0), "7 events follow from one another, unchanged, those after event 500.")
	says(t, phrase.Chain(7, 0, 12), "7 events follow from one another, unchanged, all since the older ones were purged as the policy says.")
	says(t, phrase.Chain(7, 500, 12), "7 events follow from one another, unchanged, those after event 500.")
}

// TestEveryCheckHasAQuestionAndASign, and none looks like another.
func TestEveryCheckHasAQuestionAndASign(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for result, want := range map[string]string{
		api.CheckPassed: "✓ Passed yes", api.CheckFailed: "✗ Failed no", api.CheckSkipped: "– Not asked faint", api.CheckNotReached: "· Not reached faint", "whatever": "· Not reached faint",
	} {
		sign, word, class := phrase.Mark(result)
		says(t, sign+" "+word+" "+class, want)
	}
	for _, c := range []api.Code{ // the order in which a verification asks
		api.CodeMalformed, api.CodeUnknown, api.CodeRetired, api.CodeRevoked, api.CodeWorkspaceSuspended, api.CodeDisabled, api.CodeNotYetValid,
		api.CodeExpired, api.CodeOwnerInactive, api.CodeIPDenied, api.CodeInsufficientScope, api.CodeResourceDenied, api.CodeCostExceedsLimit, api.CodeRateLimited,
	} {
		name := phrase.CheckName(c)
		if name == "" || seen[name] || name != strings.TrimSuffix(phrase.Sentence(name), ".") {
			t.Errorf("%s is asked as %q", c, name)
		}
		seen[name] = true
	}
}

// TestANoticeIsOfOurOwnWords: an address can be written by anybody, and what it says is
// never repeated.
func TestANoticeIsOfOurOwnWords(t *testing.T) {
	t.Parallel()
	for _, did := range []string{"", "<script>", "Your account is closed. Call 555", "SAVED", "saved "} {
		says(t, phrase.Notice(did), "")
	}
	for _, did := range []string{"created", "saved", "deleted", "erased", "sent", "added-unsent", "signed-out", "passkey-removed"} {
		if got := phrase.Notice(did); got == "" || got != phrase.Sentence(got) {
			t.Errorf("of %s it says %q", did, got)
		}
	}
	// What did not come to its end is not said to be done.
	for did, part := range map[string]string{
		"sent": "nothing was done again", "enabled-stopped": "still does not work", "added-unsent": "the mail was refused", "added-asks": "sends no mail", "resent": "on its way", "pinged": "on its way",
	} {
		if got := phrase.Notice(did); !strings.Contains(got, part) {
			t.Errorf("of %s it says %q", did, got)
		}
	}
}
