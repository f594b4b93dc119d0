package console

import (
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/reception"
)

// undoMost is how many tokens an address names that can be brought back; those of more stand
// in a form.
const undoMost = 40

// undoOf names tokens that were disabled, at their revision of now.
func (v *visit) undoOf(done []bulkOutcome) (out []string, err error) {
	for _, o := range done {
		t, err := v.tokenOf(o.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, t.Locator+"."+strconv.FormatInt(t.Revision, 10))
	}
	return out, nil
}

// undoRead reads such a name. What is no number is no revision.
func undoRead(name string) (locator string, revision int64) {
	locator, number, _ := strings.Cut(name, ".")
	revision, _ = strconv.ParseInt(number, 10, 64)
	return locator, revision
}

// undoableAll are the tokens that a list offers to bring back together: those of the ones that
// were disabled that nobody changed since and that the visitor may enable.
func (v *visit) undoableAll() (names []string) {
	if v.Q("did") != "bulk-disabled" || v.At == nil {
		return nil
	}
	all := strings.Fields(v.Q("undo"))
	for _, name := range all[:min(len(all), undoMost)] {
		locator, revision := undoRead(name)
		t, err := v.tokenOf(locator)
		if err != nil || t.Revision != revision {
			continue
		}
		if can, err := v.canDo(t); err == nil && can.Enable {
			names = append(names, name)
		}
	}
	return names
}

// doUndoBulk enables again what was disabled together, each as it was left then: what
// somebody changed since stays as it is.
func (v *visit) doUndoBulk() error {
	back, missed := v.BackTo(v.listOf("")), 0
	names := v.R.PostForm["token"]
	for _, name := range names[:min(len(names), bulkMost)] {
		locator, revision := undoRead(name)
		c := v.Caller
		c.Expected = authority.At(revision)
		_, err := v.Office.EnableToken(v.Ctx(), c, v.At.Slug, locator)
		if err == nil {
			continue
		}
		if _, err = reception.Refused(form.Form{}, err); err != nil {
			return err
		}
		missed++
	}
	if missed > 0 {
		return v.Done(back.Href, "bulk-enabled-some")
	}
	return v.Done(back.Href, "bulk-enabled")
}

// undoAt is where they are brought back, from a list.
func (v *visit) undoAt(list string) string {
	return listing.Carry(v.WS("access-tokens", "bulk", "undo"), list)
}
