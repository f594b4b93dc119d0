package console

import (
	"encoding/json"
	"iter"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/phrase"
)

// auditFilter reads what the audit is narrowed to.
func (v *visit) auditFilter() api.AuditFilter {
	f := api.AuditFilter{Token: v.q("token"), With: v.q("with"), Actor: v.q("actor"), Action: v.q("action")}
	f.From, _ = time.Parse("2006-01-02", v.q("from")) // what is no date does not narrow
	if to, err := time.Parse("2006-01-02", v.q("to")); err == nil {
		f.To = to.Add(24 * time.Hour)
	}
	return f
}

func (v *visit) audit() error {
	l := v.auditLog()
	v.section = l.section
	rows, next, err := l.read(v.auditFilter(), v.paged())
	if err != nil {
		return err
	}
	var chain *audit.Chain
	if v.q("check") == "chain" {
		if chain, err = v.checkChain(); err != nil {
			return err
		}
	}
	return v.page("Audit", auditPage(v, l.at, rows, v.after(next), chain))
}

// checkedLinks are so many as are looked at while somebody waits.
const checkedLinks = 10_000

// checkChain looks at the end of the chain of the page's audit.
func (v *visit) checkChain() (*audit.Chain, error) {
	of := ""
	if v.at != nil {
		of = v.at.Slug
	}
	c, err := v.auth.CheckAudit(v.ctx(), v.caller, of, checkedLinks)
	if c.Broken != "" {
		v.Logger.ErrorContext(v.ctx(), "the audit is not whole", "chain", c.Name, "broken", c.Broken)
	}
	return &c, err
}

// auditLog is the audit that a page is about: a workspace's, or the instance's.
type auditLog struct {
	// at is the address of its page, name what an export is called after.
	at, section, name string
	read              func(api.AuditFilter, authority.Page) ([]api.AuditEvent, int64, error)
}

func (v *visit) auditLog() auditLog {
	if v.at == nil {
		return auditLog{"/instance/audit", "instance-audit", "instance", func(f api.AuditFilter, p authority.Page) ([]api.AuditEvent, int64, error) {
			return v.auth.InstanceAudit(v.ctx(), v.caller, f, p)
		}}
	}
	return auditLog{v.ws("audit"), "audit", v.at.Slug, func(f api.AuditFilter, p authority.Page) ([]api.AuditEvent, int64, error) {
		return v.auth.Audit(v.ctx(), v.caller, v.at.Slug, f, p)
	}}
}

// audited says that the audit is narrowed.
func (v *visit) audited() bool { return v.auditFilter() != api.AuditFilter{} }

// auditExport answers all that the filter keeps, as CSV or NDJSON.
func (v *visit) auditExport() error {
	f, l := v.auditFilter(), v.auditLog()
	return export(v, authority.Pages(func(p authority.Page) ([]api.AuditEvent, int64, error) { return l.read(f, p) }),
		func() func(api.AuditEvent) error { return v.exporter(l.name) })
}

// export answers a list as a file, as it is read; put begins the answer and writes one
// after the other.
func export[T any](v *visit, pages iter.Seq2[[]T, error], put func() func(T) error) error {
	var write func(T) error // nil until there is something to answer
	for rows, err := range pages {
		if err != nil && write == nil {
			return err
		}
		if err != nil {
			v.Logger.ErrorContext(v.ctx(), "export cut short", "path", v.r.URL.Path, "error", err)
			door.Cut() // half a file must not look whole
		}
		if write == nil {
			write = put()
		}
		for _, row := range rows {
			if err := write(row); err != nil {
				return errAnswered // whoever left does not want it
			}
		}
		if err := v.file.Flush(); err != nil {
			return errAnswered
		}
	}
	if write == nil {
		return errAnswered
	}
	_ = v.file.End() // whoever left does not want it
	return errAnswered
}

// attach says what file the answer is.
func (v *visit) attach(media, name string) {
	v.w.Header().Set("Content-Type", media)
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	v.file = v.packer.File(v.w, v.r, v.packs)
}

// inTable writes rows of a CSV file.
func inTable[T any](v *visit, head []string, cells func(T) []string) func(T) error {
	t := door.NewTable(v.file, head)
	return func(row T) error {
		t.Row(cells(row))
		return t.Flush()
	}
}

// exporter begins the answer and writes one event after the other.
func (v *visit) exporter(of string) func(api.AuditEvent) error {
	name := "audit-" + of + "-" + v.now().Format("2006-01-02")
	if v.q("format") != "csv" {
		v.attach(door.NDJSON, name+".ndjson")
		enc := json.NewEncoder(v.file)
		return func(e api.AuditEvent) error { return enc.Encode(e) }
	}
	v.attach(door.CSV, name+".csv")
	return inTable(v, []string{"sequence", "at", "action", "actor", "actor_token", "on_behalf", "ip", "target", "token", "request_id", "hash"},
		func(e api.AuditEvent) []string {
			return []string{strconv.FormatInt(e.Sequence, 10), phrase.Iso(e.At), e.Action, e.Actor, phrase.Text(e.ActorToken), phrase.Text(e.OnBehalf), phrase.Text(e.IP), e.Target, phrase.Text(e.Token), e.RequestID, e.Hash}
		})
}

// exportLink leads to the export of what the page is filtered to.
func (v *visit) exportLink(format string) string {
	q := v.r.URL.Query()
	q.Del("after")
	q.Del("check")
	q.Set("format", format)
	return v.auditLog().at + "/export?" + q.Encode()
}
