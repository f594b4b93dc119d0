package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
)

// What is delicate asks somebody who is signed in to prove once more who they are,
// unless they did so a short while ago.

const confirmHome = securityHome + "/confirm"

// Proven asks for the proof of a page.
func (c *console) Proven(r *reception.Visit, a reception.Access) error {
	v := c.of(r)
	switch a.Proof {
	case reception.InPlace:
		return v.provenWith()
	case reception.LedTo:
		return v.ledToProof(a.ProofAt)
	case reception.Unproven:
	}
	return nil
}

// ledToProof leads to the confirmation, and from there to a page, unless the person
// proved to be the one a short while ago.
func (v *visit) ledToProof(next string) error {
	fresh, err := v.Proofs.Fresh(v.Ctx(), v.Session)
	if err != nil || fresh {
		return err
	}
	return v.Redirect(confirmHome + "?next=" + url.QueryEscape(next))
}

// confirmData is the page on which somebody who is signed in proves who they are.
type confirmData struct {
	securityData
	form.Form
	// action takes the proof, next is where to go with it, or without.
	action, next string
	// kept is the form that waits for the proof; nil where none does.
	kept    url.Values
	passkey *door.Ceremony
}

// confirmers are the providers at which the person has an identity.
func (d confirmData) confirmers() []door.Provider {
	return slices.DeleteFunc(slices.Clone(d.providers), func(p door.Provider) bool { return slices.Contains(d.linkable(), p) })
}

// helpless says that nothing is left by which the person could prove anything.
func (d confirmData) helpless() bool {
	return d.passkey == nil && !(d.password && d.Password) && !d.App && len(d.confirmers()) == 0
}

// leave is where to go without a proof.
func (d confirmData) leave() string {
	if d.kept != nil {
		return d.next
	}
	return securityHome
}

func (v *visit) confirm() error {
	return v.confirmWith(confirmData{Form: form.New(nil), action: confirmHome, next: door.SafeNext(v.Q("next"))})
}

func (v *visit) confirmWith(d confirmData) error {
	var err error
	if d.securityData, err = v.securityData(); err != nil {
		return err
	}
	if len(d.Account.Passkeys) > 0 && v.SignIn.Passkeys() {
		c, err := v.Proofs.PasskeyConfirmOffer()
		if err != nil {
			return err
		}
		d.passkey = &c
	}
	if d.Form.Err != nil {
		return v.Again("Is it you?", provePage(v, d))
	}
	return v.Page("Is it you?", provePage(v, d))
}

// prove takes the proof that stands in a form.
func (v *visit) prove(f form.Form) error {
	switch f.Get("by") {
	case "passkey":
		return v.Proofs.PasskeyConfirm(v.Ctx(), v.Session, f.Values.Get("state"), f.Values.Get("answer"), v.By)
	case "code":
		return v.Proofs.ConfirmCode(v.Ctx(), v.Session, f.Get("code"), v.By)
	}
	return v.Proofs.Confirm(v.Ctx(), v.Session, f.Values.Get("password"), v.By)
}

func (v *visit) doConfirm() error {
	d := confirmData{Form: v.Typed(), action: confirmHome}
	d.next = door.SafeNext(d.Get("next"))
	err := v.prove(d.Form)
	if err == nil {
		return v.Redirect(d.next)
	}
	if d.Form, err = reception.Refused(d.Form, err); err != nil {
		return err
	}
	return v.confirmWith(d)
}

// provenWith lets a form of the instance through when its person proved who they
// are a short while ago, or by what stands in it. Else it asks, and keeps the form.
func (v *visit) provenWith() error {
	d := confirmData{Form: v.Typed(), action: v.R.URL.Path, next: v.cameFrom(), kept: v.R.PostForm}
	if v.R.PostForm.Has(reception.KeptAs) {
		d.kept = reception.Unwrapped(v.R.PostForm)
		d.next = door.SafeNext(d.Get("next"))
		err := v.prove(d.Form)
		if err == nil {
			v.R.PostForm = d.kept
			return nil
		}
		if d.Form, err = reception.Refused(d.Form, err); err != nil {
			return err
		}
		return v.askFirst(d)
	}
	fresh, err := v.Proofs.Fresh(v.Ctx(), v.Session)
	if err != nil || fresh {
		return err
	}
	d.Form = form.New(nil)
	return v.askFirst(d)
}

// askFirst answers the confirmation in place of what was asked for.
func (v *visit) askFirst(d confirmData) error {
	if err := v.confirmWith(d); err != nil {
		return err
	}
	return reception.ErrAnswered
}

// cameFrom is the page of this site that holds the form.
func (v *visit) cameFrom() string {
	u, err := url.Parse(v.R.Referer())
	if err != nil || u.Host != v.R.Host || !strings.HasPrefix(u.Path, "/instance") {
		return "/instance"
	}
	return door.SafeNext(u.RequestURI())
}

// doConfirmAt leads to the identity provider, to sign in there anew.
func (v *visit) doConfirmAt() error {
	address, state, err := v.Proofs.OIDCConfirm(v.Ctx(), v.Session, v.R.PathValue("provider"), door.SafeNext(v.R.PostForm.Get("next")))
	if err != nil {
		return err
	}
	return v.toProvider(address, state)
}
