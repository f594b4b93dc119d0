package console

import (
	"crypto/sha256"
	"errors"
	"net/http"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/phrase"
)

// typed reads the posted form.
func (v *visit) typed() form.Form { return form.Typed(v.r.PostForm) }

// edited reads a posted form that edits an object.
func (v *visit) edited() form.Form { return form.Edited(v.r.PostForm) }

// refused is the form with an error that its page shows. Errors that no form
// can do anything about are answered as they are.
func refused(f form.Form, err error) (form.Form, error) {
	if api.AsError(err).Code == api.CodeInternal || api.NotNow(err) || errors.Is(err, authority.ErrNotAccepted) {
		return f, err
	}
	return f.Refused(err), nil
}

// once is the caller whose change is made once for one drawn form, also when the
// form is sent again after the server was started anew.
func (v *visit) once(f form.Form) authority.Caller {
	c := v.caller
	if id := f.Get("form"); id != "" {
		c.Retry = authority.Retry{Key: phrase.Cut(id, 64), Route: "form " + v.r.URL.Path, Body: sha256.Sum256([]byte(f.Values.Encode())), Once: true}
	}
	return c
}

// sentBefore says that a form made its secret already.
func sentBefore(err error) bool {
	return errors.Is(err, api.CodeIdempotencyKeyUsed) || errors.Is(err, api.CodeIdempotencyKeyReused)
}

// newFormID names one drawn form. Without randomness it has no name, and may be
// sent twice. A page with such a name is not compressed.
func (v *visit) newFormID() string {
	v.packs = false
	id, _ := ident.New(v.Rand, "")
	return id
}

// from is the caller whose change is of the object as the form was drawn from it.
func (v *visit) from(f form.Form) authority.Caller {
	c := v.caller
	c.Expected = authority.At(f.Revision)
	return c
}

// making is the caller whose change makes an object, and replaces none unseen.
func (v *visit) making() authority.Caller {
	c := v.caller
	c.Expected = authority.Expected{Absent: true}
	return c
}

// renewed is a refused form, laid over the object as it is now when that is why. The
// object is named as the audit names it. Its sets are fields of several boxes.
func (v *visit) renewed(f, now form.Form, at authority.Where, target string, sets ...string) form.Form {
	if f.Err == nil || f.Err.Code != api.CodeChangedMeanwhile {
		return f
	}
	out := f.Over(now, sets...)
	out.Meanwhile, _ = v.auth.ChangesSince(v.ctx(), v.caller, at, target, max(f.Revision, 0)) // who may not read the audit is told no more than that
	return out
}

// overtaken answers a button that gives power back to something newer than its page
// showed: who changed it meanwhile, and where to see how it is now.
func (v *visit) overtaken(err error, f form.Form, at authority.Where, target, back string) error {
	if !errors.Is(err, api.CodeChangedMeanwhile) {
		return err
	}
	f.Meanwhile, _ = v.auth.ChangesSince(v.ctx(), v.caller, at, target, max(f.Revision, 0)) // as in renewed
	v.show(http.StatusPreconditionFailed, "Changed meanwhile", overtakenPage(f, back))
	return nil
}

// shownChanges are so many as a form tells of.
const shownChanges = 5
