package notify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
)

const strangeAdvice = "If it was you, or a program of yours, say so on the page of the token. If it was not, somebody else has its secret: " +
	"give it another one there, or delete it. Nothing was changed yet, and opening a link changes nothing."

// strange tells of one token that was used as it never was.
func (s *Service) strange(p *page, f ledger.MailFacts) string {
	g := signs(f)
	p.Title = "An access token was used in a way that is new"
	if f.Kind == "personal" {
		p.Title = "Your access token was used in a way that is new"
	}
	p.Lines = []string{strangeAdvice}
	s.tokenRows(p, f)
	for _, what := range strangeWords(g) {
		p.Rows = append(p.Rows, row{"New", what})
	}
	p.Rows = append(p.Rows, row{"Last from", clean(g.Address, 60)}, row{"Program", clean(g.Agent, 100)}, row{"Time", stamp(f.At)})
	return fmt.Sprintf("[%s] Token %s was used in a new way", p.Product, quoted(f.Label))
}

func signs(f ledger.MailFacts) ledger.StrangeSigns {
	if f.Strange == nil {
		return ledger.StrangeSigns{}
	}
	return *f.Strange
}

// strangeMany tells of several tokens in one mail, by workspace.
func (s *Service) strangeMany(p *page, l outbox.Letter) string {
	all := slices.Concat([]outbox.Expiry{{Facts: l.Facts}}, l.Others)
	slices.SortStableFunc(all, func(a, b outbox.Expiry) int { return a.Facts.At.Compare(b.Facts.At) })
	p.Title = fmt.Sprintf("%d access tokens were used in a way that is new", len(all))
	p.Lines = []string{strangeAdvice}
	p.Support = nil // each workspace may have its own
	at := map[string]int{}
	for _, e := range all[:min(len(all), listed)] {
		i, ok := at[e.Facts.Workspace]
		if !ok {
			i = len(p.Groups)
			at[e.Facts.Workspace] = i
			p.Groups = append(p.Groups, group{Name: place(e.Facts)})
		}
		one := s.item(e, s.o.Now())
		one.When = strings.Join(strangeWords(signs(e.Facts)), "; ")
		p.Groups[i].Items = append(p.Groups[i].Items, one)
	}
	if n := len(all) - listed; n > 0 {
		p.More = fmt.Sprintf("and %d more", n)
	}
	p.Button, p.Link = "Open the console", s.o.BaseURL
	return "[" + p.Product + "] " + p.Title
}

// strangeWords say what was strange.
func strangeWords(g ledger.StrangeSigns) (out []string) {
	if len(g.Networks) > 0 {
		from := "from a network it was never used from: " + clean(strings.Join(g.Networks, ", "), 400)
		if g.More > 0 {
			from += " and " + strconv.Itoa(g.More) + " more"
		}
		out = append(out, from)
	}
	if g.Many {
		out = append(out, "from so many networks that new ones are not told any more")
	}
	if !g.QuietSince.IsZero() {
		out = append(out, "after a silence since "+g.QuietSince.UTC().Format("2 January 2006"))
	}
	if g.Denied > 0 {
		out = append(out, "refused "+strconv.FormatInt(g.Denied, 10)+" times in an hour, and not once in the week before")
	}
	return out
}
