package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/internal/phrase"
)

// account is a person as the administrators of the instance see them.
type account struct {
	api.User
	owners.SignInState
	// can is what may be done with them; kept says why they cannot be deactivated all
	// the same, empty when they can.
	can  office.UserAbilities
	kept string
}

func userAt(id string, verb ...string) string {
	return strings.Join(append([]string{"/instance/users", url.PathEscape(id)}, verb...), "/")
}

// userPage shows a person to the administrators. Whether they can be deactivated is
// rehearsed, because a workspace may need them as its last Owner, which no look at the
// person alone tells.
func (v *visit) userPage() error {
	v.section = "people"
	u, err := v.auth.GetUser(v.ctx(), v.caller, v.r.PathValue("user"))
	if err != nil {
		return err
	}
	a := account{User: u}
	if a.SignInState, err = v.auth.SignInStateOf(v.ctx(), v.caller, u.ID); err != nil {
		return err
	}
	can, err := v.auth.UserAbilities(v.ctx(), v.caller, []api.User{u})
	if err != nil {
		return err
	}
	a.can = can[u.ID]
	if u.Active {
		if _, _, refusal := v.auth.DeactivationOf(v.ctx(), v.caller, u.ID); refusal != nil {
			f, err := refused(form.Form{}, refusal)
			if err != nil {
				return err
			}
			a.kept = phrase.Sentence(f.Err.Message)
		}
	}
	return v.page(phrase.CalledUser(u), accountOfPage(v, a))
}

// askUser asks before a person is deactivated or erased.
func (v *visit) askUser() error {
	v.section = "people"
	switch id := v.r.PathValue("user"); v.r.PathValue("verb") {
	case "deactivate":
		u, hit, err := v.auth.DeactivationOf(v.ctx(), v.caller, id)
		if err != nil && api.AsError(err).Code.Info().Status == http.StatusConflict {
			return v.redirect(userAt(id)) // which says why it cannot be
		}
		if err != nil {
			return err
		}
		return v.page("Deactivate", stopPage(v, stop{
			title: "Deactivate " + phrase.CalledUser(u) + "?", text: "Sessions end and tokens stop at once, in every workspace. Both can come back.",
			do: "Deactivate", action: userAt(u.ID, "deactivate"), back: userAt(u.ID), hit: hit, far: true,
		}))
	case "erase":
		return v.eraseWith(id, form.New(nil))
	}
	return v.missing()
}

// eraseWith shows what an erasure would take, and asks for the person's name.
func (v *visit) eraseWith(id string, f form.Form) error {
	e, err := v.auth.EraseUser(v.ctx(), v.caller, id, true)
	if err != nil {
		return err
	}
	if e.Value.User.ErasedAt != nil {
		return v.missing()
	}
	if f.Err != nil {
		return v.again("Erase", erasePage(e.Value, f))
	}
	return v.page("Erase", erasePage(e.Value, f))
}

// auditOf leads to what a person did in the audit of the instance.
func auditOf(u api.User) string {
	return "/instance/audit?" + url.Values{"actor": {eraseWord(u)}}.Encode()
}

// eraseWord is what is typed to confirm an erasure.
func eraseWord(u api.User) string { return phrase.Named(phrase.Text(u.Email), u.ID) }

// doErase forgets a person once their address was typed: it cannot be taken back, and a
// button alone is pressed by mistake.
func (v *visit) doErase(id string) error {
	v.section = "people"
	u, err := v.auth.GetUser(v.ctx(), v.caller, id)
	if err != nil {
		return err
	}
	f := v.typed()
	err = api.FieldError("confirm", "type it exactly as it is shown")
	if f.Get("confirm") == eraseWord(u) {
		if _, err = v.auth.EraseUser(v.ctx(), v.caller, u.ID, false); err == nil {
			return v.done("/instance/people", "erased")
		}
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	return v.eraseWith(u.ID, f)
}

// doUser does what the page before it said, after a proof of who asks. Whoever takes the
// administration from themselves is led to where they can still be.
func (v *visit) doUser() error {
	id, back := v.r.PathValue("user"), userAt(v.r.PathValue("user"))
	var did string
	var err error
	switch v.r.PathValue("verb") {
	case "deactivate":
		did = "deactivated"
		_, err = v.auth.DeactivateUser(v.ctx(), v.caller, id)
	case "activate":
		did = "activated"
		f := v.edited()
		_, err = v.auth.ActivateUser(v.ctx(), v.from(f), id)
		if errors.Is(err, api.CodeChangedMeanwhile) {
			return v.overtaken(err, f, authority.Where{Instance: true}, "user:"+id, back)
		}
	case "unadmin":
		did, back = "saved", "/instance/people"
		_, err = v.auth.RemoveAdmin(v.ctx(), v.caller, id)
	case "reset-factors":
		if err := v.Authenticators.ResetFactors(v.ctx(), v.caller, id); err != nil {
			return err
		}
		return v.done(back, "factors-removed")
	case "link":
		return v.handOut(id)
	case "erase":
		return v.doErase(id)
	default:
		return v.missing()
	}
	if err != nil {
		return v.answered(form.Form{}, err, back, v.instancePeopleWith)
	}
	if v.session.UserPublicID == id {
		back = "/workspaces" // whoever takes away their own power does not see the rest
	}
	return v.done(back, did)
}

// handOut makes a link for a person and shows it, this once.
func (v *visit) handOut(id string) error {
	v.section = "people"
	u, err := v.auth.GetUser(v.ctx(), v.caller, id)
	if err != nil {
		return err
	}
	what := v.typed().Get("link")
	h, err := v.Handouts.HandOut(v.ctx(), v.session, u.ID, what)
	if err != nil {
		return err
	}
	return v.page("Hand this link over", handedPage(v, u, h, what))
}
