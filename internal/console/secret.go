package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
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
	s := shown{token: i.Token, secret: i.Secret.Reveal(), title: title, note: phrase.SecretNote(i.Token, how, v.Typed().Get("on_use") != "", v.Now()), base: v.origin(), warnings: i.Warnings}
	s.page = v.Onward(v.tokenPage(i.Token.Locator))
	if s.next = s.page; how != "created" {
		s.next = v.tokenBack(i.Token).Href
	}
	v.W.Header().Set("Pragma", "no-cache")
	return v.Page(title, secretShown(v, s))
}

// origin is the address that programs reach this server by.
func (v *visit) origin() string {
	if v.base.Host != "" {
		return strings.TrimSuffix(v.base.String(), "/")
	}
	if !v.Secure() {
		return "http://" + v.R.Host
	}
	return "https://" + v.R.Host
}

// firstUse answers, while the page with the secret waits, whether it was used.
func (v *visit) firstUse() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	return v.Fragment(waiting(v, t))
}

// getToken reads the token that the address names, if the visitor may see it.
func (v *visit) getToken() (api.Token, error) { return v.tokenOf(v.R.PathValue("id")) }

// tokenOf reads a token that the visitor may see.
func (v *visit) tokenOf(id string) (api.Token, error) {
	return v.Office.GetToken(v.Ctx(), v.Caller, v.At.Slug, id)
}

func (v *visit) rotate() error {
	v.Section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	return v.Page("Rotate", rotatePage(v, t, form.Of(t.Revision, nil), v.NewFormID()))
}

// doRotate gives a token a new secret. What it renews is the token that the page showed;
// a rotation without that gives nothing and goes through.
func (v *visit) doRotate() error {
	f := v.Edited()
	in := api.RotateToken{Renew: f.Get("renew") != "", RetireOnFirstUse: f.Get("on_use") != ""}
	if o := f.Get("overlap"); o != "" {
		d, err := api.ParseDuration(o)
		if err != nil {
			return api.FieldError("overlap", "choose one of these")
		}
		in.Overlap = api.Some(d)
	}
	c := v.Once(f)
	if in.Renew { // it gives life back: to what its page showed, and nothing newer
		c.Expected = authority.At(f.Revision)
	}
	return v.handover(f, "Token rotated", "rotated", func(t api.Token) (authority.Issued, error) {
		return v.Office.RotateToken(v.Ctx(), c, v.At.Slug, t.Locator, in)
	}, rotatePage)
}

func (v *visit) resetToken() error {
	v.Section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	return v.Page("Reset", resetTokenPage(v, t, form.New(nil), v.NewFormID()))
}

func (v *visit) doResetToken() error {
	f := v.Typed()
	return v.handover(f, "Token reset", "reset", func(t api.Token) (authority.Issued, error) {
		return v.Office.ResetToken(v.Ctx(), v.Once(f), v.At.Slug, t.Locator)
	}, resetTokenPage)
}

func (v *visit) transfer() error {
	v.Section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	return v.Page("Transfer", transferPage(v, t, form.New(nil), v.NewFormID()))
}

func (v *visit) doTransfer() error {
	f := v.Typed()
	return v.handover(f, "Token transferred", "transferred", func(t api.Token) (authority.Issued, error) {
		return v.Office.TransferToken(v.Ctx(), v.Once(f), v.At.Slug, t.Locator, api.TransferToken{Owner: f.Get("owner")})
	}, transferPage)
}

// handover does once what makes a new secret of a token, and shows it.
func (v *visit) handover(f form.Form, title, how string, do func(api.Token) (authority.Issued, error), page tokenForm) error {
	v.Section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	issued, err := do(t)
	if err != nil {
		if reception.SentBefore(err) {
			return v.Done(v.tokenBack(t).Href, "sent")
		}
		if errors.Is(err, api.CodeChangedMeanwhile) {
			return v.overtaken(err, f, v.Where(), t.ID, v.Onward(v.tokenPage(t.Locator)))
		}
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.Again(title, page(v, t, f, f.Get("form")))
	}
	return v.secretPage(title, issued, how)
}

// doReveal answers a kept secret again: as a page, or as text to a copy button.
func (v *visit) doReveal() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	i, err := v.Office.RevealToken(v.Ctx(), v.Caller, v.At.Slug, t.Locator)
	if err != nil {
		return err
	}
	if v.R.Header.Get("Accept") != "text/plain" {
		return v.secretPage("Your token", i, "revealed")
	}
	v.W.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.W.WriteHeader(http.StatusOK)
	_, _ = v.W.Write([]byte(i.Secret.Reveal())) // whoever left does not want it
	return nil
}
