package notify

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/internal/outbox"
)

// listed is how many tokens a mail names; the others are counted.
const listed = 50

// group is what a mail tells of one workspace.
type group struct {
	Name  string
	Items []item
}

// item is one token of a group. Label, Mask and Owner are texts that somebody chose,
// cleaned.
type item struct{ Label, Mask, Owner, When, Link string }

// expiries tells of several tokens in one mail: those that expire first, by workspace.
func (s *Service) expiries(p *page, l outbox.Letter) (subject string) {
	all := slices.Concat([]outbox.Expiry{{ExpiresAt: l.ExpiresAt, Facts: l.Facts}}, l.Others)
	slices.SortStableFunc(all, func(a, b outbox.Expiry) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.Facts.TokenID, b.Facts.TokenID))
	})
	now := s.o.Now()
	over, _ := slices.BinarySearchFunc(all, now, func(e outbox.Expiry, now time.Time) int {
		if e.ExpiresAt.After(now) {
			return 0
		}
		return -1
	})
	what := summary(over, len(all)-over)
	p.Title = what
	p.Lines = []string{"What has expired is refused. What is about to will be, and what uses it stops: before that, extend it, or renew it " +
		"and put its new secret in place. Revoke or delete what nobody needs any more."}
	p.Support = nil // each workspace may have its own
	at := map[string]int{}
	for _, e := range all[:min(len(all), listed)] {
		i, ok := at[e.Facts.Workspace]
		if !ok {
			i = len(p.Groups)
			at[e.Facts.Workspace] = i
			p.Groups = append(p.Groups, group{Name: place(e.Facts)})
		}
		p.Groups[i].Items = append(p.Groups[i].Items, s.item(e, now))
	}
	if n := len(all) - listed; n > 0 {
		p.More = fmt.Sprintf("and %d more", n)
	}
	p.Button, p.Link = "Open the console", s.o.BaseURL
	if over < len(all) {
		what += ", the first " + inDays(all[over].ExpiresAt.Sub(now))
	}
	return "[" + p.Product + "] " + what
}

// summary says of how many tokens a mail tells.
func summary(over, soon int) string {
	switch {
	case over == 0:
		return fmt.Sprintf("%d access tokens expire", soon)
	case soon == 0:
		return fmt.Sprintf("%d access tokens have expired", over)
	}
	return fmt.Sprintf("%d access tokens have expired and %d expire", over, soon)
}

func (s *Service) item(e outbox.Expiry, now time.Time) item {
	f, left := e.Facts, e.ExpiresAt.Sub(now)
	when := "expires " + inDays(left) + ", " + stamp(e.ExpiresAt)
	if left <= 0 {
		when = "expired " + stamp(e.ExpiresAt)
	}
	return item{
		Label: clean(f.Label, 100), Mask: clean(f.Mask, 40), Owner: clean(f.Owner, 320), When: when,
		Link: strings.TrimSuffix(s.o.BaseURL, "/") + "/workspace/" + url.PathEscape(f.Workspace) + "/access-tokens/" + url.PathEscape(f.TokenID),
	}
}
