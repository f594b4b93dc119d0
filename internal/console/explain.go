package console

import (
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// explained is the answer to why a token or a request is let through or not.
type explained struct {
	form.Form
	answer *api.Explanation
}

// mayExplain says whether the visitor may ask.
func (v *visit) mayExplain() bool { return v.opens("POST /workspace/{ws}/developer-tools/explain") }

// explain answers by POST, because what is asked about may be a secret.
func (v *visit) explain() error {
	d, err := v.toolsData()
	if err != nil {
		return err
	}
	if d.explained, err = v.explainWith(v.Typed()); err != nil {
		return err
	}
	if d.explained.Err != nil {
		return v.Again("Developer tools", toolsPage(v, d))
	}
	return v.Page("Developer tools", toolsPage(v, d))
}

func (v *visit) explainWith(f form.Form) (*explained, error) {
	in := api.ExplainRequest{Resource: f.Get("resource")}
	if scopes := f.List("scopes"); len(scopes) > 0 {
		in.Scopes = scopes // left out, a request's own stand
	}
	what := f.Get("what")
	if strings.HasPrefix(what, "req_") {
		in.RequestID = what
	} else {
		in.Token = what
	}
	if ip := f.Get("ip"); ip != "" {
		in.Client = &api.Client{IP: ip}
	}
	e := &explained{Form: f}
	answer, err := v.Office.Explain(v.Ctx(), v.Caller, v.At.Slug, in)
	if err != nil {
		e.Form, err = reception.Refused(f, err)
		if e.Err != nil && e.Err.Field == "client.ip" {
			at := *e.Err
			at.Field, at.Message = "ip", strings.Replace(at.Message, "client.ip", "the address", 1)
			e.Err = &at
		}
		return e, err
	}
	e.answer = &answer
	return e, nil
}

// asked is what stands in the field again: never a string that may be a secret.
func (e *explained) asked() string {
	if e == nil {
		return ""
	}
	if what := e.Get("what"); strings.HasPrefix(what, "req_") {
		return phrase.Cut(what, 64)
	}
	return ""
}

// typed is the form that was sent; empty before.
func (e *explained) typed() form.Form {
	if e == nil {
		return form.Form{}
	}
	return e.Form
}

func (e *explained) value(name string) string {
	if e == nil {
		return ""
	}
	return e.Get(name)
}
