package reception

import (
	"crypto/sha256"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/phrase"
)

// Typed reads the posted form.
func (v *Visit) Typed() form.Form { return form.Typed(v.R.PostForm) }

// Edited reads a posted form that edits an object.
func (v *Visit) Edited() form.Form { return form.Edited(v.R.PostForm) }

// Refused is the form with an error that its page shows. Errors that no form
// can do anything about are answered as they are.
func Refused(f form.Form, err error) (form.Form, error) {
	if api.AsError(err).Code == api.CodeInternal || api.NotNow(err) || errors.Is(err, authority.ErrNotAccepted) {
		return f, err
	}
	return f.Refused(err), nil
}

// Once is the caller whose change is made once for one drawn form, also when the
// form is sent again after the server was started anew.
func (v *Visit) Once(f form.Form) authority.Caller {
	c := v.Caller
	if id := f.Get("form"); id != "" {
		c.Retry = authority.Retry{Key: phrase.Cut(id, 64), Route: "form " + v.R.URL.Path, Body: sha256.Sum256([]byte(f.Values.Encode())), Once: true}
	}
	return c
}

// SentBefore says that a form made its secret already.
func SentBefore(err error) bool {
	return errors.Is(err, api.CodeIdempotencyKeyUsed) || errors.Is(err, api.CodeIdempotencyKeyReused)
}

// NewFormID names one drawn form. Without randomness it has no name, and may be
// sent twice. A page with such a name is not compressed.
func (v *Visit) NewFormID() string {
	v.packs = false
	id, _ := ident.New(v.desk.Rand, "")
	return id
}

// From is the caller whose change is of the object as the form was drawn from it.
func (v *Visit) From(f form.Form) authority.Caller {
	c := v.Caller
	c.Expected = authority.At(f.Revision)
	return c
}

// Making is the caller whose change makes an object, and replaces none unseen.
func (v *Visit) Making() authority.Caller {
	c := v.Caller
	c.Expected = authority.Expected{Absent: true}
	return c
}

// Renewed is a refused form, laid over the object as it is now when that is why. The
// object is named as the audit names it. Its sets are fields of several boxes.
func (v *Visit) Renewed(f, now form.Form, at authority.Where, target string, sets ...string) form.Form {
	if f.Err == nil || f.Err.Code != api.CodeChangedMeanwhile {
		return f
	}
	out := f.Over(now, sets...)
	out.Meanwhile, _ = v.Office.ChangesSince(v.Ctx(), v.Caller, at, target, max(f.Revision, 0)) // who may not read the audit is told no more than that
	return out
}

// Where is the workspace of the page, as changes name it.
func (v *Visit) Where() authority.Where { return authority.Where{Workspace: v.At.Slug} }
