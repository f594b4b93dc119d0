package incident

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/phrase"
)

// Markdown writes a report for people.
func Markdown(w io.Writer, r Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Tokens that leaked\n\n%s, workspace %s, by %s. %s.\n",
		stamp(&r.At), inline(r.Workspace), inline(r.By), phrase.Sentence(phrase.Plural(len(r.Entries), "token string")))
	for _, e := range r.Entries {
		fmt.Fprintf(&b, "\n## `%s`\n\n", e.Masked)
		if e.Token == nil {
			b.WriteString("No token of this workspace, or none that may be seen.\n")
			continue
		}
		e.markdown(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (e Entry) markdown(b *strings.Builder) {
	t := e.Token
	item := func(name, value string) { fmt.Fprintf(b, "- %s: %s\n", name, value) }
	item("Token", inline(t.Label)+" (`"+t.ID+"`)")
	item("Owner", inline(t.Owner.Address))
	item("State", t.Status+", the secret that was found is "+e.Secret)
	item("Created", stamp(&t.CreatedAt)+" by "+inline(t.CreatedBy))
	item("Last used", stamp(t.LastUsedAt))
	item("Made with it", phrase.MadeWith(e.Made))
	if e.Done != "" {
		item("Done", inline(e.Done))
	}
	if len(e.Uses) == 0 {
		b.WriteString("\nNot used in the last 7 days, as far as is known.\n")
		return
	}
	b.WriteString("\n| address | program | allowed | refused | first | last |\n|---|---|---|---|---|---|\n")
	for _, u := range e.Uses {
		fmt.Fprintf(b, "| %s | %s | %d | %d | %s | %s |\n", inline(address(u)), inline(u.Agent), u.Allowed, u.Denied, stamp(&u.First), stamp(&u.Last))
	}
}

// inline is a text of somebody else within a line of Markdown: as it is, and nothing in
// it marks up, links or ends the line.
func inline(s string) string {
	var b strings.Builder
	for _, r := range input.Clip(s, 300) {
		if strings.ContainsRune("\\`*_{}[]()<>#+!|~&:/@", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func address(u Use) string {
	if u.Address == "" {
		return "unknown"
	}
	return u.Address
}

func stamp(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "never"
	}
	return phrase.Iso(*t)
}

// CSV writes a report for spreadsheets: a line for each address that a token was used
// from, and one for a token that was not.
func CSV(to io.Writer, r Report) error {
	w := csv.NewWriter(to)
	err := w.Write([]string{"token", "id", "label", "owner", "kind", "status", "secret", "created_at", "created_by", "last_used_at", "made", "made_active", "done",
		"address", "user_agent", "allowed", "denied", "first_at", "last_at"})
	for _, e := range r.Entries {
		uses := e.Uses
		if len(uses) == 0 {
			uses = []Use{{}}
		}
		for _, u := range uses {
			if err == nil {
				err = w.Write(row(e, u))
			}
		}
	}
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	return err
}

func row(e Entry, u Use) []string {
	t := api.Token{}
	if e.Token != nil {
		t = *e.Token
	}
	at := func(t *time.Time) string {
		if t == nil || t.IsZero() {
			return ""
		}
		return phrase.Iso(*t)
	}
	return []string{
		e.Masked, t.ID, door.Cell(t.Label), door.Cell(t.Owner.Address), t.Kind, t.Status, e.Secret, at(&t.CreatedAt), door.Cell(t.CreatedBy), at(t.LastUsedAt),
		strconv.Itoa(e.Made.Total), strconv.Itoa(e.Made.Active), door.Cell(e.Done), u.Address, door.Cell(u.Agent),
		strconv.FormatInt(u.Allowed, 10), strconv.FormatInt(u.Denied, 10), at(&u.First), at(&u.Last),
	}
}
