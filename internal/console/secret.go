package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
)

// shown is the one page that holds a secret.
type shown struct {
	token  api.Token
	secret string
	// title and note say how it came to be.
	title, note string
	base        string
	// page is that of the token, next where it goes on.
	page, next string
	// warnings say where it is not what its maker may think.
	warnings []api.Warning
}

// secretPage answers the secret that a POST made, in its own answer.
func (v *visit) secretPage(title string, i authority.Issued, how string) error {
	s := shown{token: i.Token, secret: i.Secret.Reveal(), title: title, note: phrase.SecretNote(i.Token, how, v.typed().Get("on_use") != "", v.now()), base: v.origin(), warnings: i.Warnings}
	s.page = v.onward(v.tokenPage(i.Token.Locator))
	if s.next = s.page; how != "created" {
		s.next = v.tokenBack(i.Token).Href
	}
	v.w.Header().Set("Pragma", "no-cache")
	return v.page(title, secretShown(v, s))
}

// origin is the address that programs reach this server by.
func (v *visit) origin() string {
	if v.base.Host != "" {
		return strings.TrimSuffix(v.base.String(), "/")
	}
	if !v.secure(v.r) {
		return "http://" + v.r.Host
	}
	return "https://" + v.r.Host
}

// firstUse answers, while the page with the secret waits, whether it was used.
func (v *visit) firstUse() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	return v.fragment(waiting(v, t))
}

// getToken reads the token that the address names, if the visitor may see it.
func (v *visit) getToken() (api.Token, error) { return v.tokenOf(v.r.PathValue("id")) }

// tokenOf reads a token that the visitor may see.
func (v *visit) tokenOf(id string) (api.Token, error) {
	return v.auth.GetToken(v.ctx(), v.caller, v.at.Slug, id)
}

func (v *visit) rotate() error {
	v.section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	return v.page("Rotate", rotatePage(v, t, form.Of(t.Revision, nil), v.newFormID()))
}

// doRotate gives a token a new secret. What it renews is the token that the page showed;
// a rotation without that gives nothing and goes through.
func (v *visit) doRotate() error {
	f := v.edited()
	in := api.RotateToken{Renew: f.Get("renew") != "", RetireOnFirstUse: f.Get("on_use") != ""}
	if o := f.Get("overlap"); o != "" {
		d, err := api.ParseDuration(o)
		if err != nil {
			return api.FieldError("overlap", "choose one of these")
		}
		in.Overlap = api.Some(d)
	}
	c := v.once(f)
	if in.Renew { // it gives life back: to what its page showed, and nothing newer
		c.Expected = authority.At(f.Revision)
	}
	return v.handover(f, "Token rotated", "rotated", func(t api.Token) (authority.Issued, error) {
		return v.auth.RotateToken(v.ctx(), c, v.at.Slug, t.Locator, in)
	}, rotatePage)
}

func (v *visit) resetToken() error {
	v.section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	return v.page("Reset", resetTokenPage(v, t, form.New(nil), v.newFormID()))
}

func (v *visit) doResetToken() error {
	f := v.typed()
	return v.handover(f, "Token reset", "reset", func(t api.Token) (authority.Issued, error) {
		return v.auth.ResetToken(v.ctx(), v.once(f), v.at.Slug, t.Locator)
	}, resetTokenPage)
}

func (v *visit) transfer() error {
	v.section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	return v.page("Transfer", transferPage(v, t, form.New(nil), v.newFormID()))
}

func (v *visit) doTransfer() error {
	f := v.typed()
	return v.handover(f, "Token transferred", "transferred", func(t api.Token) (authority.Issued, error) {
		return v.auth.TransferToken(v.ctx(), v.once(f), v.at.Slug, t.Locator, api.TransferToken{Owner: f.Get("owner")})
	}, transferPage)
}

// handover does once what makes a new secret of a token, and shows it.
func (v *visit) handover(f form.Form, title, how string, do func(api.Token) (authority.Issued, error), page tokenForm) error {
	v.section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	issued, err := do(t)
	if err != nil {
		if sentBefore(err) {
			return v.done(v.tokenBack(t).Href, "sent")
		}
		if errors.Is(err, api.CodeChangedMeanwhile) {
			return v.overtaken(err, f, v.where(), t.ID, v.onward(v.tokenPage(t.Locator)))
		}
		if f, err = refused(f, err); err != nil {
			return err
		}
		return v.again(title, page(v, t, f, f.Get("form")))
	}
	return v.secretPage(title, issued, how)
}

// doReveal answers a kept secret again: as a page, or as text to a copy button.
func (v *visit) doReveal() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	i, err := v.auth.RevealToken(v.ctx(), v.caller, v.at.Slug, t.Locator)
	if err != nil {
		return err
	}
	if v.r.Header.Get("Accept") != "text/plain" {
		return v.secretPage("Your token", i, "revealed")
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write([]byte(i.Secret.Reveal())) // whoever left does not want it
	return nil
}
