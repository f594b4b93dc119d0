package notify

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
)

// unused tells one person of everything that nobody uses, in one mail: what will be disabled,
// what was, and what waits for a yes.
func (s *Service) unused(p *page, l outbox.Letter) string {
	notes := slices.Clone(l.Facts.Unused)
	slices.SortStableFunc(notes, func(a, b ledger.UnusedNote) int { return a.At.Compare(b.At) })
	n := map[string]int{}
	for _, note := range notes {
		n[note.What]++
	}
	p.Title, p.Lines = unusedTitle(n), unusedAdvice(n)
	if len(notes) == 1 && l.Facts.MoreUnused == 0 {
		s.unusedOne(p, notes[0])
		return "[" + p.Product + "] " + p.Title
	}
	at := map[string]int{}
	for _, note := range notes {
		i, ok := at[note.Workspace]
		if !ok {
			i = len(p.Groups)
			at[note.Workspace] = i
			p.Groups = append(p.Groups, group{Name: place(ledger.MailFacts{Workspace: note.Workspace, WorkspaceName: note.WorkspaceName})})
		}
		p.Groups[i].Items = append(p.Groups[i].Items, s.unusedItem(note))
	}
	if more := l.Facts.MoreUnused; more > 0 {
		p.More = fmt.Sprintf("and %d more", more)
	}
	p.Button, p.Link = "Open the console", s.o.BaseURL
	return "[" + p.Product + "] " + p.Title
}

// unusedOne tells of one token, or of what waits in one workspace.
func (s *Service) unusedOne(p *page, n ledger.UnusedNote) {
	i := s.unusedItem(n)
	workspace := row{"Workspace", place(ledger.MailFacts{Workspace: n.Workspace, WorkspaceName: n.WorkspaceName})}
	p.Button, p.Link = "Open the token", i.Link
	if n.What == ledger.UnusedWaiting {
		p.Button = "Open what waits"
		p.Rows = []row{workspace, {"Waiting", i.Label}, {"Since", stamp(n.Since)}}
		return
	}
	day := "To be disabled"
	if n.What == ledger.UnusedDisabled {
		day = "Disabled"
	}
	p.Rows = []row{{"Token", i.Label}, {"Begins with", i.Mask}, {"ID", clean(n.TokenID, 320)}, {"Owner", i.Owner}, workspace, {"Not used since", stamp(n.Since)}, {day, stamp(n.At)}}
}

// unusedTitle says the most pressing of it.
func unusedTitle(n map[string]int) string {
	switch warned, disabled := n[ledger.UnusedWarned], n[ledger.UnusedDisabled]; {
	case warned > 0 && disabled > 0:
		return "Access tokens that nobody uses are disabled, or will be"
	case warned == 1:
		return "An access token that nobody uses will be disabled"
	case warned > 1:
		return "Access tokens that nobody uses will be disabled"
	case disabled == 1:
		return "An access token that nobody used is disabled"
	case disabled > 1:
		return "Access tokens that nobody used are disabled"
	}
	return "Access tokens that nobody uses wait to be disabled"
}

func unusedAdvice(n map[string]int) (out []string) {
	if n[ledger.UnusedWarned] > 0 {
		out = append(out, "The policy disables tokens that nobody uses. If you still need one, use it once before its day, and nothing happens to it. If nobody needs it any more, revoke it.")
	}
	if n[ledger.UnusedDisabled] > 0 {
		out = append(out, "A disabled token is refused, and nothing else of it changed: open it and enable it, and it works again at once. Its time without use then begins anew.")
	}
	if n[ledger.UnusedWaiting] > 0 {
		out = append(out, "More tokens have reached their day than are disabled in a day without a yes. Look at them, and say yes if they are to be disabled; else a tenth of the workspace's tokens is disabled in each day.")
	}
	return out
}

func (s *Service) unusedItem(n ledger.UnusedNote) item {
	base := strings.TrimSuffix(s.o.BaseURL, "/") + "/workspace/" + url.PathEscape(clean(n.Workspace, 63))
	if n.What == ledger.UnusedWaiting {
		return item{Label: tokensWaiting(n.N), Mask: "for a yes", Owner: place(ledger.MailFacts{Workspace: n.Workspace, WorkspaceName: n.WorkspaceName}),
			When: "since " + stamp(n.Since), Link: base + "/unused"}
	}
	when := "will be disabled on " + stamp(n.At)
	if n.What == ledger.UnusedDisabled {
		when = "was disabled on " + stamp(n.At)
	}
	return item{
		Label: clean(n.Label, 100), Mask: clean(n.Mask, 40), Owner: clean(n.Owner, 320), When: when + "; not used since " + n.Since.UTC().Format("2 January 2006"),
		Link: base + "/access-tokens/" + url.PathEscape(clean(n.TokenID, 320)),
	}
}

func tokensWaiting(n int) string {
	if n == 1 {
		return "1 token waits"
	}
	return strconv.Itoa(n) + " tokens wait"
}
