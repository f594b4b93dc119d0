package console

import (
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/incident"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// deskMost is how many tokens the leak desk shows at once, deskActivity how much of what
// each did it looks at.
const deskMost, deskActivity = 50, 2000

// leakDesk is the page for when something leaked. What was pasted is on no page and in no
// form of it: what goes from one to the next are the names of the tokens that were found.
type leakDesk struct {
	form.Form
	// looked says that something was pasted; more that it held more than is shown.
	looked, more bool
	entries      []incident.Entry
	can          map[string]office.TokenAbilities
	// ask is what is to be confirmed, of the entries that are ticked; empty for nothing.
	ask string
}

// live are the entries that something can be done about.
func (d leakDesk) live() (out []incident.Entry) {
	for _, e := range d.entries {
		if e.Live() {
			out = append(out, e)
		}
	}
	return out
}

func (d leakDesk) may(do func(office.TokenAbilities) bool) bool {
	return slices.ContainsFunc(d.live(), func(e incident.Entry) bool { return do(d.can[e.Token.Locator]) })
}

func (v *visit) leakDesk() error {
	v.Section = "leak-desk"
	return v.Page("Leak desk", leakDeskPage(v, leakDesk{Form: form.New(nil)}))
}

// doLeakDesk looks at what was pasted.
func (v *visit) doLeakDesk() error {
	v.Section = "leak-desk"
	out, err := v.Office.LookupTokens(v.Ctx(), v.Caller, v.At.Slug, api.LookupTokens{Text: v.R.PostForm.Get("text")})
	if err != nil {
		return err
	}
	return v.drawDesk(leakDesk{Form: form.New(nil), looked: true, more: len(out.Items) > deskMost}, out.Items[:min(len(out.Items), deskMost)])
}

// drawDesk says of the tokens that were found what the visitor may know.
func (v *visit) drawDesk(d leakDesk, found []api.FoundToken) (err error) {
	if err = v.know(&d, found); err != nil {
		return err
	}
	return v.Page("Leak desk", leakDeskPage(v, d))
}

func (v *visit) know(d *leakDesk, found []api.FoundToken) (err error) {
	for _, f := range found {
		e := incident.Entry{FoundToken: f}
		if f.Token != nil {
			if e.Made, err = v.Office.Descendants(v.Ctx(), v.Caller, v.At.Slug, f.Token.Locator); err != nil {
				return err
			}
			if e.Uses, err = v.usesOf(f.Token.Locator); err != nil {
				return err
			}
			e.Done = phrase.Ended(*f.Token)
		}
		d.entries = append(d.entries, e)
	}
	d.can, err = v.Office.TokenAbilities(v.Ctx(), v.Caller, v.At.Slug, tokensOf(found))
	return err
}

// usesOf are the uses of the last week; nil where the visitor may not see them.
func (v *visit) usesOf(locator string) ([]incident.Use, error) {
	uses, err := incident.UsesOf(v.activity(locator), v.Now().Add(-incident.Week))
	if err != nil {
		return nil, reception.Unseen(err)
	}
	return uses, nil
}

// activity is that of a token, the latest first, as much of it as a page takes in.
func (v *visit) activity(locator string) iter.Seq2[api.Activity, error] {
	return func(yield func(api.Activity, error) bool) {
		n := 0
		for rows, err := range authority.Pages(func(p authority.Page) ([]api.Activity, int64, error) {
			return v.Office.TokenActivity(v.Ctx(), v.Caller, v.At.Slug, locator, p)
		}) {
			if err != nil {
				yield(api.Activity{}, err)
				return
			}
			for _, a := range rows {
				if n++; n > deskActivity || !yield(a, nil) {
					return
				}
			}
		}
	}
}

// carried are the tokens whose names the page before carried, in the state of now.
func (v *visit) carried(name string) (out []api.FoundToken, err error) {
	for _, value := range v.R.PostForm[name] {
		locator, secret, _ := strings.Cut(value, " ")
		if len(out) == deskMost || slices.ContainsFunc(out, func(f api.FoundToken) bool { return f.Token.Locator == locator }) {
			continue
		}
		t, err := v.tokenOf(locator)
		if errors.Is(err, api.CodeNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains([]string{api.SecretCurrent, api.SecretOverlap, api.SecretRetired}, secret) {
			secret = api.SecretUnknown
		}
		out = append(out, api.FoundToken{Masked: t.Masked, Secret: secret, Token: &t})
	}
	return out, nil
}

// doLeaks does what is confirmed to the tokens that are ticked, or asks first and shows
// what would stop. The list stays.
func (v *visit) doLeaks() error {
	v.Section = "leak-desk"
	found, err := v.carried("token")
	if err != nil {
		return err
	}
	d := leakDesk{Form: v.Typed(), looked: true}
	switch verb := v.R.PathValue("verb"); verb {
	case "report.md", "report.csv":
		return v.leakReport(verb, found)
	case "revoke", "disable":
		if d.Get("confirmed") == "" {
			d.ask = verb
		}
	default:
		return v.Missing()
	}
	ticked := v.R.PostForm["ticked"]
	if d.ask != "" || len(ticked) == 0 {
		return v.drawDesk(d, found)
	}
	refusals := v.endTicked(v.R.PathValue("verb"), ticked, d.Form)
	if found, err = v.carried("token"); err != nil {
		return err
	}
	if err := v.know(&d, found); err != nil {
		return err
	}
	for i, e := range d.entries {
		if why := refusals[e.Token.Locator]; why != "" {
			d.entries[i].Done = "not done: " + why
		}
	}
	return v.Page("Leak desk", leakDeskPage(v, d))
}

// endTicked ends or stops each, and answers why some were refused.
func (v *visit) endTicked(verb string, ticked []string, f form.Form) map[string]string {
	refusals := map[string]string{}
	for _, locator := range ticked[:min(len(ticked), deskMost)] {
		var err error
		if verb == "revoke" {
			_, err = v.Office.RevokeToken(v.Ctx(), v.Caller, v.At.Slug, locator, api.RevokeToken{
				Reason: api.ReasonLeaked, Comment: "at the leak desk", Descendants: api.Some(f.Get("descendants") != ""),
			})
		} else {
			var in api.DisableToken
			if after, wrong := api.ParseDuration(f.Get("revoke_after")); wrong == nil && after > 0 {
				in.RevokeAfter = api.Some(after)
			}
			_, err = v.Office.DisableToken(v.Ctx(), v.Caller, v.At.Slug, locator, in)
		}
		if err != nil {
			refusals[locator] = api.AsError(err).Message
		}
	}
	return refusals
}

// leakReport answers what is known now as a file.
func (v *visit) leakReport(name string, found []api.FoundToken) error {
	var d leakDesk
	if err := v.know(&d, found); err != nil {
		return err
	}
	r := incident.Report{At: v.Now(), By: v.Session.Email, Workspace: v.At.Slug, Entries: d.entries}
	write, media := incident.Markdown, "text/markdown; charset=utf-8"
	if name == "report.csv" {
		write, media = incident.CSV, door.CSV
	}
	v.Attach(media, "leak-"+v.Now().UTC().Format("2006-01-02")+strings.TrimPrefix(name, "report"))
	v.W.WriteHeader(http.StatusOK)
	if err := write(v.W, r); err != nil {
		v.Logger.WarnContext(v.Ctx(), "write a report", "error", err)
	}
	return reception.ErrAnswered
}

// ticked are the entries that the action is about.
func (d leakDesk) ticked() (out []incident.Entry) {
	for _, e := range d.live() {
		if d.Has("ticked", e.Token.Locator) {
			out = append(out, e)
		}
	}
	return out
}

// made says that one of those made another.
func (d leakDesk) made() bool {
	return slices.ContainsFunc(d.ticked(), func(e incident.Entry) bool { return e.Made.Active > 0 })
}
