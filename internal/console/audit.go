package console

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// auditFilter reads what the audit is narrowed to.
func (v *visit) auditFilter() api.AuditFilter {
	f := api.AuditFilter{Token: v.Q("token"), With: v.Q("with"), Actor: v.Q("actor"), Action: v.Q("action")}
	f.From, _ = time.Parse("2006-01-02", v.Q("from")) // what is no date does not narrow
	if to, err := time.Parse("2006-01-02", v.Q("to")); err == nil {
		f.To = to.Add(24 * time.Hour)
	}
	return f
}

func (v *visit) audit() error {
	l := v.auditLog()
	v.Section = l.section
	rows, next, err := l.read(v.auditFilter(), v.Paged())
	if err != nil {
		return err
	}
	var chain *audit.Chain
	if v.Q("check") == "chain" {
		if chain, err = v.checkChain(); err != nil {
			return err
		}
	}
	return v.Page("Audit", auditPage(v, l.at, rows, v.After(next), chain))
}

// checkedLinks are so many as are looked at while somebody waits.
const checkedLinks = 10_000

// checkChain looks at the end of the chain of the page's audit.
func (v *visit) checkChain() (*audit.Chain, error) {
	of := ""
	if v.At != nil {
		of = v.At.Slug
	}
	c, err := v.Office.CheckAudit(v.Ctx(), v.Caller, of, checkedLinks)
	if c.Broken != "" {
		v.Logger.ErrorContext(v.Ctx(), "the audit is not whole", "chain", c.Name, "broken", c.Broken)
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
	if v.At == nil {
		return auditLog{"/instance/audit", "instance-audit", "instance", func(f api.AuditFilter, p authority.Page) ([]api.AuditEvent, int64, error) {
			return v.Office.InstanceAudit(v.Ctx(), v.Caller, f, p)
		}}
	}
	return auditLog{v.WS("audit"), "audit", v.At.Slug, func(f api.AuditFilter, p authority.Page) ([]api.AuditEvent, int64, error) {
		return v.Office.Audit(v.Ctx(), v.Caller, v.At.Slug, f, p)
	}}
}

// audited says that the audit is narrowed.
func (v *visit) audited() bool { return v.auditFilter() != api.AuditFilter{} }

// auditExport answers all that the filter keeps, as CSV or NDJSON.
func (v *visit) auditExport() error {
	f, l := v.auditFilter(), v.auditLog()
	return reception.Export(v.Visit, authority.Pages(func(p authority.Page) ([]api.AuditEvent, int64, error) { return l.read(f, p) }),
		func() func(api.AuditEvent) error { return v.exporter(l.name) })
}

// exporter begins the answer and writes one event after the other.
func (v *visit) exporter(of string) func(api.AuditEvent) error {
	name := "audit-" + of + "-" + v.Now().Format("2006-01-02")
	if v.Q("format") != "csv" {
		v.Attach(door.NDJSON, name+".ndjson")
		enc := json.NewEncoder(v.File)
		return func(e api.AuditEvent) error { return enc.Encode(e) }
	}
	v.Attach(door.CSV, name+".csv")
	return reception.InTable(v.Visit, []string{"sequence", "at", "action", "actor", "actor_token", "on_behalf", "ip", "target", "token", "request_id", "hash"},
		func(e api.AuditEvent) []string {
			return []string{strconv.FormatInt(e.Sequence, 10), phrase.Iso(e.At), e.Action, e.Actor, phrase.Text(e.ActorToken), phrase.Text(e.OnBehalf), phrase.Text(e.IP), e.Target, phrase.Text(e.Token), e.RequestID, e.Hash}
		})
}

// exportLink leads to the export of what the page is filtered to.
func (v *visit) exportLink(format string) string {
	q := v.R.URL.Query()
	q.Del("after")
	q.Del("check")
	q.Set("format", format)
	return v.auditLog().at + "/export?" + q.Encode()
}
