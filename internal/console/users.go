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
	"github.com/tokenry/tokenry/internal/reception"
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
	v.Section = "people"
	u, err := v.Office.GetUser(v.Ctx(), v.Caller, v.R.PathValue("user"))
	if err != nil {
		return err
	}
	a := account{User: u}
	if a.SignInState, err = v.Office.SignInStateOf(v.Ctx(), v.Caller, u.ID); err != nil {
		return err
	}
	can, err := v.Office.UserAbilities(v.Ctx(), v.Caller, []api.User{u})
	if err != nil {
		return err
	}
	a.can = can[u.ID]
	if u.Active {
		if _, _, refusal := v.Office.DeactivationOf(v.Ctx(), v.Caller, u.ID); refusal != nil {
			f, err := reception.Refused(form.Form{}, refusal)
			if err != nil {
				return err
			}
			a.kept = phrase.Sentence(f.Err.Message)
		}
	}
	return v.Page(phrase.CalledUser(u), accountOfPage(v, a))
}

// askUser asks before a person is deactivated or erased.
func (v *visit) askUser() error {
	v.Section = "people"
	switch id := v.R.PathValue("user"); v.R.PathValue("verb") {
	case "deactivate":
		u, hit, err := v.Office.DeactivationOf(v.Ctx(), v.Caller, id)
		if err != nil && api.AsError(err).Code.Info().Status == http.StatusConflict {
			return v.Redirect(userAt(id)) // which says why it cannot be
		}
		if err != nil {
			return err
		}
		return v.Page("Deactivate", stopPage(v, stop{
			title: "Deactivate " + phrase.CalledUser(u) + "?", text: "Sessions end and tokens stop at once, in every workspace. Both can come back.",
			do: "Deactivate", action: userAt(u.ID, "deactivate"), back: userAt(u.ID), hit: hit, far: true,
		}))
	case "erase":
		return v.eraseWith(id, form.New(nil))
	}
	return v.Missing()
}

// eraseWith shows what an erasure would take, and asks for the person's name.
func (v *visit) eraseWith(id string, f form.Form) error {
	e, err := v.Office.EraseUser(v.Ctx(), v.Caller, id, true)
	if err != nil {
		return err
	}
	if e.Value.User.ErasedAt != nil {
		return v.Missing()
	}
	if f.Err != nil {
		return v.Again("Erase", erasePage(e.Value, f))
	}
	return v.Page("Erase", erasePage(e.Value, f))
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
	v.Section = "people"
	u, err := v.Office.GetUser(v.Ctx(), v.Caller, id)
	if err != nil {
		return err
	}
	f := v.Typed()
	err = api.FieldError("confirm", "type it exactly as it is shown")
	if f.Get("confirm") == eraseWord(u) {
		if _, err = v.Office.EraseUser(v.Ctx(), v.Caller, u.ID, false); err == nil {
			return v.Done("/instance/people", "erased")
		}
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.eraseWith(u.ID, f)
}

// doUser does what the page before it said, after a proof of who asks. Whoever takes the
// administration from themselves is led to where they can still be.
func (v *visit) doUser() error {
	id, back := v.R.PathValue("user"), userAt(v.R.PathValue("user"))
	var did string
	var err error
	switch v.R.PathValue("verb") {
	case "deactivate":
		did = "deactivated"
		_, err = v.Office.DeactivateUser(v.Ctx(), v.Caller, id)
	case "activate":
		did = "activated"
		f := v.Edited()
		_, err = v.Office.ActivateUser(v.Ctx(), v.From(f), id)
		if errors.Is(err, api.CodeChangedMeanwhile) {
			return v.overtaken(err, f, authority.Where{Instance: true}, "user:"+id, back)
		}
	case "unadmin":
		did, back = "saved", "/instance/people"
		_, err = v.Office.RemoveAdmin(v.Ctx(), v.Caller, id)
	case "reset-factors":
		if err := v.Authenticators.ResetFactors(v.Ctx(), v.Caller, id); err != nil {
			return err
		}
		return v.Done(back, "factors-removed")
	case "link":
		return v.handOut(id)
	case "erase":
		return v.doErase(id)
	default:
		return v.Missing()
	}
	if err != nil {
		return v.answered(form.Form{}, err, back, v.instancePeopleWith)
	}
	if v.Session.UserPublicID == id {
		back = "/workspaces" // whoever takes away their own power does not see the rest
	}
	return v.Done(back, did)
}

// handOut makes a link for a person and shows it, this once.
func (v *visit) handOut(id string) error {
	v.Section = "people"
	u, err := v.Office.GetUser(v.Ctx(), v.Caller, id)
	if err != nil {
		return err
	}
	what := v.Typed().Get("link")
	h, err := v.Handouts.HandOut(v.Ctx(), v.Session, u.ID, what)
	if err != nil {
		return err
	}
	return v.Page("Hand this link over", handedPage(phrase.CalledUser(u), userAt(u.ID), h, what))
}
