package console

import (
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/reception"
)

// bulkMost is how many tokens one form acts on.
const bulkMost = 1000

// bulkAction is one thing that can be done to several tokens.
type bulkAction struct {
	// key is the action's name on the wire, verb the word on its buttons.
	key, verb, past, warning string
	danger                   bool
}

func bulkActions() []bulkAction {
	return []bulkAction{
		{api.BulkDisable, "Disable", "disabled", "Nothing gets in with them until they are enabled again.", true},
		{api.BulkRotate, "Rotate", "rotated", "Each gets a new secret, shown once on the next page.", false},
		{api.BulkRevoke, "Revoke", "revoked", "They never work again, from this moment on.", true},
	}
}

// bulkPlan is what an action would do: a rehearsal that the visitor confirms.
type bulkPlan struct {
	bulkAction
	rows []api.Token
	// left are those of the selection that the action cannot be done to.
	left []api.Token
	// refused are those of left that the rehearsal refused, and why.
	refused []bulkOutcome
	form    string
	// back is the list that it was chosen from.
	back listing.Place
	// more says that the selection has more than one form acts on.
	more bool
}

// bulkDone is what it did.
type bulkDone struct {
	bulkAction
	back          listing.Place
	done, refused []bulkOutcome
	// undo names those that were disabled, as they are since.
	undo []string
}

type bulkOutcome struct {
	api.BulkResult
	label string
}

// mayBulk says whether the button of an action is drawn.
func (v *visit) mayBulk(key string) bool {
	return v.May(map[string]string{api.BulkDisable: "tokens:disable", api.BulkRotate: "tokens:edit", api.BulkRevoke: "tokens:delete"}[key])
}

// bulk rehearses an action on several tokens, and does it once confirmed.
func (v *visit) bulk() error {
	v.Section = "access-tokens"
	f := v.Typed()
	p, err := v.plan(f)
	if err != nil {
		return err
	}
	if f.Get("confirmed") == "" && len(p.rows) > 0 {
		if err := v.rehearse(&p); err != nil {
			return err
		}
	}
	if f.Get("confirmed") == "" || len(p.rows) == 0 {
		p.form = v.NewFormID()
		return v.Page(p.verb, bulkPage(v, p))
	}
	return v.doBulk(p, f)
}

// plan reads the selection and parts it into what the action can be done to and
// what it leaves.
func (v *visit) plan(f form.Form) (bulkPlan, error) {
	p := bulkPlan{back: v.BackTo(v.listOf(""))}
	for _, a := range bulkActions() {
		if a.key == f.Get("action") {
			p.bulkAction = a
		}
	}
	if p.key == "" {
		return p, api.FieldError("action", "must be disable, rotate or revoke")
	}
	var can map[string]office.TokenAbilities
	err := v.Sit(func() error {
		rows, more, err := v.selected(f)
		if err != nil {
			return err
		}
		p.left, p.more = rows, more
		can, err = v.Office.TokenAbilities(v.Ctx(), v.Caller, v.At.Slug, rows)
		return err
	})
	rows := p.left
	p.left = nil
	for _, t := range rows {
		if can[t.Locator].Bulk(p.key, t) {
			p.rows = append(p.rows, t)
		} else {
			p.left = append(p.left, t)
		}
	}
	return p, err
}

// rehearse asks of each token what doing it would answer, as the action itself judges
// it, and leaves out what is refused.
func (v *visit) rehearse(p *bulkPlan) error {
	in := api.BulkTokens{Action: p.key, DryRun: true}
	known := map[string]api.Token{}
	for _, t := range p.rows {
		in.IDs = append(in.IDs, t.ID)
		known[t.ID] = t
	}
	p.rows = nil
	return v.Office.BulkTokens(v.Ctx(), v.Caller, v.At.Slug, in, func(r api.BulkResult) error {
		if t := known[r.ID]; r.Code == api.CodeOK {
			p.rows = append(p.rows, t)
		} else {
			p.left = append(p.left, t)
			p.refused = append(p.refused, bulkOutcome{r, t.Label})
		}
		return nil
	})
}

// selected reads the tokens of the form: those that were ticked, or all that the
// list's filter keeps and that the action is not done to already. More says that
// one form does not take them all.
func (v *visit) selected(f form.Form) (out []api.Token, more bool, err error) {
	if f.Get("all") != "" {
		v.R.URL.RawQuery = f.Get("filter") // the list's own address, read as the list reads it
		rows, cut, err := v.everyToken(listing.Filter(v.Q))
		rows = slices.DeleteFunc(rows, func(t api.Token) bool {
			return t.Status == api.StatusRevoked || f.Get("action") == api.BulkDisable && t.DisabledAt != nil
		})
		return rows[:min(len(rows), bulkMost)], cut || len(rows) > bulkMost, noOwner(err)
	}
	ids := f.Values["id"]
	for _, id := range ids[:min(len(ids), bulkMost)] {
		t, err := v.Office.GetToken(v.Ctx(), v.Caller, v.At.Slug, id)
		if err != nil {
			return nil, false, err
		}
		out = append(out, t)
	}
	return out, len(ids) > bulkMost, nil
}

// doBulk does it, once for one drawn form, and tells what became of each.
func (v *visit) doBulk(p bulkPlan, f form.Form) error {
	in := api.BulkTokens{Action: p.key, Reason: f.Get("reason")}
	labels := map[string]string{}
	for _, t := range p.rows {
		in.IDs = append(in.IDs, t.ID)
		labels[t.ID] = t.Label
	}
	d := bulkDone{bulkAction: p.bulkAction, back: p.back}
	err := v.Office.BulkTokens(v.Ctx(), v.Once(f), v.At.Slug, in, func(r api.BulkResult) error {
		o := bulkOutcome{r, labels[r.ID]}
		if r.Code == api.CodeOK {
			d.done = append(d.done, o)
		} else {
			d.refused = append(d.refused, o)
		}
		return nil
	})
	if reception.SentBefore(err) {
		return v.Done(p.back.Href, "sent")
	}
	if err != nil {
		return err
	}
	if p.key == api.BulkDisable {
		if d.undo, err = v.undoOf(d.done); err != nil {
			return err
		}
	}
	if p.key != api.BulkRotate && len(d.refused) == 0 && len(d.undo) <= undoMost {
		return v.Done(p.back.UndoAll(d.undo), "bulk-"+p.past)
	}
	return v.Page("Done", bulkDonePage(v, d))
}

// weekOf is how often a token was presented in the last seven days; unknown
// where the visitor may not see that.
func (v *visit) weekOf(t api.Token) (calls int64, known bool, err error) {
	s, err := v.Office.TokenUsage(v.Ctx(), v.Caller, v.At.Slug, t.Locator, v.Now().AddDate(0, 0, -7), v.Now(), api.BucketDay)
	if err != nil {
		return 0, false, reception.Unseen(err)
	}
	return s.Allowed + s.Denied, true, nil
}
