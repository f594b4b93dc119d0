package console_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
)

// token reads a token as the Owner sees it.
func (w *world) token(id string) api.Token {
	w.Helper()
	v, err := w.GetToken(w.ctx, w.root, "acme", id)
	must(w.T, err)
	return v
}

func TestAnOverlapIsEndedByAButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Chat")
	_, err := w.RotateToken(w.ctx, w.root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})
	must(t, err)
	at := list + "/" + i.Token.Locator
	w.shows(w.status(w.as("ada@example.com", at), http.StatusOK), "Two secrets work now", "Retire the old secret now", "It can go.")
	w.member("vera@example.com", "Viewer")
	w.hides(w.status(w.as("vera@example.com", at), http.StatusOK), "Retire the old secret now")
	w.status(w.as("vera@example.com", at+"/retire", url.Values{}), http.StatusForbidden)
	w.status(w.as("ada@example.com", at+"/retire", url.Values{}), http.StatusSeeOther)
	w.hides(w.status(w.as("ada@example.com", at), http.StatusOK), "Two secrets work now")
	if v := w.token(i.Token.ID); len(v.Secrets) != 1 {
		t.Errorf("%d secrets work", len(v.Secrets))
	}
}

// The page of a rotation offers what brings a token within a stricter policy.
func TestATokenOutsideThePolicyIsRotatedWithRenew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := list + "/" + w.issue("workspace", "", "Chat").Token.Locator + "/rotate"
	const renew = `name="renew" value="yes" checked`
	w.hides(w.status(w.as("ada@example.com", at), http.StatusOK), renew)
	_, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{MaxLifetime: api.Some(30 * api.Day)})
	must(t, err)
	w.shows(w.status(w.as("ada@example.com", at), http.StatusOK), renew)
	w.shows(w.as("ada@example.com", at, url.Values{"form": {"1"}}), "Outside the policy", "rotate it with renew or expires_in")
	w.shows(w.status(w.as("ada@example.com", at, w.filled(w.as("ada@example.com", at), at)), http.StatusOK), "Token rotated")
}

func TestCanItSaysWhoRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("vera@example.com", "Viewer", "payments")
	mine := w.issue("personal", "vera@example.com", "Inherits")
	org := w.issue("workspace", "", "Reads tickets")
	ask := func(i api.Token, query string) answer {
		return w.status(w.as("ada@example.com", list+"/"+i.Locator+query), http.StatusOK)
	}
	w.shows(ask(org.Token, "?scope=tickets:read&resource=payments"), "<strong>Yes.</strong>", "It has the scope")
	w.shows(ask(org.Token, "?scope=tickets:write"), "<strong>No.</strong>", "Edit the token to have tickets:write; its owner has it.")
	w.shows(ask(mine.Token, "?scope=tickets:write&resource=payments"), "<strong>No.</strong>", "Give its owner vera@example.com a role with tickets:write")
	w.shows(ask(mine.Token, "?scope=tickets:read"), "<strong>Yes.</strong>") // on some resource at least
	w.shows(ask(mine.Token, "?scope=tickets:*"), "must be scopes like tickets:read, without patterns")
	_, err := w.DisableToken(w.ctx, w.root, "acme", org.Token.ID, api.DisableToken{})
	must(t, err)
	w.shows(ask(org.Token, "?scope=tickets:read"), "<strong>No.</strong>", "Disabled")
}

func TestAdviceIsTakenAnewBeforeItIsApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Chat")
	w.status(w.as("ada@example.com", list+"/"+i.Token.Locator+"/advice", url.Values{"code": {"no_expiry"}}), http.StatusNotFound)
}

func TestExplainAndLookUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Chat")
	const at = "/workspace/acme/developer-tools"
	a := w.status(w.as("ada@example.com", at+"/explain", url.Values{"what": {i.Secret.Reveal()}, "scopes": {"tickets:write"}, "resource": {"any"}}), http.StatusOK)
	w.shows(a, "It would be refused now", "It has the scope", "Edit the token to have")
	w.hides(a, i.Secret.Reveal())
	w.inert(a)
	w.labelled(a)
	good := w.status(w.as("ada@example.com", at+"/explain", url.Values{"what": {i.Token.ID}, "scopes": {"tickets:read"}, "resource": {"payments"}}), http.StatusOK)
	w.shows(good, "It would be let through now.", "Not asked")
	bad := w.status(w.as("ada@example.com", at+"/explain", url.Values{"what": {i.Token.ID}, "ip": {"nowhere"}}), http.StatusUnprocessableEntity)
	w.shows(bad, "is not an IP address.")
	found := w.status(w.as("ada@example.com", desk, url.Values{"text": {"log: " + i.Secret.Reveal() + " end"}}), http.StatusOK)
	w.shows(found, "Chat", "Revoke those ticked")
	w.hides(found, i.Secret.Reveal())
	w.status(w.as("ada@example.com", list+"/"+i.Token.Locator+"/delete", url.Values{"reason": {"leaked"}}), http.StatusSeeOther)
	if v := w.token(i.Token.ID); v.Status != api.StatusRevoked || v.RevokeReason == nil || *v.RevokeReason != api.ReasonLeaked {
		t.Errorf("the token is %s, for %v", v.Status, v.RevokeReason)
	}
	w.member("vera@example.com", "Viewer")
	w.hides(w.status(w.as("vera@example.com", at), http.StatusOK), `id="explain"`)
}

func TestAPolicyFieldIsSetAndInheritedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/workspace/acme/settings"
	form := w.filled(w.status(w.as("ada@example.com", at), http.StatusOK), at)
	w.status(w.as("ada@example.com", at, form), http.StatusSeeOther)
	w.policy(365*api.Day, nil)
	w.status(w.edits("ada@example.com", at, url.Values{"max_lifetime": {"90d"}, "rate_limit_requests": {"100"}}), http.StatusSeeOther)
	w.policy(90*api.Day, []string{"max_lifetime", "rate_limit"})
	shown := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.shows(shown, `name="inherit" value="max_lifetime"`)
	w.labelled(shown)
	w.status(w.edits("ada@example.com", at, url.Values{"inherit": {"max_lifetime"}, "rate_limit_requests": {""}}), http.StatusSeeOther)
	w.policy(365*api.Day, nil)
	wrong := w.status(w.edits("ada@example.com", at, url.Values{"overlap": {"soon"}}), http.StatusUnprocessableEntity)
	w.shows(wrong, "Must be like 90d, 24h or 30m", `value="soon"`)
}

func TestALockedPolicyFieldIsShownAsFixed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at, of = "/workspace/acme/settings", "/instance/defaults"
	defaults := w.filled(w.status(w.as("ada@example.com", of), http.StatusOK), of)
	w.status(w.as("ada@example.com", of, with(with(defaults, "overlap", "1h"), "locked", "overlap", "allow_never")), http.StatusSeeOther)
	a := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.shows(a, "Fixed by the instance")
	form := w.filled(a, at)
	if form.Has("overlap") || !form.Has("max_lifetime") {
		t.Error("a fixed field can be typed into")
	}
	w.status(w.as("ada@example.com", at, form), http.StatusSeeOther)
	w.policy(365*api.Day, nil)
	w.status(w.edits("ada@example.com", of, url.Values{"inherit": {"overlap"}, "locked": nil}), http.StatusSeeOther)
	w.hides(w.status(w.as("ada@example.com", at), http.StatusOK), "Fixed by the instance")
}

// policy says what the longest lifetime is, and what is set in the workspace.
func (w *world) policy(longest api.Duration, overridden []string) {
	w.Helper()
	p, err := w.GetPolicy(w.ctx, w.root, "acme")
	must(w.T, err)
	if p.MaxLifetime != longest || len(p.Overridden) != len(overridden) {
		w.Errorf("longest lifetime %s, set here %v; want %s, %v", p.MaxLifetime, p.Overridden, longest, overridden)
	}
}

func TestAWebhookIsMadeChangedAndTakenAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, at := range []string{"/workspace/acme/settings/webhooks", "/instance/webhooks"} {
		form := url.Values{"url": {"https://hooks.example.com/" + "a"}, "which": {"some"}, "event": {"token.revoked"},
			"form": {hidden(w.as("ada@example.com", at), "form")}}
		made := w.status(w.as("ada@example.com", at, form), http.StatusOK)
		w.shows(made, "whsec_", "I have stored it")
		w.inert(made)
		w.hides(w.status(w.as("ada@example.com", at, form), http.StatusSeeOther), "whsec_")
		one := between(made.body, `data-secret-page="`, `"`)
		page := w.status(w.as("ada@example.com", one), http.StatusOK)
		w.shows(page, "Delivery log", "Nothing was sent yet", `value="token.revoked" checked`)
		w.hides(page, "whsec_")
		w.labelled(page)
		w.status(w.as("ada@example.com", one+"/ping", url.Values{}), http.StatusSeeOther)
		log := w.status(w.as("ada@example.com", one), http.StatusOK)
		w.shows(log, "ping", "On its way")
		delivery := between(log.body, `href="`+one+`/deliveries/`, `"`)
		w.shows(w.status(w.as("ada@example.com", one+"/deliveries/"+delivery), http.StatusOK), "What is sent", "&#34;type&#34;")
		refused := w.status(w.as("ada@example.com", one, url.Values{"url": {"ftp://x"}, "which": {"all"}}), http.StatusUnprocessableEntity)
		w.shows(refused, `value="ftp://x"`)
		w.status(w.as("ada@example.com", one+"/disable", url.Values{}), http.StatusSeeOther)
		w.shows(w.status(w.as("ada@example.com", one), http.StatusOK), "Disabled")
		w.shows(w.status(w.as("ada@example.com", one+"/delete"), http.StatusOK), "Delete this webhook?")
		w.status(w.as("ada@example.com", one+"/delete", url.Values{}), http.StatusSeeOther)
		w.status(w.as("ada@example.com", one), http.StatusNotFound)
	}
	w.member("vera@example.com", "Viewer")
	w.hides(w.status(w.as("vera@example.com", "/workspace/acme/settings/webhooks"), http.StatusOK), "New webhook")
	w.status(w.as("vera@example.com", "/instance/webhooks"), http.StatusNotFound)
}

func TestEditingARoleKeepsItsNameAndLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/workspace/acme/roles"
	form := url.Values{"name": {"Night"}, "display_name": {"Night shift"}, "more_scopes": {"tickets:read"}, "rate_limit_requests": {"5"}, "rate_limit_window": {"1m"}}
	w.status(w.as("ada@example.com", at, form), http.StatusSeeOther)
	const one = at + "/Night"
	again := w.filled(w.status(w.as("ada@example.com", one), http.StatusOK), one)
	again.Set("more_scopes", "tickets:read tickets:write")
	w.status(w.as("ada@example.com", one, again), http.StatusSeeOther)
	w.shows(w.status(w.as("ada@example.com", one), http.StatusOK), "Night shift", `value="5"`, "tickets:write")
	bad := w.status(w.as("ada@example.com", one, with(form, "rate_limit_requests", "many")), http.StatusUnprocessableEntity)
	w.shows(bad, "number of requests must be a whole number")
}

func TestTheLastOwnerCannotBeStoppedFromTheirPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("adam@example.com", "Administrator")
	me, err := w.GetMember(w.ctx, w.root, "acme", "ada@example.com")
	must(t, err)
	for _, who := range []string{"ada@example.com", "adam@example.com"} {
		w.hides(w.status(w.as(who, "/workspace/acme/members/"+me.ID), http.StatusOK), "/deactivate", "/remove")
	}
	w.shows(w.status(w.as("ada@example.com", "/workspace/acme/members/adam@example.com"), http.StatusOK), "/deactivate", "/remove")
}

// What a page says that works is what does, in each state of the token and for each thing to do with it.
func TestPagesOfATokenSayWhatWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Chat")
	at := list + "/" + i.Token.Locator
	page := func(path string) answer { return w.status(w.as("ada@example.com", at+path), http.StatusOK) }
	w.shows(page(""), "Waiting for first use", "tickets:read on all resources.")
	w.shows(page("/rotate"), "needs the new one before the old one ends", `name="overlap"`)

	_, err := w.DisableToken(w.ctx, w.root, "acme", i.Token.ID, api.DisableToken{})
	must(t, err)
	rotated := w.status(w.as("ada@example.com", at+"/rotate", w.filled(page("/rotate"), at+"/rotate")), http.StatusOK)
	w.shows(rotated, "It does not work now: Token is disabled.", "Nothing gets in with it now.")
	w.hides(rotated, "goes on working", "It works.", "Waiting for first use")
	w.shows(page(""), "Two secrets, and neither works now", "Nothing. Token is disabled.")
	w.shows(page("/reset"), "The new one does not work either until this is over")
	w.shows(page("/delete"), "It is disabled already.")
	enabled := w.status(w.as("ada@example.com", at+"/enable", w.filled(page(""), at+"/enable")), http.StatusSeeOther)
	w.shows(w.as("ada@example.com", enabled.Header.Get("Location")), "it works again from now on", "Two secrets work now")

	_, err = w.DeleteToken(w.ctx, w.root, "acme", i.Token.ID, api.RevokeToken{})
	must(t, err)
	w.shows(page(""), "Nothing: it is revoked for good.", "Token was revoked")
	w.hides(page(""), "Two secrets work now", "Waiting for first use", "Retire the old secret now")
	for path, words := range map[string]string{"/rotate": "gets no new secret", "/reset": "gets no new secret", "/delete": "is nothing left to delete", "/transfer": "for no owner"} {
		a := page(path)
		w.shows(a, words)
		w.hides(a, `action="`+at+path+`"`)
	}
}
