package notify

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/tokenry/tokenry/internal/ledger"
)

// asked tells of the first token that waits; there may be others by now, which its button
// shows.
func (s *Service) asked(p *page, f ledger.MailFacts) string {
	p.Title = "A token waits for your approval"
	p.Lines = []string{"The policy lets such a token work once somebody else than its maker has approved it. Look at what it may do and why it is asked for. Others may have been asked for since; the page shows all that wait."}
	s.tokenRows(p, f)
	p.Rows = append(p.Rows, row{"Asked by", clean(f.Actor, 200)}, row{"Time", stamp(f.At)})
	p.Button, p.Link = "Open what waits", strings.TrimSuffix(s.o.BaseURL, "/")+"/workspace/"+url.PathEscape(f.Workspace)+"/approvals"
	return fmt.Sprintf("[%s] Token %s waits for your approval", p.Product, quoted(f.Label))
}

func (s *Service) decided(p *page, f ledger.MailFacts) string {
	did := "approved"
	p.Lines = []string{"It works from now on."}
	if f.Action == "token.refused" {
		did = "refused"
		p.Lines = []string{"It is revoked and never works. If it is needed after all, talk to whoever refused it, and create another one."}
	}
	p.Title = "A token that you asked for was " + did
	s.tokenRows(p, f)
	p.Rows = append(p.Rows, row{"Decided by", clean(f.Actor, 200)}, row{"Time", stamp(f.At)})
	if f.Reason != "" {
		p.Rows = append(p.Rows, row{"Comment", clean(f.Reason, 1000)})
	}
	return fmt.Sprintf("[%s] Token %s was %s", p.Product, quoted(f.Label), did)
}
